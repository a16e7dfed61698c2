"""Contact sheets: small pictures in rows and columns with a line of words above or beside them."""

import colorsys
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from vidi.documents.text import Number

PAPER, INK, QUIET, WASH = (255, 254, 251), (29, 31, 33), (92, 97, 102), (244, 243, 238)
GOOD, BAD = (31, 107, 58), (163, 42, 28)
TEXT_PX, GAP = 13, 6
# Okabe and Ito 2008's eight, told apart by readers who see fewer colours; more classes have hues a golden section apart
COLOURS = (
    (0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (213, 94, 0), (240, 228, 66),
    (90, 90, 90),
)  # fmt: skip

Picture = UInt8[np.ndarray, "_ _ 3"]


def scaled(image: Picture, *, side: int) -> Picture:
    """The image with its longer side `side`; pixels that are made larger stay sharp squares if they are few."""
    height, width = image.shape[:2]
    factor = side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    way = Image.Resampling.NEAREST if max(height, width) <= 32 else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(size, way))


def framed(image: Picture, colour: tuple[int, int, int], *, width: int = 3) -> Picture:
    """The image with a border of that colour, inside."""
    made = np.array(image)
    for edge in (np.s_[:width], np.s_[-width:], np.s_[:, :width], np.s_[:, -width:]):
        made[edge] = colour
    return made


def sheet(
    rows: Sequence[Sequence[Picture]],
    *,
    side: int,
    beside: Sequence[str] = (),
    above: Sequence[str] = (),
    gap: int = GAP,
) -> Picture:
    """Rows of pictures, each in a square cell of `side`; words beside each row and above each column.

    Words that find no room are cut with an ellipsis.
    """
    font = ImageFont.load_default(TEXT_PX)
    left = max((int(font.getlength(text)) for text in beside), default=-2 * gap) + 2 * gap
    left = min(left, 3 * side)
    top = TEXT_PX + 2 * gap if above else gap
    columns = max((len(row) for row in rows), default=0)
    page = Image.new("RGB", (left + columns * (side + gap) + gap, top + len(rows) * (side + gap)), PAPER)
    pen = ImageDraw.Draw(page)
    for number, text in enumerate(above):
        place = left + gap + number * (side + gap)
        pen.text((place, gap // 2), cut(text, side + gap, font), fill=QUIET, font=font)
    for line, row in enumerate(rows):
        y = top + line * (side + gap)
        if line < len(beside):
            words = cut(beside[line], left - gap, font)
            pen.text((gap, y + (side - TEXT_PX) // 2), words, fill=INK, font=font)
        for number, image in enumerate(row):
            small = scaled(image, side=side)
            x = left + gap + number * (side + gap) + (side - small.shape[1]) // 2
            page.paste(Image.fromarray(small), (x, y + (side - small.shape[0]) // 2))
    return np.asarray(page)


def cut(text: str, width: Number, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The text, shortened with an ellipsis until it fits."""
    while text and font.getlength(text) > width:
        text = text[:-2].rstrip() + "…" if len(text) > 1 else ""
    return text


def colour_of(label: int) -> tuple[int, int, int]:
    """A class's colour; twenty differ plainly."""
    if label < len(COLOURS):
        return COLOURS[label]
    more = label - len(COLOURS)
    red, green, blue = colorsys.hsv_to_rgb((0.95 + 0.61803 * more) % 1, 1.0, (0.95, 0.45, 0.7)[more % 3])
    return round(255 * red), round(255 * green), round(255 * blue)


def legend(labels: Sequence[str], *, width: int) -> Picture:
    """Each label behind a square of its colour, in lines of at most `width`."""
    font = ImageFont.load_default(TEXT_PX)
    places, x, y = [], GAP, GAP
    for label in labels:
        wide = int(font.getlength(label)) + TEXT_PX + 3 * GAP
        if x + wide > width and x > GAP:
            x, y = GAP, y + TEXT_PX + 2 * GAP
        places.append((x, y))
        x += wide
    page = Image.new("RGB", (width, y + TEXT_PX + 2 * GAP), PAPER)
    pen = ImageDraw.Draw(page)
    for number, ((x, y), label) in enumerate(zip(places, labels, strict=True)):
        pen.rectangle((x, y + 2, x + TEXT_PX - 2, y + TEXT_PX), fill=colour_of(number))
        pen.text((x + TEXT_PX + 3, y - 1), cut(label, width - x - TEXT_PX, font), fill=INK, font=font)
    return np.asarray(page)


def stacked(parts: Sequence[Picture]) -> Picture:
    """The pictures one below the other, at the left, on paper."""
    wide = max(part.shape[1] for part in parts)
    page = np.full((sum(part.shape[0] for part in parts), wide, 3), PAPER, np.uint8)
    y = 0
    for part in parts:
        page[y : y + part.shape[0], : part.shape[1]] = part
        y += part.shape[0]
    return page
