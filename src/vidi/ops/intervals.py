"""Intervals for shares: how far a count may be from the truth."""

import math

import numpy as np
from jaxtyping import Float, Int, Shaped

NO_INTERVAL = (math.nan, math.nan)


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a share, inside [0, 1]; (nan, nan) if n is 0.

    Wilson 1927, JASA 22, 209-212. It never collapses: 10 of 10 gives (0.722, 1).
    """
    check_counts(successes, n)
    if n == 0:
        return NO_INTERVAL
    return score_interval(successes / n, n, confidence)


def score_interval(share: float, n: int | float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a share of a number of units that need not be whole (an effective sample size)."""
    z = normal_quantile((1 + confidence) / 2)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if share == 0 else max(0.0, centre - half)
    return low, 1.0 if share == 1 else min(1.0, centre + half)


def clopper_pearson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval for a share: it covers at least `confidence` of the time; (nan, nan) if n is 0.

    Clopper & Pearson 1934, Biometrika 26, 404-413, through quantiles of the Beta distribution.
    """
    from scipy.special import betaincinv

    check_counts(successes, n)
    if n == 0:
        return NO_INTERVAL
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def logit_interval(share: float, standard_error: float, confidence: float = 0.95) -> tuple[float, float]:
    """A normal interval on the logit scale, for a share inside (0, 1): it stays there and leans away from the ends.

    (nan, nan) if the share is 0 or 1, or where the standard error isn't a number.
    """
    if not 0 < share < 1 or not math.isfinite(standard_error):
        return NO_INTERVAL
    middle = math.log(share / (1 - share))
    half = normal_quantile((1 + confidence) / 2) * standard_error / (share * (1 - share))
    return 0.5 * (1 + math.tanh((middle - half) / 2)), 0.5 * (1 + math.tanh((middle + half) / 2))


def cluster_error(
    influence: Float[np.ndarray, "n k"], group: Int[np.ndarray, " n"] | None = None
) -> Float[np.ndarray, " k"]:
    """Standard errors from each example's influence on a statistic; examples of one group count as one.

    The infinitesimal jackknife (Efron 1982, chapter 6) with the factor G / (G - 1) for G groups; nan if there is
    only one.
    """
    if group is not None:
        influence = sum_by(influence, group)
    units = len(influence)
    if units < 2:
        return np.full(influence.shape[1], math.nan)
    return np.asarray(np.sqrt((influence**2).sum(axis=0) * units / (units - 1)))


def sum_by(values: Float[np.ndarray, "n k"], group: Int[np.ndarray, " n"]) -> Float[np.ndarray, "g k"]:
    """Sums of the rows of each group, groups in ascending order."""
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[order], prepend=group[order[:1]] - 1))
    return np.asarray(np.add.reduceat(values[order], first, axis=0)) if len(values) else values


def midranks(values: Shaped[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Ranks from 1; equal values share the mean of their ranks."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(values) else order
    last = np.append(first[1:], len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((first + last + 1) / 2, last - first)
    return ranks


def normal_quantile(share: float) -> float:
    """Where the standard normal distribution function reaches `share`."""
    from statistics import NormalDist

    if not 0 < share < 1:
        raise ValueError(
            f"confidence is a share between 0 and 1, ends excluded; the quantile came to {share}"
        )
    return NormalDist().inv_cdf(share)


def check_counts(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"successes are counted among n, 0 <= successes <= n; got {successes} of {n}")
