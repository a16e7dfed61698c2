"""Does every label's probability mean what it says, also where another label wins?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.calibration import NOTE, measured_error
from vidi.ops.reliability import equal_mass

CARD = Card(
    title="Class-wise calibration error",
    idea="The gap between a label's probability and how often it is the true one, in 15 bins, mean over labels.",
    paper="Kull et al. 2019, arXiv:1910.12656, section 2 (class-wise ECE)",
    differs="Bins of equally many examples, where the paper's are of equal width.",
    serves=("classification",),
)


def measure(scores: Scores) -> list[Measured]:
    """One number in [0, 1]; a label without examples counts too, since its probability should then be 0."""
    probability = scores.probability.astype(np.float64)
    gap = probability - np.eye(len(scores.labels))[scores.truth]
    bins = np.stack([equal_mass(column) for column in probability.T], axis=1)
    note = f"mean over {len(scores.labels):,} labels; {NOTE}"
    return [measured_error("class-wise calibration error", gap, bins, scores, note=note)]
