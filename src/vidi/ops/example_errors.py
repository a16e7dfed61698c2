"""One example of each sort of error that found objects show: the surest that is wrong, the largest that was missed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from vidi.ops.detected import Detected
from vidi.ops.detection_errors import MISSED, SORTS, errors_of
from vidi.ops.matching import matches_of, pairs_of


@dataclass(frozen=True)
class ErrorExample:
    """The sort of error and how many there are of it; the image, the found object and the true one it is held against
    (rows of `detected.found` and `detected.truth`, None where there is none), and how much the two overlap."""

    sort: str
    count: int
    image: int
    found: int | None
    true: int | None
    overlap: float


def kept(detected: Detected, least: float) -> Detected:
    """With those found objects alone whose score is `least` or more."""
    rows = np.flatnonzero(detected.score >= least)
    return replace(detected, found=detected.found.take(rows))


def examples(detected: Detected) -> Iterator[ErrorExample]:
    """An example for each sort that occurs, in the order of `SORTS`, then what was missed."""
    matches, errors = matches_of(detected), errors_of(detected)
    for number, sort in enumerate(SORTS):
        mine = np.flatnonzero(errors.sort == number)
        if not len(mine):
            continue
        row = int(mine[np.argmax(detected.score[matches.ranked[mine]])])
        found = int(matches.ranked[row])
        true, overlap = held_against(detected, found, int(errors.meant[row]), sort)
        yield ErrorExample(sort, len(mine), int(detected.found.image[found]), found, true, overlap)
    missed = np.flatnonzero(errors.missed)
    if len(missed):
        largest = int(missed[np.argmax(detected.truth.size[missed])])
        yield ErrorExample(MISSED, len(missed), int(detected.truth.image[largest]), None, largest, 0.0)


def held_against(detected: Detected, found: int, meant: int, sort: str) -> tuple[int | None, float]:
    """The true object that a wrong one meant, or else overlaps most, and by how much; none for background."""
    if sort == "background":
        return None, 0.0
    near = pairs_of(detected)
    mine = (near.found == found) & ~detected.truth.is_crowd[near.true]
    true, iou = near.true[mine], near.iou[mine]
    if sort == "duplicate":
        same = detected.truth.label[true] == detected.found.label[found]
        true, iou = true[same], iou[same]
    if meant >= 0:
        true, iou = true[true == meant], iou[true == meant]
    if not len(true):
        return None, 0.0
    best = int(np.argmax(iou))
    return int(true[best]), float(iou[best])
