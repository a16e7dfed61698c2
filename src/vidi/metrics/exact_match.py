"""How often are all labels of an example right?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import share_of

CARD = Card(
    title="Exact match",
    idea="The share of examples with every label found and none too many; a label is said from probability 0.5 on.",
    paper="subset accuracy: Zhu et al. 2005, SIGIR",
    serves=("multilabel",),
)
THRESHOLD = 0.5


def measure(scores: Scores) -> list[Measured]:
    """One share, with Wilson's interval or a bootstrap over groups."""
    return [
        share_of("exact match", np.all((scores.probability >= THRESHOLD) == scores.truth, axis=1), scores)
    ]
