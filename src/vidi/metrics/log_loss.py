"""How surprised is the model by the truth?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import mean_of

CARD = Card(
    title="Log loss",
    idea="The mean of -ln of the probability given to the truth; 0 is best, and a sure mistake costs most.",
    paper="Good 1952, JRSS B 14, 107-114",
    differs="Probabilities are clipped to 1e-15: one sure mistake costs 34.5, not infinity; the note counts them.",
    serves=("classification", "multilabel"),
)
SMALLEST = 1e-15


def measure(scores: Scores) -> list[Measured]:
    """One number in nats. With several labels: the mean over examples and labels of the two-sided loss."""
    probability = scores.probability.astype(np.float64)
    if scores.truth.ndim == 2:
        given = np.where(scores.truth, probability, 1 - probability)
    else:
        given = np.take_along_axis(probability, scores.truth[:, None], axis=1)
    clipped = int((given < SMALLEST).sum())
    loss = -np.log(np.clip(given, SMALLEST, 1)).mean(axis=1)
    note = (
        f"{clipped} probabilities of the truth were below {SMALLEST:g} and count as that" if clipped else ""
    )
    return [mean_of("log loss", loss, scores, note=note, unit="nats")]
