"""Mirror, shift and zoom: what is in a picture does not depend on where exactly it stands."""

import math

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from vidi.core.card import Card
from vidi.ops.warp import gather, memory_format, reflect

CARD = Card(
    title="Flip and crop",
    idea="Mirror half of the images; shift each by a few pixels, or zoom into a random part of it.",
    paper="Krizhevsky et al. 2012, section 4.1; zoom: Szegedy et al. 2015, arXiv:1409.4842, section 6",
    differs="Borders are filled by reflection, not with black; the part's aspect is bounded so that it fits.",
    on={"flip": 0.5, "shift": 0.125, "scale": 0.5},
    off={"flip": 0.0, "shift": 0.0, "scale": 1.0},
)
ASPECT = 4 / 3


def augment(
    image: UInt8[Tensor, "b c h w"],
    target: Float[Tensor, "b k"],
    *,
    flip: float = 0.5,
    shift: float = 0.125,
    scale: float = 1.0,
    generator: torch.Generator,
) -> tuple[UInt8[Tensor, "b c h w"], Float[Tensor, "b k"]]:
    """The images mirrored with probability `flip`, moved by up to `shift` of their side, zoomed; targets as given.

    `scale` is the smallest share of the area that a zoom keeps (1: no zoom); the share is drawn uniformly between
    `scale` and 1, the aspect ratio log-uniformly between 3:4 and 4:3 (less far from 1 where it would not fit).
    """
    for name, share in (("flip", flip), ("shift", shift)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} is a share, 0 to 1; got {share}")
    if not 0 < scale <= 1:
        raise ValueError(f"scale is the smallest share of the area to keep, above 0 and up to 1; got {scale}")
    if scale < 1:
        image = zoomed(image, scale, generator)
    if flip > 0 or shift > 0:
        image = moved(image, flip, shift, generator)
    return image, target


def moved(
    image: UInt8[Tensor, "b c h w"], flip: float, shift: float, generator: torch.Generator
) -> UInt8[Tensor, "b c h w"]:
    """Shifted by whole pixels, uniformly in [-shift, shift] of each side; then mirrored or not."""
    batch, _, height, width = image.shape
    row = drawn_shift(batch, height, shift, generator).to(image.device)
    column = drawn_shift(batch, width, shift, generator).to(image.device)
    mirrored = torch.rand(batch, 1, generator=generator, device=generator.device).to(image.device) < flip
    column = torch.where(mirrored, column.flip(1), column)
    return gather(image, row[:, :, None] * width + column[:, None, :])


def drawn_shift(batch: int, side: int, shift: float, generator: torch.Generator) -> Int[Tensor, "b s"]:
    """For every image and position along a side, where its pixel comes from."""
    most = round(shift * side)
    offset = torch.randint(-most, most + 1, (batch, 1), generator=generator, device=generator.device)
    return reflect(offset + torch.arange(side, device=generator.device), side).int()


def zoomed(
    image: UInt8[Tensor, "b c h w"], scale: float, generator: torch.Generator
) -> UInt8[Tensor, "b c h w"]:
    """A random part of each image at the size of the whole, bilinear.

    One image at a time, because torch resizes uint8 on a CPU with integer instructions; a warp of the whole batch
    would have to go through float.
    """
    batch, _, height, width = image.shape
    share, aspect, top, left = torch.rand(4, batch, generator=generator, device=generator.device).cpu()
    root = (scale + (1 - scale) * share).sqrt()
    aspect = torch.exp((2 * aspect - 1) * math.log(ASPECT) / 2).clamp(root, 1 / root)
    heights = (root * aspect * height).round().clamp(1, height).long()
    widths = (root / aspect * width).round().clamp(1, width).long()
    tops = (top * (height - heights + 1)).long()
    lefts = (left * (width - widths + 1)).long()
    out = torch.empty_like(image, memory_format=memory_format(image))
    boxes = torch.stack([tops, tops + heights, lefts, lefts + widths], dim=1).tolist()
    for number, (y0, y1, x0, x1) in enumerate(boxes):
        out[number] = resized(image[number : number + 1, :, y0:y1, x0:x1], height, width)[0]
    return out


def resized(image: UInt8[Tensor, "b c y x"], height: int, width: int) -> UInt8[Tensor, "b c h w"]:
    """Bilinear; through float where the device has no integer version."""
    exact = image if image.device.type == "cpu" else image.float()
    result = functional.interpolate(exact, size=(height, width), mode="bilinear")
    return result if result.dtype == torch.uint8 else result.round().to(torch.uint8)
