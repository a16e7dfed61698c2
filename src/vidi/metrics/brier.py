"""How far are the probabilities from the truth?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import mean_of

CARD = Card(
    title="Brier score",
    idea="The squared distance of the probabilities from the truth, mean over examples; 0 is best.",
    paper="Brier 1950, Monthly Weather Review 78, 1-3, eq. 2",
    differs="With one label each: the sum over all labels, 0 to 2, as Brier has it. With several: the mean, 0 to 1.",
    serves=("classification", "multilabel"),
)


def measure(scores: Scores) -> list[Measured]:
    """One number: in [0, 2] with one label for each example, in [0, 1] with several."""
    several = scores.truth.ndim == 2
    truth = scores.truth.astype(np.float64) if several else np.eye(len(scores.labels))[scores.truth]
    square = (scores.probability.astype(np.float64) - truth) ** 2
    distance = square.mean(axis=1) if several else square.sum(axis=1)
    note = "mean over labels, 0 to 1" if several else "sum over labels, 0 to 2"
    return [mean_of("Brier score", distance, scores, note=note, unit="squared error")]
