"""A factor and an offset for every class that make probabilities honest: vector scaling."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vidi.ops.temperature import COLDEST, HOTTEST, fit_temperature

STEPS = 200


@dataclass(frozen=True)
class VectorScaling:
    """Logits are multiplied by `factor` and moved by `offset`, class by class. A temperature T is the factor 1 / T."""

    factor: Float[np.ndarray, " c"]
    offset: Float[np.ndarray, " c"]

    @property
    def off(self) -> bool:
        """Whether it changes nothing."""
        return bool((self.factor == 1).all() and (self.offset == 0).all())

    def __call__(self, logits: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
        """The scaled logits; the very same array if there is nothing to change."""
        if self.off:
            return logits
        return np.asarray((logits * self.factor + self.offset).astype(logits.dtype))


def fit_vector_scaling(
    logits: Float[np.ndarray, "n c"],
    target: Int[np.ndarray, " n"] | Float[np.ndarray, "n c"],
    *,
    toward_temperature: float = 1.0,
    toward_identity: float = 0.0,
) -> VectorScaling:
    """The factors in [0.05, 20] and offsets with the lowest log loss on examples that nothing else was fitted on.

    Guo et al. 2017, arXiv:1706.04599, section 4.2. A pair for every class overfits where examples are few, so n
    times the mean loss is joined by `toward_temperature` x (squares of the offsets and of the factors' distances from
    their mean) and `toward_identity` x (squares of the offsets and of the factors' distances from 1): with 0 and 0 it
    is the paper's. Infinity is exact: temperature scaling, or no change at all. Unlike a temperature it may
    change which label is the most probable.
    """
    if not (toward_temperature >= 0 and toward_identity >= 0):
        raise ValueError(
            "toward_temperature and toward_identity are strengths, 0 or more; got "
            f"{toward_temperature} and {toward_identity}"
        )
    classes = logits.shape[1]
    if math.isinf(toward_identity) or not len(logits):
        return VectorScaling(np.ones(classes), np.zeros(classes))
    if math.isinf(toward_temperature) and toward_identity == 0:
        factor = 1 / fit_temperature(logits, target)
        return VectorScaling(np.full(classes, factor), np.zeros(classes))
    soft = np.eye(classes)[target] if target.ndim == 1 else target.astype(np.float64)
    return minimised(logits.astype(np.float64), soft, toward_temperature, toward_identity)


def minimised(
    logits: Float[np.ndarray, "n c"],
    target: Float[np.ndarray, "n c"],
    toward_temperature: float,
    toward_identity: float,
) -> VectorScaling:
    """By L-BFGS with bounds, from the best temperature or no change, whichever is better."""
    from scipy.optimize import minimize

    n, classes = logits.shape
    single = math.isinf(toward_temperature)  # one factor for all, no offsets
    apart = 0.0 if single else toward_temperature / n

    def spread(values: Float[np.ndarray, " p"]) -> tuple[np.ndarray, np.ndarray]:
        return (
            (np.full(classes, values[0]), np.zeros(classes))
            if single
            else (values[:classes], values[classes:])
        )

    def loss(values: Float[np.ndarray, " p"]) -> tuple[float, np.ndarray]:
        factor, offset = spread(values)
        value, by_logit = log_loss(logits * factor + offset, target)
        lone, away = factor - factor.mean(), factor - 1
        value += apart * (lone @ lone + offset @ offset) + toward_identity / n * (
            away @ away + offset @ offset
        )
        by_factor = (by_logit * logits).sum(axis=0) + 2 * apart * lone + 2 * toward_identity / n * away
        by_offset = by_logit.sum(axis=0) + 2 * (apart + toward_identity / n) * offset
        gradient = by_factor.sum(keepdims=True) if single else np.concatenate([by_factor, by_offset])
        return float(value), gradient

    size = 1 if single else classes
    starts = [
        np.concatenate([np.full(size, factor), np.zeros(0 if single else classes)])
        for factor in (1 / fit_temperature(logits, target), 1.0)
    ]
    bounds = [(1 / HOTTEST, 1 / COLDEST)] * size + [(None, None)] * (0 if single else classes)
    found = minimize(
        loss,
        min(starts, key=lambda start: loss(start)[0]),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": STEPS, "ftol": 1e-13, "gtol": 1e-9},
    )
    factor, offset = spread(found.x)
    return VectorScaling(factor.copy(), offset - offset.mean())  # a shift of all logits changes nothing


def log_loss(
    logits: Float[np.ndarray, "n c"], target: Float[np.ndarray, "n c"]
) -> tuple[float, Float[np.ndarray, "n c"]]:
    """Mean log loss in nats, and its gradient by the logits."""
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    total = exponent.sum(axis=1, keepdims=True)
    log_probability = logits - logits.max(axis=1, keepdims=True) - np.log(total)
    weight = target.sum(axis=1, keepdims=True)
    return float(-(target * log_probability).sum(axis=1).mean()), (weight * exponent / total - target) / len(
        logits
    )
