"""Average precision and recall of found objects as COCO computes them, for many replicates of the images at once.

A replicate says how often each image is in it. Matching happens inside an image, so it is done once; only the counts
along the ranking differ. The result is that of matching anew (of equal scores, copies of one image stand together).
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.core.device import processors
from vidi.ops.bootstrap import replicate_counts
from vidi.ops.detected import Detected
from vidi.ops.matching import OVERLAPS, Matches, matches_of

BLOCK = 1 << 18  # numbers held at once: what a core's cache holds
EXACT = 16  # so few replicates are computed in float64
AFFORDABLE, LEAST_REPLICATES = 15_000_000, 200  # found objects times replicates: about a second
FIFTY, SEVENTY_FIVE = 0, 5  # rows of OVERLAPS
# COCO's recalls come by multiplication, and some of them lie a rounding error above the share they are to be: a recall
# that is exactly this share does not reach them.
ABOVE = np.linspace(0, 1, 101) > np.arange(101) / 100


@dataclass(frozen=True)
class Ranking:
    """Judged objects surest first within their label, and the true ones to be found.

    `hit` and `ignored` have a row for each overlap.
    """

    image: Int[np.ndarray, " m"]
    label: Int[np.ndarray, " m"]
    score: Float[np.ndarray, " m"]
    hit: Bool[np.ndarray, "t m"]
    ignored: Bool[np.ndarray, "t m"]
    true_image: Int[np.ndarray, " g"]
    true_label: Int[np.ndarray, " g"]
    labels: int


def ranking(detected: Detected, matches: Matches) -> Ranking:
    """What was matched, as average precision wants it."""
    order = matches.ranked
    return Ranking(
        image=detected.found.image[order],
        label=detected.found.label[order],
        score=detected.score[order],
        hit=(matches.true >= 0) & ~matches.ignored,
        ignored=matches.ignored,
        true_image=detected.truth.image[matches.counted],
        true_label=detected.truth.label[matches.counted],
        labels=len(detected.labels),
    )


def once(images: int) -> Int[np.ndarray, "1 n"]:
    """Every image once: the sample itself as a replicate."""
    return np.ones((1, images), dtype=np.int16)


def replicates_of(detected: Detected) -> Int[np.ndarray, "r n"]:
    """How often each image is in each replicate: as many as asked for, but fewer (200 at least) of many objects."""
    affordable = max(LEAST_REPLICATES, AFFORDABLE // max(1, len(detected.found)))
    return replicate_counts(
        detected.images,
        replicates=min(detected.replicates, affordable),
        seed=detected.seed,
        group=detected.group,
    )


def average_precision(found: Ranking, counts: Int[np.ndarray, "r n"]) -> Float[np.ndarray, "r k t"]:
    """Average precision of each label at each overlap in each replicate; nan where no object of the label is there.

    The mean, over the recalls 0, 0.01, … 1, of the highest precision at this recall or a higher one.
    """
    value = np.full((len(counts), found.labels, len(found.hit)), np.nan)
    weight = counts.astype(np.float64 if len(counts) < EXACT else np.float32)

    def fill(job: tuple[int, np.ndarray, np.ndarray]) -> None:
        label, judged, positive = job
        step = max(16, BLOCK // max(len(judged), 1))
        for start in range(0, len(counts), step):
            rows = slice(start, start + step)
            value[rows, label] = _of_one_label(found, judged, positive, weight[rows])

    with ThreadPoolExecutor(processors()) as pool:
        list(pool.map(fill, _by_label(found)))
    return value


def _by_label(found: Ranking) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Each label that occurs in the truth, its judged objects, and the images of the true ones."""
    order = np.argsort(found.label, kind="stable")
    true = np.argsort(found.true_label, kind="stable")
    place = np.searchsorted(found.label[order], np.arange(found.labels + 1))
    true_place = np.searchsorted(found.true_label[true], np.arange(found.labels + 1))
    for label in range(found.labels):
        positive = found.true_image[true[true_place[label] : true_place[label + 1]]]
        if len(positive):
            yield label, order[place[label] : place[label + 1]], positive


