"""What was found on an image drawn on it, alone or beside the truth."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from vidi.data.found import Found, FoundMap, FoundObjects
from vidi.documents.drawn import Mark, draw_marks, palette
from vidi.documents.drawn_maps import draw_map
from vidi.documents.found import named_marks
from vidi.ops.detected import Objects

Picture = UInt8[np.ndarray, "h w 3"]
SIDE_PX = 480  # of a picture on a page


def drawn_on(image: Picture, found: Found, labels: Sequence[str]) -> UInt8[np.ndarray, "_ _ 3"]:
    """An image with objects or a class map on it."""
    if isinstance(found, FoundMap):
        return draw_map(image, found.classes, labels)
    return draw_marks(image, marks(found, labels))


def marks(found: FoundObjects, labels: Sequence[str], *, dashed: bool = False) -> list[Mark]:
    """Objects in their labels' colours."""
    objects = Objects(
        np.zeros(len(found.boxes), np.int64), found.labels, found.boxes, score=found.scores, mask=found.masks
    )
    return named_marks(objects, labels, palette(len(labels)), dashed=dashed)


def beside_truth(
    image: Picture, found: Found, truth: Found, labels: Sequence[str]
) -> UInt8[np.ndarray, "_ _ 3"]:
    """What was found at the left, what is there at the right; small enough for a page."""
    pair = [smaller(drawn_on(image, each, labels)) for each in (found, truth)]
    height = max(each.shape[0] for each in pair)
    padded = [
        np.pad(each, ((0, height - each.shape[0]), (0, 0), (0, 0)), constant_values=255) for each in pair
    ]
    gap = np.full((height, 6, 3), 255, np.uint8)
    return np.concatenate([padded[0], gap, padded[1]], axis=1)


def smaller(picture: UInt8[np.ndarray, "_ _ 3"]) -> UInt8[np.ndarray, "_ _ 3"]:
    """At most SIDE_PX on its longer side."""
    from PIL import Image

    fitted = Image.fromarray(picture)
    fitted.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    return np.array(fitted)
