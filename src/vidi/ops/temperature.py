"""One number that makes probabilities honest without changing an answer."""

import math

import numpy as np
from jaxtyping import Bool, Float, Int

COLDEST, HOTTEST = 0.05, 20.0
GOLDEN = (math.sqrt(5) - 1) / 2


def fit_temperature(
    logits: Float[np.ndarray, "n c"],
    target: Int[np.ndarray, " n"] | Bool[np.ndarray, "n c"] | Float[np.ndarray, "n c"],
    kind: str = "classification",
) -> float:
    """The T in [0.05, 20] for which logits / T have the lowest log loss; 1 for no examples.

    `kind` is `classification` (softmax) or `multilabel` (logistic). The loss is convex in 1/T, so golden-section
    search in 1/T finds its one minimum (Guo et al. 2017, arXiv:1706.04599, section 4.2). Fit it on examples that
    neither training nor the test saw.
    """
    if kind not in ("classification", "multilabel"):
        raise ValueError(f"kind is classification or multilabel; got {kind!r}")
    if not len(logits):
        return 1.0
    logits = logits.astype(np.float64)
    soft = np.eye(logits.shape[1])[target] if target.ndim == 1 else target.astype(np.float64)

    def loss(inverse: float) -> float:
        return scaled_loss(logits * inverse, soft, kind)

    low, high = 1 / HOTTEST, 1 / COLDEST
    inner = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)]
    at = [loss(inner[0]), loss(inner[1])]
    while high - low > 1e-9 * high:
        if at[0] <= at[1]:
            high, inner[1], at[1] = inner[1], inner[0], at[0]
            inner[0] = high - GOLDEN * (high - low)
            at[0] = loss(inner[0])
        else:
            low, inner[0], at[0] = inner[0], inner[1], at[1]
            inner[1] = low + GOLDEN * (high - low)
            at[1] = loss(inner[1])
    best = min((low + high) / 2, 1 / HOTTEST, 1 / COLDEST, 1.0, key=loss)
    return min(max(1 / best, COLDEST), HOTTEST)


def scaled_loss(
    logits: Float[np.ndarray, "n c"], target: Float[np.ndarray, "n c"], kind: str = "classification"
) -> float:
    """Log loss in nats: mean over examples, and over labels where each is asked for by itself."""
    if kind == "multilabel":
        return float((np.logaddexp(0, logits) - target * logits).mean())
    shifted = logits - logits.max(axis=1, keepdims=True)
    normaliser = np.log(np.exp(shifted).sum(axis=1))
    return float((target.sum(axis=1) * normaliser - (target * shifted).sum(axis=1)).mean())
