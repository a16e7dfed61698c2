"""A photo's content in another picture's manner."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import UsageError
from vidi.core.network import Classifier
from vidi.core.progress import Say
from vidi.ops.canvas import in_bytes, total_variation
from vidi.ops.quick import low_precision, outputs, over_positions, quick
from vidi.ops.receptive_field import by_size, grids

CARD = Card(
    title="Style transfer",
    idea="A picture whose deep features are the content's at each place, and whose features go together as the "
    "style's do, wherever.",
    paper="Gatys, Ecker and Bethge 2016, Image style transfer using convolutional neural networks, CVPR, eq. 1 to 7; "
    "total variation: Mahendran and Vedaldi 2015, arXiv:1412.0035",
    differs="Begins with the content; each distance is a share of its target's size, so the weights mean the same "
    "on any network; means are matched beside products (Gram), which holds networks without VGG's many layers.",
    facts={"pictures": 2},
)


def repaint(
    network: Classifier,
    photo: UInt8[Tensor, "3 h w"],
    model: UInt8[Tensor, "3 i j"] | None = None,
    *,
    generator: torch.Generator,
    say: Say,
    content: float = 1.0,
    style: float = 30.0,
    smooth: float = 0.01,
    layers: Sequence[str] = (),
    content_layer: str | None = None,
    steps: int = 160,
    rate: float = 6.0,
) -> UInt8[Tensor, "3 h w"]:
    """The photo painted as `model` is; with 0 steps, or style and smooth 0, the photo itself. Nothing is drawn.

    content: weight of the content's distance
    style: weight of the style's
    smooth: weight of total variation, a grey level
    layers: whose features' products are the style; by default one of each of the four finest resolutions
    content_layer: whose features are the content; by default the third of those
    steps: steps of Adam
    rate: grey levels that a pixel moves by at first
    """
    if model is None:
        raise UsageError("style transfer wants two pictures, the content and the style; one came")
    if steps < 1 or (style == 0 and smooth == 0):
        return photo
    copied, image_hw = quick(network), (photo.shape[1], photo.shape[2])
    ladder = by_size(grids(network, image_hw))
    names = list(layers) or ladder[:4]
    place = content_layer or ladder[min(2, len(ladder) - 1)]
    original = photo[None].float().contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        kept = _over(copied, [place], original)[place]
        manner = {name: products(over) for name, over in _over(copied, names, model[None].float()).items()}
    picture = original.clone().requires_grad_()
    optimiser = torch.optim.Adam([picture], lr=rate, betas=(0.9, 0.99))
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * (1 - step / steps)
        found = _over(copied, [*names, place], picture)
        loss = content * share(found[place], kept) + smooth * total_variation(picture).sum()
        for name in names:
            loss = loss + style / len(names) * share(products(found[name]), manner[name])
        picture.grad = torch.autograd.grad(loss, picture)[0]
        optimiser.step()
        with torch.no_grad():
            picture.clamp_(0, 255)
        say.track("style", step + 1, steps, f"loss {loss.item():.3f}")
    return in_bytes(picture)[0]


def products(over: Float[Tensor, "1 d i j"]) -> Float[Tensor, "d e"]:
    """Each two channels' mean product over positions (Gram), and each channel's mean in a last column."""
    rows = over[0].float().flatten(1)
    return torch.cat([rows @ rows.T / rows.shape[1], rows.mean(dim=1, keepdim=True)], dim=1)


def share(found: Tensor, wanted: Tensor) -> Tensor:
    """The squared distance as a share of the target's squared length."""
    return (found.float() - wanted.float()).square().sum() / wanted.float().square().sum().clamp(min=1e-12)


def _over(network: Classifier, names: Sequence[str], pictures: Tensor) -> dict[str, Tensor]:
    with low_precision():
        found = outputs(network, names, pictures)
    return over_positions(network, found, (pictures.shape[2], pictures.shape[3]))
