"""What does the network see in a photo, drawn into it?"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.network import Classifier
from vidi.core.progress import Say
from vidi.ops.canvas import in_bytes
from vidi.ops.quick import low_precision, outputs, over_positions, quick
from vidi.ops.receptive_field import by_size, grids

CARD = Card(
    title="DeepDream",
    idea="Change a photo so that a layer says more loudly what it says already, first in the large, then in detail.",
    paper="Mordvintsev, Olah and Tyka 2015, Inceptionism: going deeper into neural networks",
    differs="With a second picture each position moves toward the most alike features of that one.",
    facts={"pictures": 1},
)


def repaint(
    network: Classifier,
    photo: UInt8[Tensor, "3 h w"],
    model: UInt8[Tensor, "3 i j"] | None = None,
    *,
    generator: torch.Generator,
    say: Say,
    layer: str | None = None,
    octaves: int = 4,
    ratio: float = 1.4,
    steps: int = 12,
    strength: float = 3.0,
    jitter_px: int = 16,
) -> UInt8[Tensor, "3 h w"]:
    """The photo, dreamt of; 0 steps give the photo itself. `model`, if given, says what to dream of.

    layer: whose activations grow; by default the last of those that see in sixteenths
    octaves: in how many sizes, each `ratio` times the one before
    ratio: from one size to the next
    steps: steps of gradient ascent in each
    strength: grey levels that a pixel moves by in a step, on average
    jitter_px: the photo is shifted by up to so much before each step
    """
    if steps < 1 or octaves < 1:
        return photo
    copied, whole = quick(network), photo[None].float()
    image_hw = (photo.shape[1], photo.shape[2])
    name = layer or by_size(grids(network, image_hw))[-2:][0]
    guide = _guide(copied, name, model) if model is not None else None
    sizes = [
        (max(32, round(image_hw[0] / ratio**k)), max(32, round(image_hw[1] / ratio**k)))
        for k in range(octaves - 1, -1, -1)
    ]
    sizes[-1] = image_hw
    detail = torch.zeros((1, 3, *sizes[0]))
    for number, size in enumerate(sizes):
        base = functional.interpolate(whole, size=size, mode="bilinear", antialias=True)
        start = base + functional.interpolate(detail, size=size, mode="bilinear")
        dreamt = start
        for step in range(steps):
            shift = torch.randint(-jitter_px, jitter_px + 1, (2,), generator=generator).tolist()
            dreamt = _louder(copied, name, dreamt, guide, strength=strength, shift=(shift[0], shift[1]))
            say.track("dreaming", number * steps + step + 1, octaves * steps)
        detail = dreamt - base
    return in_bytes(whole + detail)[0]


def _louder(
    network: Classifier,
    name: str,
    picture: Float[Tensor, "1 3 h w"],
    guide: Float[Tensor, "k d"] | None,
    *,
    strength: float,
    shift: tuple[int, int],
) -> Float[Tensor, "1 3 h w"]:
    """One step along the gradient of half the layer's squared length (or of its likeness to the guide)."""
    moved = picture.roll(shift, dims=(2, 3)).contiguous(memory_format=torch.channels_last).requires_grad_()
    with low_precision():
        found = outputs(network, [name], moved)
    over = over_positions(network, found, (picture.shape[2], picture.shape[3]))[name].float()
    if guide is None:
        wanted = over.square().mean() / 2
    else:
        rows = over.flatten(2)[0].T
        with torch.no_grad():
            nearest = guide[(rows @ guide.T).argmax(dim=1)]
        wanted = (rows * nearest).mean()
    slope = torch.autograd.grad(wanted, moved)[0]
    step = strength * slope / slope.abs().mean().clamp(min=1e-12)
    return (moved.detach() + step).clamp(0, 255).roll((-shift[0], -shift[1]), dims=(2, 3))


def _guide(network: Classifier, name: str, model: UInt8[Tensor, "3 i j"]) -> Float[Tensor, "k d"]:
    """The layer's features at each position of the second picture."""
    with torch.no_grad():
        found = outputs(network, [name], model[None].float())
        over = over_positions(network, found, (model.shape[1], model.shape[2]))[name]
    return over.float().flatten(2)[0].T
