"""When the model says 80 %, is it right 80 times of 100?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.calibration import measured_error
from vidi.ops.reliability import equal_mass, equal_width

CARD = Card(
    title="Calibration error",
    idea="The gap between the highest probability and the share of right answers, in 15 bins, mean over examples.",
    paper="Guo et al. 2017, arXiv:1706.04599, eq. 3; equal-mass bins: Nguyen & O'Connor 2015, arXiv:1508.05154",
    differs="Equal-mass bins first (equal-width second, as published); the upward bias of few examples is said.",
    serves=("classification",),
)


def measure(scores: Scores) -> list[Measured]:
    """Two numbers in [0, 1]: with bins of equally many examples, and with bins of equal width."""
    confidence = scores.probability.max(axis=1).astype(np.float64) if len(scores.truth) else np.zeros(0)
    gap = confidence - scores.correct
    kinds = {
        "calibration error": equal_mass(confidence),
        "calibration error, equal width": equal_width(confidence),
    }
    return [measured_error(name, gap[:, None], bins[:, None], scores) for name, bins in kinds.items()]
