"""Predictions drawn on images: boxes, masks and names that can be read on any background.

Every line is a colour between two dark edges, every name stands on a plate of its colour in black or white, whichever
differs more: what is behind them does not matter.
"""

import colorsys
import importlib.util
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from vidi.documents.text import Number

Colour = tuple[int, int, int]
Picture = UInt8[np.ndarray, "_ _ 3"]

# Okabe and Ito 2008, Color Universal Design: told apart by people who see colours otherwise.
PALETTE: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
)
RIGHT, WRONG, MISSED = (0, 158, 115), (213, 60, 0), (240, 228, 66)
DARK, LIGHT = (16, 16, 18), (255, 255, 255)
LEAST_PX = 480  # the longer side a picture is at least enlarged to, so that names fit


@dataclass(frozen=True)
class Mark:
    """One object: corners (x1, y1, x2, y2) in pixels of the image, what is written on it, and its pixels if known.

    `dashed` is for what is not a prediction: the truth, or what was missed.
    """

    box: tuple[float, float, float, float]
    text: str
    colour: Colour
    mask: Bool[np.ndarray, "h w"] | None = None
    dashed: bool = False


def palette(count: int) -> list[Colour]:
    """`count` colours that differ: seven chosen ones, then hues a golden section apart in two brightnesses."""
    more = [
        colorsys.hsv_to_rgb(0.61803 * n % 1, 0.65, (0.95, 0.65)[n % 2]) for n in range(count - len(PALETTE))
    ]
    return [*PALETTE[:count], *((round(255 * r), round(255 * g), round(255 * b)) for r, g, b in more)]


def luminance(colour: Colour) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: Colour, b: Colour) -> float:
    """1 (the same) to 21 (black and white); 4.5 is enough for text (WCAG 2.1)."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def ink_on(colour: Colour) -> Colour:
    """Dark or white, whichever is the easier to read on the colour."""
    return max(DARK, LIGHT, key=lambda ink: contrast(ink, colour))


def draw_marks(image: Picture, marks: Sequence[Mark], *, least_px: int = LEAST_PX) -> Picture:
    """The image with its marks, small images enlarged to `least_px`; the largest objects are drawn first."""
    from PIL import Image, ImageDraw

    factor = whole_factor(image, least_px)
    order = sorted(marks, key=lambda mark: -_area(mark.box))
    canvas = Image.fromarray(enlarged(image, factor))
    for mark in order:
        if mark.mask is not None:
            canvas = Image.fromarray(_tinted(np.asarray(canvas), mark, factor))
    pen = ImageDraw.Draw(canvas)
    width = max(2, round(max(canvas.size) / 300))
    corners = [tuple(float(value) * factor for value in mark.box) for mark in order]
    for mark, box in zip(order, corners, strict=True):
        _outline(pen, box, mark, width)
    placed: list[tuple[Number, ...]] = []
    font = font_of(max(13, round(max(canvas.size) / (34 if len(order) <= 8 else 44))))
    for mark, box in sorted(zip(order, corners, strict=True), key=lambda pair: pair[1][1]):
        if mark.text:
            _plate(pen, box, mark, font, canvas.size, placed, corners)
    return np.array(canvas)


def _area(box: Sequence[Number]) -> Number:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def whole_factor(image: Picture, least_px: int) -> int:
    """A whole number, so that pixels stay pixels."""
    height, width = image.shape[:2]
    return max(1, math.ceil(least_px / max(1, int(height), int(width))))


def enlarged(image: np.ndarray, factor: int) -> np.ndarray:
    return np.ascontiguousarray(image.repeat(factor, axis=0).repeat(factor, axis=1))


def _tinted(canvas: np.ndarray, mark: Mark, factor: int) -> np.ndarray:
    """Two fifths of the colour over the mask, and its outline in full between dark."""
    assert mark.mask is not None
    mask = enlarged(mark.mask, factor)
    out = canvas.copy()
    out[mask] = (0.6 * canvas[mask] + 0.4 * np.array(mark.colour)).astype(np.uint8)
    edge = mask & ~_shrunk(mask, 2)
    out[_grown(mask, 1) & ~mask] = DARK
    out[edge] = mark.colour
    return out


def _grown(mask: np.ndarray, steps: int) -> np.ndarray:
    from scipy.ndimage import binary_dilation

    return np.asarray(binary_dilation(mask, iterations=steps))


def _shrunk(mask: np.ndarray, steps: int) -> np.ndarray:
    from scipy.ndimage import binary_erosion

    return np.asarray(binary_erosion(mask, iterations=steps, border_value=1))


def _outline(pen: Any, box: Sequence[Number], mark: Mark, width: int) -> None:
    """Dark, colour, dark: the colour alone would be lost on itself."""
    x1, y1, x2, y2 = box
    sides = (((x1, y1), (x2, y1)), ((x2, y1), (x2, y2)), ((x2, y2), (x1, y2)), ((x1, y2), (x1, y1)))
    if mark.mask is not None and not mark.dashed:
        return  # its outline says more
    for colour, wide in ((DARK, width + 2), (mark.colour, width)):
        for start, stop in sides:
            for a, b in _dashes(start, stop, 6 * width) if mark.dashed else [(start, stop)]:
                pen.line([a, b], fill=colour, width=wide)


def _dashes(
    start: tuple[float, float], stop: tuple[float, float], length: Number
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Every second piece of the line."""
    whole = math.dist(start, stop)
    count = max(1, round(whole / length)) | 1  # odd: it begins and ends with a dash

    def at(share: float) -> tuple[float, float]:
        return start[0] + share * (stop[0] - start[0]), start[1] + share * (stop[1] - start[1])

    return [(at(n / count), at((n + 1) / count)) for n in range(0, count, 2)]


