"""Least squares with a penalty, out of fold, for many targets at once: cheap enough to be repeated by the hundred."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped

KNOTS = 5  # of each number's spline, at equal shares of the examples
MOST_LEVELS = 20  # of a column of names; the rarer ones count as one
RIDGE_SHARE = 10  # examples for each degree of freedom
STEPS = 60  # halvings: more than float64 can tell


def spline_basis(values: Float[np.ndarray, " n"], knots: int = KNOTS) -> Float32[np.ndarray, "n k"]:
    """A number as shares of the two knots it lies between: what is linear in these is a broken line in the number.

    Knots lie at equal shares of the examples, the least and the greatest included; a constant gives no column.
    """
    at = np.unique(np.quantile(values, np.linspace(0, 1, knots)))
    if len(at) < 2:
        return np.zeros((len(values), 0), dtype=np.float32)
    right = np.clip(np.searchsorted(at, values, side="right"), 1, len(at) - 1)
    share = (values - at[right - 1]) / (at[right] - at[right - 1])
    basis = np.zeros((len(values), len(at)), dtype=np.float32)
    rows = np.arange(len(values))
    basis[rows, right - 1], basis[rows, right] = 1 - share, share
    return basis


def level_basis(values: Shaped[np.ndarray, " n"], most: int = MOST_LEVELS) -> Float32[np.ndarray, "n k"]:
    """A name as one column of 0 and 1 for each of the most frequent levels, and one for all others."""
    names, number, count = np.unique(values.astype(str), return_inverse=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.lexsort((names, -count))] = np.arange(len(names))
    return np.eye(most + 1, dtype=np.float32)[np.minimum(rank, most)[number]][:, : len(names)]


def basis_of(columns: Sequence[Shaped[np.ndarray, " n"]]) -> Float32[np.ndarray, "n b"]:
    """Every column in its basis, side by side: numbers as splines, anything else as levels."""
    numeric = [np.issubdtype(column.dtype, np.number) for column in columns]
    each = [
        spline_basis(np.asarray(column, np.float64)) if number else level_basis(column)
        for column, number in zip(columns, numeric, strict=True)
    ]
    return np.concatenate(each, axis=1)


def penalty_for(spectrum: Float[np.ndarray, " k"], freedom: float) -> float:
    """The ridge penalty at which the sum of s / (s + penalty) over the spectrum, >= 0, is `freedom`."""
    kept = spectrum[spectrum > spectrum.max(initial=0.0) * 1e-9]
    if len(kept) <= freedom:
        return float(kept.min(initial=1.0)) * 1e-3
    low, high = 0.0, float(kept.sum()) / freedom
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if (kept / (kept + middle)).sum() > freedom else (low, middle)
    return high


@dataclass(frozen=True)
class Smoother:
    """A fit to the rows `inside` that answers for the rows `outside`, for any targets."""

    inside: Int[np.ndarray, " i"]
    outside: Int[np.ndarray, " o"]
    fitting: Float32[np.ndarray, "i b"]
    asking: Float32[np.ndarray, "b o"]

    def predict(self, y: Float32[np.ndarray, "n m"]) -> Float32[np.ndarray, "o m"]:
        """What the targets of the rows outside should be; only those inside are looked at."""
        given = y[self.inside]
        return np.asarray(self.asking.T @ (self.fitting.T @ given) + given.mean(axis=0))


def out_of_fold(x: Float32[np.ndarray, "n b"], fold: Int[np.ndarray, " n"]) -> list[Smoother]:
    """Ridge regression on all folds but one, for each.

    The penalty depends on `x` alone: a tenth as many degrees of freedom as there are examples inside, or as many as
    there are columns. So the same smoothers serve every target, shuffled ones too.
    """
    found = []
    for number in np.unique(fold):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        mean = x[inside].mean(axis=0)
        fitting, other = x[inside] - mean, x[outside] - mean
        spectrum, vector = np.linalg.eigh((fitting.T @ fitting).astype(np.float64))
        spectrum = np.maximum(spectrum, 0.0)
        penalty = penalty_for(spectrum, len(inside) / RIDGE_SHARE)
        inverse = (vector / (spectrum + penalty)) @ vector.T
        found.append(Smoother(inside, outside, fitting, (inverse @ other.T).astype(np.float32)))
    return found
