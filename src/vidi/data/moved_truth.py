"""What is drawn on an image, after parts of the image were hidden or the image was put elsewhere."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from vidi.data.found import Found, FoundMap, FoundObjects
from vidi.data.objects import placed_back
from vidi.ops import masks
from vidi.ops.placing import Placing

MOST_HIDDEN = 0.5  # of an object: what is hidden more can't be asked for


def hidden(truth: Found, covered: Bool[np.ndarray, "s s"], placing: Placing) -> Found:
    """Of pixels that are covered (in the network's square) no class is asked, nor of objects that are for the larger
    part: they count neither as missed nor as false alarms."""
    plane = placed_back(covered, placing, truth.image_hw)
    if isinstance(truth, FoundMap):
        return replace(truth, classes=np.where(plane, np.uint8(truth.ignore), truth.classes))
    share = np.array([_share(truth, place, plane) for place in range(len(truth.boxes))])
    before = np.zeros(len(share), dtype=bool) if truth.uncounted is None else truth.uncounted
    return replace(truth, uncounted=before | (share > MOST_HIDDEN))


def _share(truth: FoundObjects, place: int, plane: Bool[np.ndarray, "h w"]) -> float:
    """How much of an object's mask, or else its box, is covered."""
    if truth.masks is not None:
        mask = masks.decode(truth.masks[place])
        return float(plane[mask].mean()) if mask.any() else 0.0
    x1, y1, x2, y2 = truth.boxes[place]
    part = plane[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))]
    return float(part.mean()) if part.size else 0.0


def moved(truth: Found, new: Placing, placing: Placing) -> Found:
    """As the image's own pixels see it after the network's square was placed anew by `new`."""
    shift = Placing(
        new.scale_x,
        new.scale_y,
        (placing.shift_x * (new.scale_x - 1) + new.shift_x) / placing.scale_x,
        (placing.shift_y * (new.scale_y - 1) + new.shift_y) / placing.scale_y,
    )
    if isinstance(truth, FoundMap):
        return replace(truth, classes=_resampled(truth.classes, shift, truth.ignore))
    kept = truth.masks and tuple(
        masks.encode(_resampled(masks.decode(each).astype(np.uint8), shift, 0).astype(bool))
        for each in truth.masks
    )
    return replace(truth, boxes=shift.boxes(truth.boxes), masks=kept)


def _resampled(plane: np.ndarray, shift: Placing, outside: int) -> np.ndarray:
    """The nearest pixel of the plane that lies at each place, `outside` beyond its edge."""
    height, width = plane.shape
    y = np.floor((np.arange(height) + 0.5 - shift.shift_y) / shift.scale_y).astype(np.int64)
    x = np.floor((np.arange(width) + 0.5 - shift.shift_x) / shift.scale_x).astype(np.int64)
    found = plane[y.clip(0, height - 1)][:, x.clip(0, width - 1)]
    beyond = ((y < 0) | (y >= height))[:, None] | ((x < 0) | (x >= width))[None]
    return np.asarray(np.where(beyond, plane.dtype.type(outside), found))
