"""What detection metrics share: COCO's precision and recall with an interval from replicates of the images."""

import math

import numpy as np
from jaxtyping import Float, Int

from vidi.core.measured import Measured
from vidi.core.scores import Draws
from vidi.ops.average_precision import average_precision, once, ranking, recall, replicates_of
from vidi.ops.bootstrap import interval_of, mean_defined
from vidi.ops.detected import Detected
from vidi.ops.matching import matches_of


def measured(
    name: str,
    value: float,
    drawn: Float[np.ndarray, " r"],
    detected: Detected,
    *,
    of: str = "",
    n: int | None = None,
    note: str = "",
    unit: str = "share",
) -> Measured:
    """One number with the middle 95 % of its replicates; `n` images stand behind it (all, unless it is given)."""
    n = detected.images if n is None else n
    groups = n if detected.group is None else len(np.unique(detected.group))
    made = Draws(len(drawn), detected.seed, detected.group)
    drawn = drawn if detected.images > 1 else drawn[:0]
    low, high, method, said = interval_of(float(value), drawn, made, min(n, groups), unit)

    if math.isnan(value):
        note = note or f"no object of {of or 'any label'} in the truth, so nothing could be found or missed"
    return Measured(
        name, float(value), low, high, n, method, of=of, unit=unit, note="; ".join(filter(None, [note, said]))
    )


def precision_of(detected: Detected, size: str = "all") -> Float[np.ndarray, "k t"]:
    """Average precision of each label at each overlap, computed once for a record; nan where none is there."""
    found = detected.remembered(
        f"precision {size}",
        lambda: average_precision(ranking(detected, matches_of(detected, size)), once(detected.images)),
    )
    return np.asarray(found[0])


def precision_drawn(detected: Detected, size: str = "all") -> Float[np.ndarray, "r k t"]:
    """Average precision of each label at each overlap in each replicate, computed once for a record."""
    return detected.remembered(
        f"drawn precision {size}",
        lambda: average_precision(ranking(detected, matches_of(detected, size)), counts_of(detected)),
    )


def recall_drawn(detected: Detected, size: str = "all", *, most: int = 100) -> Float[np.ndarray, "r k"]:
    """Recall of each label in each replicate, with the `most` surest of each image and label."""
    return _recall(detected, counts_of(detected), size, most)


def recall_of(detected: Detected, size: str = "all", *, most: int = 100) -> Float[np.ndarray, " k"]:
    """Recall of each label, with the `most` surest of each image and label; nan where none is there."""
    return np.asarray(_recall(detected, once(detected.images), size, most)[0])


def _recall(
    detected: Detected, counts: Int[np.ndarray, "r n"], size: str, most: int
) -> Float[np.ndarray, "r k"]:
    matches = matches_of(detected, size)
    return recall(ranking(detected, matches), counts, matches.rank < most)


def counts_of(detected: Detected) -> Int[np.ndarray, "r n"]:
    """How often each image is in each replicate, drawn once for a record."""
    return detected.remembered("counts", lambda: replicates_of(detected))


def mean_of(values: np.ndarray) -> Float[np.ndarray, " r"]:
    """The mean over all but the first axis of what is a number."""
    return mean_defined(values.reshape(len(values), -1))[:, 0]


def images_with(detected: Detected, label: int) -> int:
    """Images whose truth has the label."""
    return len(np.unique(detected.truth.image[detected.truth.label == label]))


def absent(detected: Detected) -> str:
    """A note on labels that no true object has; empty if there are none."""
    count = np.bincount(detected.truth.label[~detected.truth.is_crowd], minlength=len(detected.labels))
    missing = [label for label, n in zip(detected.labels, count, strict=True) if n == 0]
    return f"without {len(missing)} labels that have no object: {', '.join(missing[:5])}" if missing else ""
