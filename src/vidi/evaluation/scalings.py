"""One temperature, or a factor and an offset for every label? Compared on images that neither was fitted on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import mean_of
from vidi.ops.scaling import fit_vector_scaling
from vidi.ops.temperature import fit_temperature

FOLDS = 3
MOST_LOGITS = 200_000  # more would take seconds to fit


def compared_scalings(
    logits: Float[np.ndarray, "n c"], scores: Scores, *, folds: int = FOLDS
) -> Mapping[str, Any] | None:
    """Temperature against vector scaling: the log loss of each on folds that it was not fitted on.

    Groups stay in one fold. None where examples are too few, or labels too many, to fit them in passing.
    """
    n, classes = logits.shape
    if n < 10 * folds or n * classes > MOST_LOGITS:
        return None
    fold, truth = folds_of(scores, folds), np.asarray(scores.truth)
    losses = {name: np.zeros(n) for name in ("none", "temperature", "vector")}
    for number in range(folds):
        held, rest = fold == number, fold != number
        if not held.any() or not rest.any():
            return None
        temperature = fit_temperature(logits[rest], truth[rest])
        scaling = fit_vector_scaling(logits[rest], truth[rest])
        ways = {
            "none": logits[held],
            "temperature": logits[held] / temperature,
            "vector": scaling(logits[held]),
        }
        for name, moved in ways.items():
            losses[name][held] = log_losses(moved.astype(np.float64), truth[held])
    difference = losses["vector"] - losses["temperature"]
    apart = mean_of("log loss, vector minus temperature", difference, scores, unit="nats")
    return {
        "folds": folds,
        "n": n,
        "log_loss": {name: float(values.mean()) for name, values in losses.items()},
        "difference": apart.record(),
        "sentence": scaling_sentence(apart),
    }


def folds_of(scores: Scores, folds: int) -> Int[np.ndarray, " n"]:
    """A fold for each example, whatever their order; those of one group share it."""
    if scores.group is None:
        rank = np.argsort(np.argsort(scores.probability.max(axis=1), kind="stable"), kind="stable")
        return np.asarray(rank % folds)
    names, member = np.unique(scores.group, return_inverse=True)
    return np.asarray((np.random.default_rng(scores.seed).permutation(len(names)) % folds)[member])


def log_losses(logits: Float[np.ndarray, "n c"], truth: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(truth)), truth])


def scaling_sentence(apart: Measured) -> str:
    """What the comparison of the two scalings says."""
    value, low, high = (
        f"{end:+.3f}".replace("-0.000", "0.000") for end in (apart.value, apart.low, apart.high)
    )
    about = f"({value} nats [{low}, {high}] of log loss, cross-validated)"
    vector = "A factor and an offset for every label"
    if apart.low > 0:
        return f"{vector} would make the probabilities worse than one temperature {about}."
    if apart.high < 0:
        return f"{vector} would make the probabilities better than one temperature {about}."
    return f"{vector} cannot be told from one temperature {about}."
