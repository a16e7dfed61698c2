"""Between two examples the answer is between their answers."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from vidi.core.card import Card
from vidi.ops.sampling import beta
from vidi.ops.warp import memory_format, take

CARD = Card(
    title="Mixup",
    idea="Blend two images and their labels with the same weight.",
    paper="Zhang et al. 2018, arXiv:1710.09412, eq. 1",
    differs="One weight for each pair, where the paper's code draws one for each batch; pixels stay whole numbers.",
    on={"alpha": 0.2},
    off={"alpha": 0.0},
)
PIXELS_AT_A_TIME = 1 << 17  # their float copies stay in the cache


def augment(
    image: UInt8[Tensor, "b c h w"],
    target: Float[Tensor, "b k"],
    *,
    alpha: float = 0.2,
    generator: torch.Generator,
) -> tuple[UInt8[Tensor, "b c h w"], Float[Tensor, "b k"]]:
    """Each image and target blended with a partner of the batch; the weight is drawn from Beta(alpha, alpha).

    Pixels are rounded to nearest (halves up); targets are not rounded.
    """
    if not alpha >= 0:
        raise ValueError(f"alpha is the Beta distribution's parameter, >= 0; got {alpha}")
    if alpha == 0:
        return image, target
    batch = len(image)
    weight = beta(alpha, batch, generator).to(image.device)
    partner = torch.randperm(batch, generator=generator, device=generator.device).to(image.device)
    share = weight[:, None].to(target.dtype)
    return blended(image, take(image, partner), weight), target * share + target[partner] * (1 - share)


def blended(
    image: UInt8[Tensor, "b c h w"], other: UInt8[Tensor, "b c h w"], weight: Float[Tensor, " b"]
) -> UInt8[Tensor, "b c h w"]:
    """`weight * image + (1 - weight) * other`, rounded to nearest."""
    out = torch.empty_like(image, memory_format=memory_format(image))
    step = max(1, PIXELS_AT_A_TIME // image[0, 0].numel())
    for first in range(0, len(image), step):
        part = slice(first, first + step)
        between = torch.lerp(other[part].float(), image[part].float(), weight[part, None, None, None])
        out[part] = between.add_(0.5)
    return out
