"""How often is the most probable label the true one?"""

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import share_of

CARD = Card(
    title="Accuracy",
    idea="The share of examples whose most probable label is the true one.",
    paper="interval: Wilson 1927; with groups: bootstrap over groups, Efron 1979",
    serves=("classification",),
)


def measure(scores: Scores) -> list[Measured]:
    """One share. Examples of one group (a patient, a student) are not independent, so groups are drawn whole."""
    return [share_of("accuracy", scores.correct, scores)]
