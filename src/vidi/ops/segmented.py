"""Classes of pixels that were found beside those that are there, counted in each image."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Integer

from vidi.core.errors import UsageError

TOLERANCE = 0.0075  # of the image's diagonal: how far a boundary may be off (Csurka et al. 2013)


@dataclass(frozen=True)
class Segmented:
    """Counts of each image's pixels by true class (rows) and predicted class (columns); ignored pixels are in none.

    `boundary` is, for each image and class, the F score of its outline, nan where neither has it. `replicates` and
    `seed` are for the bootstrap over images; `group` keeps images of one group together in it.
    """

    confusion: Int[np.ndarray, "n k k"]
    boundary: Float[np.ndarray, "n k"]
    labels: tuple[str, ...]
    replicates: int = 1000
    seed: int = 0
    group: Int[np.ndarray, " n"] | None = None

    def __post_init__(self) -> None:
        if self.confusion.shape[1] != len(self.labels):
            raise ValueError(f"{self.confusion.shape[1]} classes counted, {len(self.labels)} labels named")

    @property
    def right(self) -> Float[np.ndarray, "n k"]:
        """Pixels of each class that were found."""
        return np.diagonal(self.confusion, axis1=1, axis2=2).astype(np.float64)

    @property
    def true(self) -> Float[np.ndarray, "n k"]:
        return np.asarray(self.confusion.sum(axis=2), dtype=np.float64)

    @property
    def predicted(self) -> Float[np.ndarray, "n k"]:
        return np.asarray(self.confusion.sum(axis=1), dtype=np.float64)


def segmented(
    maps: Iterable[tuple[np.ndarray, np.ndarray]],
    labels: tuple[str, ...],
    *,
    ignore: int | None = None,
    replicates: int = 1000,
    seed: int = 0,
    group: Int[np.ndarray, " n"] | None = None,
) -> Segmented:
    """Counts from (true, predicted) maps of class numbers, one pair of one size for each image, one at a time.

    Pixels whose true number is `ignore` count nowhere. Raises UsageError for maps of two sizes or other numbers.
    """
    counts, outlines = [], []
    for number, (true, predicted) in enumerate(maps):
        _check(true, predicted, len(labels), ignore, number)
        counts.append(confusion(true, predicted, len(labels), ignore=ignore))
        outlines.append(boundary_f(true, predicted, len(labels), ignore=ignore))
    k = len(labels)
    return Segmented(
        np.array(counts, dtype=np.int64).reshape(-1, k, k),
        np.array(outlines, dtype=np.float64).reshape(-1, k),
        labels,
        replicates,
        seed,
        group,
    )


def _check(true: np.ndarray, predicted: np.ndarray, classes: int, ignore: int | None, number: int) -> None:
    if true.shape != predicted.shape:
        raise UsageError(
            f"the maps of image {number} are of one size; the truth is {true.shape}, the prediction "
            f"{predicted.shape}: scale the prediction to the truth"
        )
    for name, each, allowed in (("truth", true, ignore), ("prediction", predicted, None)):
        other = (each < 0) | (each >= classes)
        if allowed is not None:
            other &= each != allowed
        if other.any():
            raise UsageError(
                f"classes are numbered 0 to {classes - 1}; the {name} of image {number} has {int(each[other][0])}: "
                "say which number is to be ignored, or name more classes"
            )


def confusion(
    true: Integer[np.ndarray, "h w"],
    predicted: Integer[np.ndarray, "h w"],
    classes: int,
    *,
    ignore: int | None = None,
) -> Int[np.ndarray, "k k"]:
    """Pixels by true class (rows) and predicted class (columns)."""
    cell = true.astype(np.int64) * classes + predicted
    known = cell.ravel() if ignore is None else cell[true != ignore]
    return np.bincount(known, minlength=classes * classes).reshape(classes, classes)


def boundary_f(
    true: Integer[np.ndarray, "h w"],
    predicted: Integer[np.ndarray, "h w"],
    classes: int,
    *,
    ignore: int | None = None,
    tolerance: float = TOLERANCE,
) -> Float[np.ndarray, " k"]:
    """The F score of each class's outline, in [0, 1]; nan where neither map has the class.

    Precision is the share of the predicted outline that is within `tolerance` (times the diagonal, rounded up) of the
    true one, recall the other way round. Pixels to be ignored have no outline, and none of theirs is predicted.
    Csurka et al. 2013, What is a good evaluation measure for semantic segmentation?, BMVC, section 2.2.
    """
    radius = int(np.ceil(tolerance * np.hypot(*true.shape)))
    known = np.ones(true.shape, dtype=bool) if ignore is None else true != ignore
    numbers = np.arange(classes)[:, None, None]
    there, found = outline((true == numbers) & known, known), outline((predicted == numbers) & known, known)
    count_t, count_f = there.sum(axis=(1, 2)), found.sum(axis=(1, 2))
    hit_t, hit_f = ((a & dilated(b, radius)).sum(axis=(1, 2)) for a, b in ((there, found), (found, there)))
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = hit_f / count_f, hit_t / count_t
        score = 2 * precision * recall / (precision + recall)
    either = ((true == numbers) & known).any(axis=(1, 2)) | ((predicted == numbers) & known).any(axis=(1, 2))
    score = np.where((count_t == 0) & (count_f == 0), 1.0, np.nan_to_num(score))  # both fill the image
    return np.where(either, score, np.nan)


def outline(mask: Bool[np.ndarray, "k h w"], known: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "k h w"]:
    """Pixels of each mask that have a neighbour (of four) outside it; the image's border and ignored pixels are no
    outside."""
    edge = np.zeros_like(mask)
    for here, there in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:, :, 1:], np.s_[:, :, :-1]),
        (np.s_[:, :, :-1], np.s_[:, :, 1:]),
    ):
        edge[here] |= mask[here] & ~mask[there] & known[there[1:]]
    return edge


def dilated(mask: Bool[np.ndarray, "k h w"], radius: int) -> Bool[np.ndarray, "k h w"]:
    """Pixels within `radius` (straight distance, in pixels) of one of the mask, a row of the disk at a time."""
    height, width = mask.shape[1:]
    before = np.zeros((*mask.shape[:2], width + 1), dtype=np.int32)
    np.cumsum(mask, axis=2, out=before[:, :, 1:])
    wide = np.zeros_like(mask)
    for down in range(-min(radius, height - 1), min(radius, height - 1) + 1):
        half = int(np.sqrt(radius**2 - down**2))
        left = np.clip(np.arange(width) - half, 0, width)
        right = np.clip(np.arange(width) + half + 1, 0, width)
        near = before[:, :, right] > before[:, :, left]
        wide[:, max(0, down) : height + min(0, down)] |= near[:, max(0, -down) : height + min(0, -down)]
    return wide


__all__ = ["Segmented", "boundary_f", "confusion", "dilated", "outline", "segmented"]