def _of_one_label(
    found: Ranking, judged: np.ndarray, positive: np.ndarray, weight: Float[np.ndarray, "r n"]
) -> Float[np.ndarray, "r t"]:
    there = weight[:, positive].sum(axis=1, dtype=np.float64)
    image = found.image[judged]
    value = np.empty((len(there), len(found.hit)))
    before: np.ndarray | None = None
    for level, (hit, ignored) in enumerate(zip(found.hit[:, judged], found.ignored[:, judged], strict=True)):
        if before is None or (ignored != before).any():  # what is ignored seldom differs between overlaps
            keep, before = np.flatnonzero(~ignored), ignored
            so_far = weight.take(image[keep], axis=1).cumsum(axis=1)
        place = np.flatnonzero(hit[keep])
        right = weight.take(image[keep[place]], axis=1).cumsum(axis=1)
        value[:, level] = interpolated(right, so_far.take(place, axis=1), there)
    value[there == 0] = np.nan
    return value


def interpolated(
    right: Float[np.ndarray, "r p"], judged: Float[np.ndarray, "r p"], there: Float[np.ndarray, " r"]
) -> Float[np.ndarray, " r"]:
    """Mean over 101 recalls of the best precision from there on, from counts at each object that was right.

    Between two of these the precision only falls, so no other place matters. A place is worth as many of the recalls
    as it is the first to reach: its number of them less that of the place before.
    """
    if not right.shape[1]:
        return np.zeros(len(there))
    precision = np.divide(right, judged, where=judged > 0, out=np.zeros_like(right))
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    # 100 x right / there is a multiple of 1 / there: far enough from the next whole number for the rounding allowed.
    number = right.dtype.type if there.max() < 20_000 else np.float64
    near = number(2e-5 if number is np.float32 else 1e-9)
    share = right * (100 / np.maximum(there, 1)).astype(number)[:, None]
    reached = np.floor(share + near)
    exact = share - reached < near
    reached[exact] -= ABOVE[reached[exact].astype(np.int64)]
    step = np.diff(reached, axis=1, prepend=number(-1))
    return np.asarray(np.einsum("rp,rp->r", best, step), dtype=np.float64) / 101


def recall(
    found: Ranking, counts: Int[np.ndarray, "r n"], judged: Bool[np.ndarray, " m"] | None = None
) -> Float[np.ndarray, "r k"]:
    """The share of each label's objects that were found, a mean over the overlaps; nan where none is there.

    With `judged`, by these found objects alone.
    """
    hit = found.hit.mean(axis=0) * (1 if judged is None else judged)
    right, there = (np.zeros((counts.shape[1], found.labels)) for _ in range(2))
    np.add.at(right, (found.image, found.label), hit)
    np.add.at(there, (found.true_image, found.true_label), 1)
    weight = counts.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((weight @ right) / (weight @ there))


@dataclass(frozen=True)
class Curve:
    """Precision and the least score at the recalls 0, 0.01, … 1; 0 where a recall is not reached."""

    recall: Float[np.ndarray, " 101"]
    precision: Float[np.ndarray, " 101"]
    score: Float[np.ndarray, " 101"]


def curve(detected: Detected, label: int, *, overlap: int = FIFTY) -> Curve:
    """The precision-recall curve of one label at `OVERLAPS[overlap]`, interpolated as COCO does.

    Raises ValueError where no object of the label is there.
    """
    found = ranking(detected, matches_of(detected))
    there = int((found.true_label == label).sum())
    if not there:
        raise ValueError(
            f"a curve wants objects of {detected.labels[label]!r} in the truth; there are none, so no recall"
        )
    mine = np.flatnonzero((found.label == label) & ~found.ignored[overlap])
    right = np.cumsum(found.hit[overlap, mine])
    best = np.maximum.accumulate((right / np.arange(1, len(mine) + 1))[::-1])[::-1]
    at = np.linspace(0, 1, 101)
    place = np.searchsorted(right / there, at)
    reached = place < len(mine)
    precision, score = np.zeros(101), np.zeros(101)
    precision[reached], score[reached] = best[place[reached]], found.score[mine][place[reached]]
    return Curve(at, precision, score)


__all__ = [
    "FIFTY",
    "OVERLAPS",
    "SEVENTY_FIVE",
    "Curve",
    "Ranking",
    "average_precision",
    "curve",
    "interpolated",
    "once",
    "ranking",
    "recall",
    "replicates_of",
]
