"""How often is it right, if every label counted alike?"""

import numpy as np

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import bootstrapped, mean_defined, ratio

CARD = Card(
    title="Balanced accuracy",
    idea="The mean over the labels of the share of their examples that were found.",
    paper="Brodersen et al. 2010, ICPR, eq. 4",
    differs="Labels without an example in the truth are left out of the mean, and named.",
    serves=("classification",),
)


def measure(scores: Scores) -> list[Measured]:
    """The mean recall over the labels that occur in the truth."""
    count = len(scores.labels)
    truth = np.eye(count)[scores.truth]
    values = np.concatenate([truth * scores.correct[:, None], truth], axis=1)
    number = values[:, count:].sum(axis=0)
    missing = [label for label, n in zip(scores.labels, number, strict=True) if n == 0]
    present = number[number > 0]
    return bootstrapped(
        "balanced accuracy",
        values,
        lambda sums: mean_defined(ratio(sums[:, :count], sums[:, count:])),
        scores=scores,
        cell=scores.truth * 2 + scores.correct,
        effective=[len(present) ** 2 / (1 / present).sum() if len(present) else 0],
        notes=[
            f"without {len(missing)} labels that have no example: {', '.join(missing[:5])}" if missing else ""
        ],
    )
