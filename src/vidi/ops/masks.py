"""Masks as run lengths, as COCO writes them: to and from pixels and polygons, areas, overlaps, boundaries.

Polygons and overlaps are faster-coco-eval's, equal to pycocotools to the pixel. It trusts what it is given, so a
record is read here first: run lengths that do not fill the image never reach it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

FARTHEST = 100_000  # pixels; coordinates beyond this are no coordinates, and would cost memory
MOST_PIXELS = 1 << 28


@dataclass(frozen=True)
class Rle:
    """A mask of `height` by `width` pixels: lengths of runs of 0 and 1 in turn down the columns, in COCO's text."""

    counts: str
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 0 or self.width < 0 or self.height * self.width > MOST_PIXELS:
            raise ValueError(
                f"a mask has up to {MOST_PIXELS:,} pixels; got {self.height} by {self.width}: is this an image's size?"
            )


def runs(rle: Rle) -> Int[np.ndarray, " r"]:
    """The lengths of the runs, zeros first; raises ValueError unless they are counts that fill the mask.

    The text holds numbers of 5 bits a character, low ones first; from the fourth on, each is the difference to the
    one two before it.
    """
    raw = np.frombuffer(rle.counts.encode(), dtype=np.uint8).astype(np.int64) - 48
    if len(raw) and (raw.min() < 0 or raw.max() > 63 or raw[-1] & 32):  # the last number goes on
        raise ValueError(f"run lengths are written with the characters 0 to o; got {rle.counts[:40]!r}")
    start = np.flatnonzero(np.append(True, (raw & 32) == 0)[:-1]) if len(raw) else np.zeros(0, dtype=np.int64)
    size = np.diff(np.append(start, len(raw)))
    if len(size) and size.max() > 12:
        raise ValueError("a run length has at most 12 characters; is this text cut or damaged?")
    shift = 5 * (np.arange(len(raw)) - np.repeat(start, size))
    numbers = np.add.reduceat((raw & 31) << shift, start) if len(raw) else raw
    if len(raw):
        last = start + size - 1
        numbers = np.where(raw[last] & 16, numbers - (1 << 5 * size), numbers)
    for parity in (1, 2):
        numbers[parity::2] = numbers[parity::2].cumsum()
    if (numbers < 0).any() or numbers.sum() != rle.height * rle.width:
        raise ValueError(
            f"run lengths add up to the mask's {rle.height} x {rle.width} = {rle.height * rle.width:,} pixels; "
            f"these have {len(numbers)} runs that add up to {numbers.sum():,}"
        )
    return np.asarray(numbers)


def from_runs(lengths: Int[np.ndarray, " r"], height: int, width: int) -> Rle:
    """Run lengths, zeros first, as COCO's text. Raises ValueError if they are negative or do not fill the mask."""
    difference = lengths.astype(np.int64)
    if (difference < 0).any() or difference.sum() != height * width:
        raise ValueError(
            f"run lengths are 0 or more and add up to {height} x {width} = {height * width:,} pixels; "
            f"these add up to {difference.sum():,}"
        )
    difference[3:] -= lengths[1:-2]
    text = bytearray()
    for number in difference.tolist():
        more = True
        while more:
            low, number = number & 31, number >> 5
            more = number != -1 if low & 16 else number != 0
            text.append(48 + (low | (32 if more else 0)))
    return Rle(text.decode("ascii"), height, width)


def encode(mask: Bool[np.ndarray, "h w"]) -> Rle:
    """The mask's runs."""
    height, width = mask.shape
    flat = np.concatenate([[False], mask.ravel(order="F"), [False]]).astype(np.int8)
    changes = np.flatnonzero(np.diff(flat))
    lengths = np.diff(np.concatenate([[0], changes, [height * width]]))
    full = len(changes) and changes[-1] == height * width
    return from_runs(lengths[:-1] if full else lengths, height, width)


def decode(rle: Rle) -> Bool[np.ndarray, "h w"]:
    """The mask's pixels; raises ValueError where the runs do not fill it."""
    lengths = runs(rle)
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(rle.height, rle.width, order="F")


def from_polygons(polygons: Sequence[Sequence[float | int]], height: int, width: int) -> Rle:
    """The pixels inside any of the polygons x1, y1, x2, y2, … in pixels, as pycocotools draws them.

    Raises ValueError if a polygon is not three points or more of finite coordinates.
    """
    for polygon in polygons:
        points = np.asarray(polygon, dtype=np.float64)
        if len(points) < 6 or len(points) % 2 or not (np.abs(points) <= FARTHEST).all():
            raise ValueError(
                f"a polygon is x1, y1, x2, y2, … of three points or more within {FARTHEST:,} pixels; "
                f"got {len(points)} numbers: {str(points.tolist())[:60]}"
            )
    if not polygons or not height * width:
        return from_runs(np.array([height * width]), height, width)
    flat = [np.asarray(polygon, dtype=np.float64).tolist() for polygon in polygons]
    mask = _library()
    return _from_coco(mask.merge(mask.frPyObjects(flat, height, width)))


def union(masks: Sequence[Rle]) -> Rle:
    """The pixels of any of the masks, which are of one size."""
    return _from_coco(_library().merge(_to_coco(masks)))


def area(rle: Rle) -> int:
    """Pixels inside."""
    return int(runs(rle)[1::2].sum())


def bounding_box(rle: Rle) -> tuple[float, float, float, float]:
    """Corners x1, y1, x2, y2 around the pixels inside; all 0 for an empty mask."""
    mask = decode(rle)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def iou(
    a: Sequence[Rle], b: Sequence[Rle], *, crowd: Bool[np.ndarray, " m"] | None = None
) -> Float[np.ndarray, "n m"]:
    """Intersection over union of every mask of `a` with every mask of `b`, in [0, 1]; two empty masks score 0.

    Where `crowd` says that the mask of `b` stands for many, the intersection is divided by the area of `a` instead
    (Lin et al. 2014, COCO's evaluation).
    """
    if not a or not b:
        return np.zeros((len(a), len(b)))
    if len({(each.height, each.width) for each in (*a, *b)}) > 1:
        raise ValueError("masks are compared at one size; these have several")
    many = np.zeros(len(b), dtype=np.uint8) if crowd is None else crowd.astype(np.uint8)
    found = _library().iou(_to_coco(a), _to_coco(b), many.tolist())
    return np.nan_to_num(np.asarray(found, dtype=np.float64).reshape(len(a), len(b)))


def boundary(mask: Bool[np.ndarray, "h w"], *, width_px: int = 1) -> Bool[np.ndarray, "h w"]:
    """Pixels of the mask at most `width_px` steps (diagonals count one) from one outside; the border is outside too."""
    from scipy.ndimage import binary_erosion

    if width_px < 1:
        raise ValueError(f"a boundary is 1 pixel wide or more; got {width_px}")
    inner = binary_erosion(mask, np.ones((3, 3)), iterations=width_px, border_value=0)
    return np.asarray(mask & ~inner)


def _library() -> Any:
    """faster-coco-eval's masks; imported on first use."""
    from faster_coco_eval.core import mask

    return mask


def _to_coco(masks: Sequence[Rle]) -> list[dict[str, Any]]:
    for each in masks:
        runs(each)
    return [{"size": [each.height, each.width], "counts": each.counts.encode("ascii")} for each in masks]


def _from_coco(record: dict[str, Any]) -> Rle:
    counts = record["counts"]
    height, width = record["size"]
    return Rle(counts.decode("ascii") if isinstance(counts, bytes) else counts, int(height), int(width))
