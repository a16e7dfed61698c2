"""Scores of found objects against the share that is right, in bins of the score, counted in each image."""

import numpy as np
from jaxtyping import Float

from vidi.ops.average_precision import FIFTY
from vidi.ops.bootstrap import ratio
from vidi.ops.detected import Detected
from vidi.ops.matching import matches_of

BINS = 10
LEAST = 0.05  # detectors answer with hundreds of near-zero scores, which would drown the rest


def binned(detected: Detected, label: int | None = None) -> Float[np.ndarray, "n b 2"]:
    """For each image and bin: the sum of right minus score over the objects that are judged, and their number.

    With `label`, over those that are called so. Raises ValueError for scores above 1.
    """
    matches = matches_of(detected)
    score = detected.score[matches.ranked]
    if len(score) and score.max() > 1:
        raise ValueError(f"a calibration error wants scores in [0, 1]; got {score.max():.3g}")
    keep = ~matches.ignored[FIFTY] & (score >= LEAST)
    if label is not None:
        keep &= detected.found.label[matches.ranked] == label
    score, image = score[keep], detected.found.image[matches.ranked][keep]
    right = (matches.true[FIFTY] >= 0)[keep]
    bins = np.minimum((score * BINS).astype(np.int64), BINS - 1)
    values = np.zeros((detected.images, BINS, 2))
    np.add.at(values, (image, bins, 0), right - score)
    np.add.at(values, (image, bins, 1), 1)
    return values


def error(sums: Float[np.ndarray, "r b 2"]) -> Float[np.ndarray, " r"]:
    """The gap between score and share right, weighted by the bins' objects, in [0, 1]; nan without any."""
    return ratio(np.abs(sums[..., 0]).sum(axis=1), sums[..., 1].sum(axis=1))
