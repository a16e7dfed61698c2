"""What was found on an image before and after something was pasted into it, side by side."""

import numpy as np
from jaxtyping import UInt8

from vidi.audits.transplants import KEPT, SAME, SURE
from vidi.data.found import FoundObjects
from vidi.documents.drawn import MISSED, RIGHT, WRONG, Mark, draw_marks, encoded
from vidi.ops.near_boxes import iou_of
from vidi.verbs.drawing import smaller

Picture = UInt8[np.ndarray, "h w 3"]
QUALITY = 80


def before_and_after(
    image: Picture, pasted: Picture, before: FoundObjects, after: FoundObjects, labels: tuple[str, ...]
) -> bytes:
    """As JPEG: green what is found on both, red what is new or has another label, dashed what is gone."""
    was, now = before.surer(KEPT), after.surer(KEPT)
    left = [_mark(was, row, labels) for row in range(len(was.boxes))]
    same = iou_of(now.boxes, was.boxes) >= SAME
    right = []
    for row in range(len(now.boxes)):
        others = np.flatnonzero(same[row])
        alike = any(was.labels[other] == now.labels[row] for other in others)
        more = "" if alike else f", was {labels[was.labels[others[0]]]}" if len(others) else ", new"
        right.append(_mark(now, row, labels, more, colour=RIGHT if alike else WRONG))
    assert was.scores is not None
    gone = np.flatnonzero(~same.any(axis=0) & (was.scores >= SURE)).tolist()
    right += [_mark(was, row, labels, ", gone", colour=MISSED, dashed=True) for row in gone]
    pair = [smaller(draw_marks(picture, marks)) for picture, marks in ((image, left), (pasted, right))]
    gap = np.full((pair[0].shape[0], 6, 3), 255, np.uint8)
    return encoded(np.concatenate([pair[0], gap, pair[1]], axis=1), quality=QUALITY)


def _mark(
    found: FoundObjects,
    row: int,
    labels: tuple[str, ...],
    more: str = "",
    *,
    colour: tuple[int, int, int] = RIGHT,
    dashed: bool = False,
) -> Mark:
    assert found.scores is not None
    x1, y1, x2, y2 = (float(value) for value in found.boxes[row])
    text = f"{labels[int(found.labels[row])]} {found.scores[row]:.2f}{more}"
    return Mark((x1, y1, x2, y2), text, colour, None, dashed)
