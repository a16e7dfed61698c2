"""Many other things around."""

import math

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from vidi.core.card import Card
from vidi.ops.field import grid
from vidi.ops.severity import check_severity

CARD = Card(
    title="Clutter",
    idea="Surround what is in the middle with things that do not matter.",
    paper="Rosenfeld et al. 2018, arXiv:1808.03305; Xiao et al. 2021, arXiv:2006.09994",
    differs=(
        "No mask of the object is at hand, so its background is not swapped: drawn shapes of random "
        "colours are pasted around the middle, which stays free (half of each side)."
    ),
    on={"severity": 3},
    off={"severity": 0},
    facts={"truth": "hidden"},
)
THINGS = (3, 6, 10, 16, 24)
FREE = 0.5  # of each side
RADIUS = (0.08, 0.16)  # smallest and largest, as a share of the shorter side


def corrupt(
    image: UInt8[np.ndarray, "h w 3"], *, severity: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The image with discs, squares, triangles and rings pasted outside its middle.

    A severity has the things of the one before, and more behind them.
    """
    check_severity(image, severity)
    if severity == 0:
        return image
    height, width = image.shape[:2]
    y, x = grid(height, width)
    across = np.maximum(np.abs(2 * y - (height - 1)) / height, np.abs(2 * x - (width - 1)) / width)
    open_ = across > FREE
    cluttered = image.copy()
    for _ in range(THINGS[severity - 1]):
        centre, radius = place(generator), generator.uniform(*RADIUS) * min(height, width)
        down, right = (y - centre[0] * height) / radius, (x - centre[1] * width) / radius
        inside = shape(down, right, kind=int(generator.integers(4)), angle=generator.uniform(0, math.pi))
        colours = generator.integers(0, 256, size=(2, 3), dtype=np.uint8)
        striped = np.sin(generator.uniform(2, 8) * down + generator.uniform(2, 8) * right) > 0
        for colour, part in zip(colours, (striped, ~striped), strict=True):
            cluttered[inside & open_ & part] = colour
        open_ &= ~inside
    return cluttered


def place(generator: np.random.Generator) -> tuple[float, float]:
    """A point outside the middle, evenly along the four sides, as shares of height and width."""
    along, margin = generator.random(), (1 - FREE) / 2
    across = generator.uniform(0, margin)
    side = generator.integers(4)
    across = across if side < 2 else 1 - across
    return (across, along) if side % 2 else (along, across)


def shape(
    down: Float32[np.ndarray, "h w"], right: Float32[np.ndarray, "h w"], *, kind: int, angle: float
) -> Bool[np.ndarray, "h w"]:
    """Where a shape of radius 1 about the origin lies: 0 a disc, 1 a square, 2 a triangle, 3 a ring."""
    if kind in (0, 3):
        distance = np.hypot(down, right)
        return np.asarray((distance <= 1) & ((distance >= 0.5) | (kind == 0)))
    corners = 4 if kind == 1 else 3
    turned = [angle + 2 * math.pi * number / corners for number in range(corners)]
    reach = np.max([math.sin(turn) * down + math.cos(turn) * right for turn in turned], axis=0)
    return np.asarray(reach <= math.cos(math.pi / corners))
