"""Pictures of objects in doubt: the part of the image around each, what is drawn dashed, what was found in full."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidi.documents.drawn import MISSED, WRONG, Mark, draw_marks, encoded
from vidi.ops.masks import Rle, decode
from vidi.verbs.load import Loaded
from vidi.verbs.thumbnails import thumbnails

AROUND = 1.0  # of the object's longer side, on each side of it
LEAST_PX, SIDE_PX = 120, 260  # of the part of the image, and of the picture


def pictures(loaded: Loaded, content: Mapping[str, Any]) -> Callable[[str], bytes | None]:
    """A picture by an image's id, and by the `picture` of a suspected object."""
    plain = thumbnails(loaded)
    place = {str(key): number for number, key in enumerate(loaded.dataset.column("id"))}
    told = content.get("object_errors") or content.get("region_errors") or {}
    suspects = {each["picture"]: each for each in told.get("suspects") or ()}

    def picture(key: str) -> bytes | None:
        if key not in suspects:
            return plain(key)
        each = suspects[key]
        return encoded(drawn(loaded.pixels.whole(place[str(each["id"])]), each), quality=80)

    return picture


def key_of(suspect: Mapping[str, Any]) -> str:
    """What a suspect's picture is called on the page."""
    return f"{suspect['kind']} on {suspect['id']} at {' '.join(f'{value:g}' for value in suspect['box'])}"


def drawn(image: UInt8[np.ndarray, "h w 3"], suspect: Mapping[str, Any]) -> UInt8[np.ndarray, "_ _ 3"]:
    """The part of the image with one or two boxes."""
    boxes = [np.asarray(box) for box in (suspect["box"], suspect["suggested_box"]) if box]
    left, top, right, bottom = part_around(np.stack(boxes), image.shape[0], image.shape[1])
    shift = np.array([left, top, left, top])
    marks = []
    if suspect.get("rle"):
        mask = decode(Rle(suspect["rle"], image.shape[0], image.shape[1]))[top:bottom, left:right]
        marks.append(replace(mark(boxes[0] - shift, f"{suspect['suggested']}?", drawn=False), mask=mask))
    elif suspect["kind"] != "missing":
        marks.append(mark(boxes[0] - shift, suspect["given"], drawn=True))
    if suspect["suggested"] and not suspect.get("rle"):
        marks.append(mark(boxes[-1] - shift, f"{suspect['suggested']} {suspect['score']:.2f}", drawn=False))
    return draw_marks(image[top:bottom, left:right], marks, least_px=SIDE_PX)


def mark(box: np.ndarray, text: str, *, drawn: bool) -> Mark:
    x1, y1, x2, y2 = (float(value) for value in box)
    return Mark((x1, y1, x2, y2), text, MISSED if drawn else WRONG, dashed=drawn)


def part_around(boxes: np.ndarray, height: int, width: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a square around the boxes, as far as the image goes."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    half = max(LEAST_PX / 2, float((high - low).max()) * (0.5 + AROUND))
    centre = (low + high) / 2
    left, top = np.maximum(np.floor(centre - half), 0).astype(int).tolist()
    right, bottom = np.ceil(centre + half).astype(int).tolist()
    return left, top, min(right, width), min(bottom, height)
