"""Maps of classes drawn on images, with a legend."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Integer

from vidi.documents.drawn import (
    DARK,
    LEAST_PX,
    LIGHT,
    Colour,
    Picture,
    enlarged,
    font_of,
    ink_on,
    palette,
    whole_factor,
)


def draw_map(
    image: Picture,
    classes: Integer[np.ndarray, "h w"],
    labels: Sequence[str],
    *,
    colours: Sequence[Colour] | None = None,
    strength: float = 0.55,
    least_px: int = LEAST_PX,
) -> Picture:
    """The image under its classes' colours, borders dark, and below it a legend of the classes that are there.

    Numbers that no label has (pixels to be ignored) stay without colour.
    """
    colours = list(colours or palette(len(labels)))
    if classes.shape != image.shape[:2]:
        raise ValueError(f"image and map are of one size; got {image.shape[:2]} and {classes.shape}")
    factor = whole_factor(image, least_px)
    canvas, numbers = enlarged(image, factor), enlarged(classes, factor)
    known = (numbers >= 0) & (numbers < len(labels))
    tint = np.array([*colours, (0, 0, 0)], dtype=np.float64)[np.where(known, numbers, len(labels))]
    mixed = np.where(known[..., None], (1 - strength) * canvas + strength * tint, canvas).astype(np.uint8)
    border = np.zeros(numbers.shape, dtype=bool)
    border[1:] |= numbers[1:] != numbers[:-1]
    border[:, 1:] |= numbers[:, 1:] != numbers[:, :-1]
    mixed[border] = DARK
    there = [number for number in np.unique(classes).tolist() if 0 <= number < len(labels)]
    return np.concatenate([mixed, _legend([(labels[n], colours[n]) for n in there], mixed.shape[1])])


def _legend(entries: Sequence[tuple[str, Colour]], width: int) -> Picture:
    """Names on plates of their colours, in as many rows as they need."""
    from PIL import Image, ImageDraw

    font, row = font_of(max(12, width // 36)), max(12, width // 36) + 14
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    places, x, y = [], 4.0, 0
    for text, colour in entries:
        wide = pen.textlength(text, font=font) + 12
        if x > 4 and x + wide > width:
            x, y = 4.0, y + row
        places.append((text, colour, x, y, wide))
        x += wide + 4
    strip = Image.new("RGB", (width, y + row if entries else 0), LIGHT)
    pen = ImageDraw.Draw(strip)
    for text, colour, left, top, wide in places:
        pen.rectangle((left, top + 3, left + wide, top + row - 3), fill=colour, outline=DARK)
        pen.text((left + 6, top + row / 2), text, fill=ink_on(colour), font=font, anchor="lm")
    return np.array(strip)
