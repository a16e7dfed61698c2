"""An example of each sort of error that a run's found objects show, drawn: what was found, and what is there."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidi.core.errors import UsageError
from vidi.documents.drawn import MISSED, WRONG, Mark, draw_marks, encoded
from vidi.ops.detected import Detected
from vidi.ops.example_errors import ErrorExample, examples, kept
from vidi.ops.grouped_objects import LEAST
from vidi.verbs.dense_answers import Held
from vidi.verbs.drawing import smaller

AROUND = 1.0  # of an object's longer side: how much of the image is shown around it
SMALLEST_PX = 48
QUALITY = 80
Box = tuple[float, float, float, float]


def drawn_errors(held: Held) -> tuple[list[dict[str, Any]], Mapping[str, bytes]]:
    """For audit.json the examples, and a picture for each sort of error; nothing for class maps."""
    if not isinstance(held.judgement, Detected):
        return [], {}
    detected = kept(held.judgement, LEAST)
    told, pictures = [], {}
    for each in examples(detected):
        told.append(record(held, detected, each))
        try:
            whole = held.loaded.pixels.whole(int(held.rows[each.image]))
        except UsageError:  # gone since the data was read: the words stay
            continue
        pictures[each.sort] = picture(whole, detected, each)
    return told, pictures


def record(held: Held, detected: Detected, each: ErrorExample) -> dict[str, Any]:
    """An example as audit.json keeps it."""
    row = int(held.rows[each.image])
    dataset = held.loaded.dataset
    return {
        "sort": each.sort,
        "count": each.count,
        "id": str(dataset.column("id")[row]),
        "path": str(dataset.column("path")[row]),
        "said": said(detected, each),
        "found": None if each.found is None else [float(v) for v in detected.found.box[each.found]],
        "true": None if each.true is None else [float(v) for v in detected.truth.box[each.true]],
    }


def said(detected: Detected, each: ErrorExample) -> str:
    """What is wrong, in words."""
    true = "" if each.true is None else detected.labels[detected.truth.label[each.true]]
    if each.found is None:
        return f"{true} is drawn, and nothing was found there"
    name = f"{detected.labels[detected.found.label[each.found]]} with {detected.score[each.found]:.2f}"
    return {
        "class": f"{name}, where {true} is drawn",
        "localisation": f"{name}, which shares only {each.overlap:.2f} with the one that is drawn",
        "both": f"{name}, and nearest to it is {true}, of which {each.overlap:.2f} is shared"
        if true
        else f"{name}, in no drawn object's place",
        "duplicate": f"{name}, on an object that was found already",
        "background": f"{name}, where nothing is drawn",
    }[each.sort]


def picture(image: UInt8[np.ndarray, "h w 3"], detected: Detected, each: ErrorExample) -> bytes:
    """The object and what is around it: red what was found, dashed what is there; as JPEG."""
    marks = []
    if each.true is not None:
        name = detected.labels[detected.truth.label[each.true]]
        marks.append(Mark(corners(detected.truth.box[each.true]), f"drawn as {name}", MISSED, dashed=True))
    if each.found is not None:
        name = f"{detected.labels[detected.found.label[each.found]]} {detected.score[each.found]:.2f}"
        marks.append(Mark(corners(detected.found.box[each.found]), name, WRONG))
    left, top, right, bottom = window([mark.box for mark in marks], image.shape[:2])
    moved = [
        Mark(
            (m.box[0] - left, m.box[1] - top, m.box[2] - left, m.box[3] - top),
            m.text,
            m.colour,
            None,
            m.dashed,
        )
        for m in marks
    ]
    return encoded(smaller(draw_marks(image[top:bottom, left:right], moved)), quality=QUALITY)


def corners(box: np.ndarray) -> Box:
    x1, y1, x2, y2 = (float(value) for value in box)
    return x1, y1, x2, y2


def window(boxes: list[Box], image_hw: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The part of the image that is shown: all boxes, and as much around them, in whole pixels."""
    x1, y1 = (min(box[axis] for box in boxes) for axis in (0, 1))
    x2, y2 = (max(box[axis] for box in boxes) for axis in (2, 3))
    more = max(AROUND * max(x2 - x1, y2 - y1), SMALLEST_PX)
    height, width = image_hw
    left, top = max(0, int(x1 - more)), max(0, int(y1 - more))
    return left, top, min(width, int(np.ceil(x2 + more))), min(height, int(np.ceil(y2 + more)))
