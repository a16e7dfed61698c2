"""A cut-out pasted into images: where it comes to lie, at which places and sizes, and how the images look then."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from jaxtyping import UInt8

PLACES = (0.0, 0.5, 1.0)
SIZES = (0.15, 0.25, 0.35)
Cell = tuple[float, float, float]  # size, and place down and right


def cells(sizes: Sequence[float] = SIZES, places: Sequence[float] = PLACES) -> list[Cell]:
    """Every size at every place."""
    return list(product(sizes, places, places))


def parts(of: Sequence[Cell]) -> dict[str, list[int]]:
    """Which of the cells belong to each, to each place, each size and to everything ("")."""
    found: dict[str, list[int]] = {}
    for column, cell in enumerate(of):
        size, place = _named(cell)
        for name in (f"{size}, {place}", size, place, ""):
            found.setdefault(name, []).append(column)
    return found


def margins(of: Sequence[Cell]) -> dict[str, list[int]]:
    """Which of the cells belong to each size and to each place."""
    found: dict[str, list[int]] = {}
    for column, cell in enumerate(of):
        for name in _named(cell):
            found.setdefault(name, []).append(column)
    return found


def _named(cell: Cell) -> tuple[str, str]:
    size, down, right = cell
    return f"size {size:g}", f"place ({down:g}, {right:g})"


def window(
    cutout_hw: tuple[int, int], side_px: int, *, size: float, place: tuple[float, float]
) -> tuple[int, int, int, int]:
    """Row and column where the cut-out begins in a square image, and its height and width there, in pixels.

    `size` is its longer side as a share of the image's; `place` is (y, x) from 0 (at the top or left border, wholly
    inside) to 1. Raises ValueError for others.
    """
    if not 0 < size <= 1:
        raise ValueError(f"size is the longer side as a share of the image's, above 0 to 1; got {size}")
    if not all(0 <= share <= 1 for share in place):
        raise ValueError(f"place is (y, x), each 0 to 1; got {place}")
    factor = size * side_px / max(cutout_hw)
    tall, wide = (max(1, round(side * factor)) for side in cutout_hw)
    return round(place[0] * (side_px - tall)), round(place[1] * (side_px - wide)), tall, wide


def transplanted(
    images: UInt8[np.ndarray, "n s s 3"],
    cutout: UInt8[np.ndarray, "h w 4"],
    *,
    size: float,
    place: tuple[float, float],
) -> UInt8[np.ndarray, "n s s 3"]:
    """The images with the cut-out pasted in, wholly inside, weighted by its alpha; what is given stays as it is."""
    from PIL import Image

    height, width = cutout.shape[:2]
    top, left, tall, wide = window((height, width), images.shape[1], size=size, place=place)
    small = np.asarray(Image.fromarray(cutout).resize((wide, tall), Image.Resampling.BILINEAR))
    alpha = small[..., 3:].astype(np.float32) / 255
    new = images.copy()
    under = new[:, top : top + tall, left : left + wide]
    under[...] = np.rint(alpha * small[..., :3] + (1 - alpha) * under).astype(np.uint8)
    return new
