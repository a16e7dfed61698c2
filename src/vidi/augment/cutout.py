"""A hole in each image, so that no single part of it can be relied on."""

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from vidi.core.card import Card

CARD = Card(
    title="Cutout",
    idea="Blank out one square of each image, at a random place.",
    paper="DeVries & Taylor 2017, arXiv:1708.04552, section 3",
    differs="The square is mid-grey (128): the paper's zero, which is the mean colour after normalising.",
    on={"size": 0.5},
    off={"size": 0.0},
)
GREY = 128


def augment(
    image: UInt8[Tensor, "b c h w"],
    target: Float[Tensor, "b k"],
    *,
    size: float = 0.5,
    generator: torch.Generator,
) -> tuple[UInt8[Tensor, "b c h w"], Float[Tensor, "b k"]]:
    """The images with a grey hole whose sides are `size` of the image's; targets as given.

    The hole's centre is any pixel, so that it may lie partly outside, as in the paper.
    """
    if not 0 <= size <= 2:
        raise ValueError(f"size is the hole's side as a share of the image's, 0 to 2; got {size}")
    batch, _, height, width = image.shape
    rows = covered(batch, height, round(size * height), generator).to(image.device)
    columns = covered(batch, width, round(size * width), generator).to(image.device)
    if size == 0:
        return image, target
    hole = rows[:, None, :, None] & columns[:, None, None, :]
    return image.clone().masked_fill_(hole, GREY), target


def covered(batch: int, side: int, hole: int, generator: torch.Generator) -> Bool[Tensor, "b s"]:
    """For every image, which positions along a side the hole covers."""
    centre: Int[Tensor, "b 1"] = torch.randint(side, (batch, 1), generator=generator, device=generator.device)
    first = centre - hole // 2
    position = torch.arange(side, device=generator.device)
    return (position >= first) & (position < first + hole)
