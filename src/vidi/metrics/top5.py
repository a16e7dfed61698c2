"""How often is the true label among the five most probable?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import share_of

CARD = Card(
    title="Top-5 accuracy",
    idea="The share of examples whose true label is among the five most probable; with more than 5 labels only.",
    paper="Russakovsky et al. 2015, arXiv:1409.0575, section 4.1",
    serves=("classification",),
)


def measure(scores: Scores) -> list[Measured]:
    """One share, or nothing with five labels or fewer. Of equal probabilities the earlier label is ahead."""
    count = len(scores.labels)
    if count <= 5:
        return []
    own = np.take_along_axis(scores.probability, scores.truth[:, None], axis=1)
    earlier = np.arange(count) < scores.truth[:, None]
    ahead = (scores.probability > own) | ((scores.probability == own) & earlier)
    return [share_of("top-5 accuracy", ahead.sum(axis=1) < 5, scores)]
