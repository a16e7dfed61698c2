"""Boxes against boxes as arrays: overlaps, how much of each lies inside one, and how far they are from it."""

import numpy as np
from jaxtyping import Float


def iou_of(a: Float[np.ndarray, "n 4"], b: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, "n m"]:
    """Intersection over union of corners (x1, y1, x2, y2), in [0, 1]; 0 where both are empty."""
    shared = _shared(a, b)
    union = _area(a)[:, None] + _area(b)[None] - shared
    return np.asarray(np.divide(shared, union, where=union > 0, out=np.zeros_like(shared)))


def share_inside(a: Float[np.ndarray, "n 4"], box: Float[np.ndarray, " 4"]) -> Float[np.ndarray, " n"]:
    """How much of each box's area lies in one box, in [0, 1]; 0 for an empty one."""
    shared, area = _shared(a, box[None])[:, 0], _area(a)
    return np.asarray(np.divide(shared, area, where=area > 0, out=np.zeros_like(shared)))


def gaps(a: Float[np.ndarray, "n 4"], box: Float[np.ndarray, " 4"]) -> Float[np.ndarray, " n"]:
    """Shortest distance of each box to one box, in pixels; 0 where they meet."""
    apart = np.maximum(np.maximum(box[:2] - a[:, 2:], a[:, :2] - box[2:]), 0)
    return np.asarray(np.hypot(apart[:, 0], apart[:, 1]))


def _shared(a: Float[np.ndarray, "n 4"], b: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, "n m"]:
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    return np.asarray(np.clip(sides, 0, None).prod(axis=2), np.float64)


def _area(a: Float[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
    return np.asarray(np.clip(a[:, 2:] - a[:, :2], 0, None).prod(axis=1), np.float64)
