"""Which drawn regions are probably of another class, as a segmenter that never saw them says of every pixel.

Confident learning (Northcutt, Jiang & Chuang 2021, arXiv:1911.00068, eq. 1 and 2) with pixels as examples, and of its
pixels only those that lie together: outlines are off by a pixel or two everywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

TOLERANCE = 0.0075  # of the diagonal: how far an outline may be off (Csurka et al. 2013)
TRUST, BINS = (
    0.9,
    200,
)  # the share of a class's confident pixels that are drawn so, and how finely it is looked for
ROUNDING = 1e-6  # probabilities that miss a threshold by less have reached it
LEAST_SHARE = 0.001  # of the image's pixels: what is smaller is no region


@dataclass(frozen=True)
class Votes:
    """One image's pixels: the class that is drawn, the most probable one, and the probabilities of both."""

    drawn: UInt8[np.ndarray, "h w"]
    best: UInt8[np.ndarray, "h w"]
    own: Float[np.ndarray, "h w"]
    highest: Float[np.ndarray, "h w"]

    def known(self, ignore: int) -> Bool[np.ndarray, "h w"]:
        return np.asarray(self.drawn != ignore)


@dataclass(frozen=True)
class Region:
    """Pixels of one image that hang together, are drawn as `given` and confidently of the class `best`.

    `suspicion`, in [0, 1], is how far the probability of the other class leads, on average.
    """

    image: int
    given: int
    best: int
    mask: Bool[np.ndarray, "h w"]
    score: float
    suspicion: float


def thresholds(votes: Sequence[Votes], classes: int, *, ignore: int) -> Float[np.ndarray, " k"]:
    """Each class's mean probability over the pixels that are drawn so; infinite where none is."""
    total, count = np.zeros(classes), np.zeros(classes)
    for each in votes:
        known = each.known(ignore)
        drawn = each.drawn[known]
        total += np.bincount(drawn, each.own[known].astype(np.float64), minlength=classes)
        count += np.bincount(drawn, minlength=classes)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)


def trusted(
    votes: Sequence[Votes], threshold: Float[np.ndarray, " k"], *, ignore: int
) -> Float[np.ndarray, " k"]:
    """The thresholds raised to where nine of ten pixels that reach them are drawn so; infinite where none is so high.

    A class that the segmenter is often sure of and wrong says nothing of how others are drawn.
    """
    right, made = (np.zeros((len(threshold), BINS)) for _ in range(2))
    for each in votes:
        known = each.known(ignore) & core(each.drawn.astype(np.int32))  # outlines are off everywhere
        best = each.best[known].astype(np.int64)
        place = np.minimum((each.highest[known].astype(np.float64) * BINS).astype(np.int64), BINS - 1)
        cell = best * BINS + place
        made += np.bincount(cell, minlength=made.size).reshape(made.shape)
        right += np.bincount(cell[best == each.drawn[known]], minlength=made.size).reshape(made.shape)
    right, made = (np.cumsum(each[:, ::-1], axis=1)[:, ::-1] for each in (right, made))
    edge = np.arange(BINS) / BINS
    able = (right >= TRUST * made) & (made > 0) & (edge >= threshold[:, None] - 1 / BINS)
    least = np.where(able.any(axis=1), edge[able.argmax(axis=1)], np.inf)
    return np.asarray(np.maximum(least, threshold))


def confident(each: Votes, threshold: Float[np.ndarray, " k"], *, ignore: int) -> Bool[np.ndarray, "h w"]:
    """Pixels whose most probable class is another than the drawn one, and reaches its threshold."""
    return np.asarray(
        each.known(ignore) & (each.best != each.drawn) & (each.highest >= threshold[each.best] - ROUNDING)
    )


def regions(votes: Sequence[Votes], classes: int, *, ignore: int) -> list[Region]:
    """Regions in doubt, those first whose other class leads on the most pixels."""
    threshold = trusted(votes, thresholds(votes, classes, ignore=ignore), ignore=ignore)
    found = [
        region
        for image, each in enumerate(votes)
        for region in _of_image(image, each, confident(each, threshold, ignore=ignore), classes)
    ]
    return sorted(found, key=lambda each: (-each.suspicion * each.mask.sum() / each.mask.size, each.image))


def _of_image(image: int, each: Votes, doubtful: Bool[np.ndarray, "h w"], classes: int) -> Iterator[Region]:
    cell = np.where(doubtful, each.drawn.astype(np.int32) * classes + each.best, -1)
    inner = core(cell)
    for pair in np.unique(cell[inner]).tolist():
        for mask in pieces(cell == pair, inner):
            lead = (each.highest[mask] - each.own[mask]).astype(np.float64)
            score = float(each.highest[mask].astype(np.float64).mean())
            yield Region(image, pair // classes, pair % classes, mask, score, float(lead.mean()))


def core(cell: Int[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Pixels that are not -1 and around which all are alike, as far as an outline may be off."""
    from scipy.ndimage import maximum_filter, minimum_filter

    size = 2 * int(np.ceil(TOLERANCE * np.hypot(*cell.shape))) + 1
    alike = minimum_filter(cell, size, mode="nearest") == maximum_filter(cell, size, mode="nearest")
    return np.asarray(alike & (cell >= 0))


def pieces(
    mask: Bool[np.ndarray, "h w"], inner: Bool[np.ndarray, "h w"]
) -> Iterator[Bool[np.ndarray, "h w"]]:
    """The pieces of a mask that have a core and are a thousandth of the image or more."""
    from scipy.ndimage import label

    numbers, count = label(mask, np.ones((3, 3)))
    inside = np.bincount(numbers[mask & inner], minlength=count + 1)
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)
    for number in range(1, count + 1):
        if inside[number] and sizes[number] >= LEAST_SHARE * mask.size:
            yield numbers == number
