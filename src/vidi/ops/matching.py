"""Which found object is which true one, as COCO decides it: for all images, classes and overlaps at once.

Lin et al. 2014, arXiv:1405.0312, and its evaluation code: in each image and class, the surest first, each takes the
true object that it overlaps most of those still free.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.ops import masks
from vidi.ops.detected import Detected, Objects

OVERLAPS = np.linspace(0.5, 0.95, 10)  # COCO's thresholds
SIZES = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}
MOST = 100  # found objects that count in an image and class
BLOCK = 1 << 21  # pairs held at once
LEAST = 0.1  # overlaps below this are nowhere asked for


@dataclass(frozen=True)
class Pairs:
    """Found and true objects of one image that overlap by at least a tenth."""

    found: Int[np.ndarray, " p"]
    true: Int[np.ndarray, " p"]
    iou: Float[np.ndarray, " p"]


@dataclass(frozen=True)
class Matches:
    """The true object of each found one (-1: none) at each overlap, and what does not count at this size.

    `ranked` are the found objects that are judged, by class, then surest first (of equal scores the one of the
    earlier image): columns of `true` and `ignored` are in this order. `counted` are the true objects to be found.
    """

    ranked: Int[np.ndarray, " m"]
    rank: Int[np.ndarray, " m"]
    true: Int[np.ndarray, "t m"]
    ignored: Bool[np.ndarray, "t m"]
    counted: Bool[np.ndarray, " g"]


def pairs(detected: Detected) -> Pairs:
    """Every found object with every true one of its image, whatever their classes. A crowd's overlap is the share of
    the found object inside it."""
    if detected.by_masks:
        blocks = list(_mask_pairs(detected.found, detected.truth))
    else:
        blocks = [_box_pairs(detected.found, detected.truth, *part) for part in _together(detected)]
    empty = np.zeros(0, dtype=np.int64)
    columns = zip(*[(empty, empty, np.zeros(0)), *blocks], strict=True)
    return Pairs(*(np.concatenate(column) for column in columns))


def _together(detected: Detected) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Numbers of found and true objects that share an image, all combinations, a block of images at a time."""
    found, true = (np.argsort(o.image, kind="stable") for o in (detected.found, detected.truth))
    count_f, count_t = (
        np.bincount(o.image, minlength=detected.images) for o in (detected.found, detected.truth)
    )
    first_f, first_t = (np.cumsum(count) - count for count in (count_f, count_t))
    block = np.cumsum(count_f * count_t) // BLOCK
    for number in np.unique(block):
        image = np.flatnonzero(block == number)
        sizes = count_f[image] * count_t[image]
        place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        image = np.repeat(image, sizes)
        across = np.maximum(count_t[image], 1)
        yield found[first_f[image] + place // across], true[first_t[image] + place % across]


def _box_pairs(
    found: Objects, truth: Objects, f: np.ndarray, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corners a column at a time: a reduction over an axis of two would cost ten times as much."""
    a, b = found.box.astype(np.float64), truth.box.astype(np.float64)
    wide, high = (
        np.minimum(a[f, axis + 2], b[t, axis + 2]) - np.maximum(a[f, axis], b[t, axis]) for axis in (0, 1)
    )
    touch = np.flatnonzero((wide > 0) & (high > 0))
    f, t, overlap = f[touch], t[touch], wide[touch] * high[touch]
    area_f, area_t = ((box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]) for box in (a, b))
    union = np.where(truth.is_crowd[t], area_f[f], area_f[f] + area_t[t] - overlap)
    iou = overlap / union
    near = iou >= LEAST
    return f[near], t[near], iou[near]


def _mask_pairs(found: Objects, truth: Objects) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    assert found.mask is not None and truth.mask is not None
    for image in np.intersect1d(found.image, truth.image):
        f, t = np.flatnonzero(found.image == image), np.flatnonzero(truth.image == image)
        iou = masks.iou(
            [found.mask[row] for row in f], [truth.mask[row] for row in t], crowd=truth.is_crowd[t]
        )
        row, column = np.nonzero(iou >= LEAST)
        yield f[row], t[column], iou[row, column]


def ranked(detected: Detected) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """Found objects that are judged, by class and then surest first, and how many of its image and class are surer.

    The surest hundred in an image and class are judged.
    """
    found = detected.found
    order = np.lexsort((-detected.score, found.image, found.label))
    key = found.label[order] * detected.images + found.image[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    order, rank = order[rank < MOST], rank[rank < MOST]
    again = np.lexsort((-detected.score[order], found.label[order]))
    return order[again], rank[again]


def pairs_of(detected: Detected) -> Pairs:
    """`pairs`, computed once for a record."""
    return detected.remembered("pairs", lambda: pairs(detected))


def matches_of(detected: Detected, size: str = "all") -> Matches:
    """`match` for one of COCO's sizes, computed once for a record."""
    return detected.remembered(f"matches {size}", lambda: match(detected, pairs_of(detected), SIZES[size]))


def match(detected: Detected, near: Pairs, size: tuple[float, float]) -> Matches:
    """The greedy matching at COCO's ten overlaps for true objects of an area from `size[0]` to `size[1]`.

    True objects of another size, and crowds, are taken only where no other is left, and whoever takes one does not
    count; nor does a found object of another size that takes none.
    """
    truth, found = detected.truth, detected.found
    outside = (truth.size < size[0]) | (truth.size > size[1])
    ignored = outside | truth.is_crowd
    order, rank = ranked(detected)
    place = np.full(len(found), -1)
    place[order] = np.arange(len(order))
    column = place[near.found]
    able = (column >= 0) & (near.iou >= OVERLAPS[0]) & (found.label[near.found] == truth.label[near.true])
    column, true, iou = column[able], near.true[able], near.iou[able]
    taken = _greedy(column, true, iou, rank, ignored, truth.is_crowd, len(order))
    unable = (found.size[order] < size[0]) | (found.size[order] > size[1])
    of_taken = np.append(ignored, False)[taken]  # -1, none, looks at the end
    return Matches(order, rank, taken, np.where(taken < 0, unable, of_taken), ~ignored)


def _greedy(
    column: Int[np.ndarray, " p"],
    true: Int[np.ndarray, " p"],
    iou: Float[np.ndarray, " p"],
    rank: Int[np.ndarray, " m"],
    ignored: Bool[np.ndarray, " g"],
    crowd: Bool[np.ndarray, " g"],
    columns: int,
) -> Int[np.ndarray, "t m"]:
    """In round k the k-th surest of every image and class choose at once: they cannot want the same object.

    The pairs of each stand in the order of preference, so the last that is free is the one, at any overlap.
    """
    least = np.minimum(OVERLAPS, 1 - 1e-10)[:, None]
    free = np.ones((len(least), len(ignored)), dtype=bool)
    taken = np.full((len(least), columns), -1)
    order = np.lexsort((true, iou, ~ignored[true], column, rank[column]))
    column, true, iou = column[order], true[order], iou[order]
    turn = rank[column]
    edges = np.append(np.flatnonzero(np.diff(turn, prepend=-1)), len(turn))
    for start, stop in itertools.pairwise(edges.tolist()):
        here, wanted = column[start:stop], true[start:stop]
        first = np.flatnonzero(np.diff(here, prepend=-1))
        can = (free[:, wanted] | crowd[wanted]) & (iou[start:stop] >= least)
        chosen = np.maximum.reduceat(np.where(can, np.arange(stop - start), -1), first, axis=1)
        level, who = np.nonzero(chosen >= 0)
        got = wanted[chosen[level, who]]
        taken[level, here[first][who]] = got
        free[level, got] = False
    return taken
