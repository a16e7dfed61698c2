"""A part of another image, with its part of the label."""

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from vidi.core.card import Card
from vidi.ops.sampling import beta
from vidi.ops.warp import memory_format, take

CARD = Card(
    title="CutMix",
    idea="Paste a rectangle of another image; the label's share is the area's.",
    paper="Yun et al. 2019, arXiv:1905.04899, eqs. 1 and 2",
    differs="One rectangle for each pair, where the paper's code draws one for each batch.",
    on={"alpha": 1.0},
    off={"alpha": 0.0},
)


def augment(
    image: UInt8[Tensor, "b c h w"],
    target: Float[Tensor, "b k"],
    *,
    alpha: float = 1.0,
    generator: torch.Generator,
) -> tuple[UInt8[Tensor, "b c h w"], Float[Tensor, "b k"]]:
    """Each image with a rectangle of a partner pasted in; the target has the share of the pasted area.

    The area kept is drawn from Beta(alpha, alpha), the centre is any pixel; what lies outside is cut off, and
    the target's share is the area that is really pasted.
    """
    if not alpha >= 0:
        raise ValueError(f"alpha is the Beta distribution's parameter, >= 0; got {alpha}")
    if alpha == 0:
        return image, target
    batch, _, height, width = image.shape
    side = (1 - beta(alpha, batch, generator)).sqrt()
    rows = covered(height, side, generator).to(image.device)
    columns = covered(width, side, generator).to(image.device)
    partner = torch.randperm(batch, generator=generator, device=generator.device).to(image.device)
    pasted = rows[:, None, :, None] & columns[:, None, None, :]
    mixed = torch.where(pasted, take(image, partner), image)
    area = rows.sum(dim=1) * columns.sum(dim=1)
    share = (area / (height * width))[:, None].to(target.dtype)
    mixed = mixed.contiguous(memory_format=memory_format(image))
    return mixed, target * (1 - share) + target[partner] * share


def covered(length: int, side: Float[Tensor, " b"], generator: torch.Generator) -> Bool[Tensor, "b s"]:
    """For every image, which of `length` positions lie within a stretch of `side` of it around a random centre."""
    stretch = (side * length).round().long()[:, None]
    centre = torch.randint(length, (len(side), 1), generator=generator, device=generator.device)
    first = centre - stretch // 2
    position = torch.arange(length, device=generator.device)
    return (position >= first) & (position < first + stretch)
