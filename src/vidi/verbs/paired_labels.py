"""Two runs whose answers are labels, on the same images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vidi.core.errors import UsageError
from vidi.ops.paired import mcnemar, paired_bootstrap, paired_counts
from vidi.verbs.sides import Compared, Difference, Side, groups_of

COUNTED = ("both", "first only", "second only", "neither")


def compared(first: Side, second: Side, shared: Sequence[str], *, seed: int) -> Compared:
    """Accuracy and log loss; McNemar's p value, or where groups are drawn whole the bootstrap's.

    An answer is as good as the probability of the truth is high.
    """
    if first.task != "classification":
        raise UsageError(f"{first.path} is a run of the task {first.task}, which is not compared so far")
    rights = [right(each, shared) for each in (first, second)]
    chances = [probability_of_truth(each, shared) for each in (first, second)]
    losses = [-np.log(np.clip(each, 1e-12, 1.0)) for each in chances]
    group = groups_of(first, shared)
    counts = paired_counts(rights[0], rights[1])
    accuracy, log_loss = (
        paired_bootstrap(column(b), column(a), lambda sums: sums[:, :1] / sums[:, 1:], seed=seed, group=group)
        for a, b in (rights, losses)
    )
    return Compared(
        (Difference("accuracy", "", accuracy), Difference("log loss", "", log_loss)),
        mcnemar(counts[1], counts[2]) if group is None else accuracy.p,
        dict(zip(COUNTED, counts, strict=True)),
        (chances[0], chances[1]),
    )


def right(side: Side, shared: Sequence[str]) -> NDArray[np.bool_]:
    return np.asarray([side.answers[key]["truth"] == side.answers[key]["prediction"] for key in shared])


def probability_of_truth(side: Side, shared: Sequence[str]) -> NDArray[np.float64]:
    given = [side.answers[key][f"p({side.answers[key]['truth']})"] for key in shared]
    return np.asarray(given, np.float64)


def column(values: NDArray[Any]) -> Float[np.ndarray, "n 2"]:
    """Beside each value a one, so that their sums give a mean."""
    return np.stack([values.astype(np.float64), np.ones(len(values))], axis=1)