def _plate(
    pen: Any,
    box: Sequence[Number],
    mark: Mark,
    font: Any,
    size: tuple[int, int],
    placed: list[tuple[Number, ...]],
    boxes: Sequence[Sequence[Number]],
) -> None:
    """The name where it covers least of other names and of small boxes: over its box, in it, under it, beside it."""
    left, top, right, bottom = pen.textbbox((0, 0), mark.text, font=font)
    wide, high = right - left + 8, bottom - top + 6
    x1, y1, x2, y2 = box
    wanted = [(x1, y1 - high), (x1, y1), (x1, y2), (x2 - wide, y2 - high), (x2 - wide, y1 - high), (x2, y1)]
    wanted += [(x1 - wide, y1), (x1, y1 - 2 * high)]
    small = [each for each in boxes if _area(each) < 4 * wide * high]
    inside = [
        (min(max(x, 0), max(size[0] - wide, 0)), min(max(y, 0), max(size[1] - high, 0))) for x, y in wanted
    ]
    plates = [(x, y, x + wide, y + high) for x, y in inside]
    covered = 3 * _shared(plates, placed) + _shared(plates, small)
    best = plates[int(covered.argmin())]
    placed.append(best)
    pen.rectangle(best, fill=mark.colour, outline=DARK)
    pen.text((best[0] + 4 - left, best[1] + 3 - top), mark.text, fill=ink_on(mark.colour), font=font)


def _shared(
    plates: Sequence[Sequence[Number]], others: Sequence[Sequence[Number]]
) -> Float[np.ndarray, " p"]:
    """The area that each plate shares with the others, summed over them."""
    a, b = np.array(plates)[:, None], np.array(others, dtype=np.float64).reshape(1, -1, 4)
    wide, high = (np.minimum(a[..., n + 2], b[..., n + 2]) - np.maximum(a[..., n], b[..., n]) for n in (0, 1))
    return np.asarray((wide.clip(0) * high.clip(0)).sum(axis=1))


@cache
def font_of(size: int) -> Any:
    """DejaVu Sans, which matplotlib carries: it has the letters of most alphabets."""
    from PIL import ImageFont

    found = importlib.util.find_spec("matplotlib")
    file = Path(str(found.origin)).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf" if found else Path()
    return ImageFont.truetype(str(file), size) if file.is_file() else ImageFont.load_default(size)


def best_and_worst(quality: Sequence[float] | np.ndarray, count: int) -> tuple[list[int], list[int]]:
    """Numbers of the `count` best, best first, and of the `count` worst, worst first; none in both, nan in neither."""
    values = np.asarray(quality, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    order = order[~np.isnan(values[order])].tolist()
    count = min(count, len(order) // 2)
    return order[:count], order[::-1][:count]


def encoded(picture: Picture, *, quality: int | None = None) -> bytes:
    """As PNG, or as JPEG of this quality."""
    from PIL import Image

    stream = io.BytesIO()
    if quality is None:
        Image.fromarray(picture).save(stream, "PNG", optimize=True)
    else:
        Image.fromarray(picture).save(stream, "JPEG", quality=quality)
    return stream.getvalue()
