"""How far apart several groups are: the largest gap, the smallest ratio, the worst share, each with its interval.

The gap of what was measured is larger than the gap of the truth: among many groups, chance alone sets some apart, and a
bootstrap's percentiles repeat the mistake. So the end that chance pushes outwards is that of the simultaneous
intervals of all pairs (Tukey 1953; Kramer 1956, Biometrics 12, 307-310; for unequal groups conservative: Hayter 1984,
Annals of Statistics 12, 61-75). The other end needs no correction: it can only be missed through the one pair that is
truly furthest apart. Groups are independent of each other, except in `gap_of_draws`.
"""

import math
from functools import cache

import numpy as np
from jaxtyping import Float, Int

from vidi.ops.differences import ratio_limit
from vidi.ops.intervals import NO_INTERVAL, check_counts, normal_quantile, score_interval


def gap_of_shares(
    successes: Int[np.ndarray, " k"], n: Int[np.ndarray, " k"], confidence: float = 0.95
) -> tuple[float, float]:
    """Interval in [0, 1] for the largest share minus the smallest; it covers at least `confidence` of the time.

    Two groups: the size of Newcombe's difference. Groups without examples are left out; (nan, nan) if fewer than two
    are left.
    """
    successes, n = with_examples(successes, n)
    if len(n) < 2:
        return NO_INTERVAL
    share = successes / n
    outer = simultaneous(len(n), confidence)
    lowest, highest = score_limits(share, n, outer)
    down = np.hypot(share - lowest, (highest - share)[:, None])  # row: subtracted; column: from which
    low = float(np.max(share - share[:, None] - down))
    lowest, highest = score_limits(share, n, confidence)
    up = np.hypot(highest - share, (share - lowest)[:, None])
    np.fill_diagonal(up, 0.0)
    return max(0.0, low), min(1.0, float(np.max(share - share[:, None] + up)))


def ratio_of_shares(
    successes: Int[np.ndarray, " k"], n: Int[np.ndarray, " k"], confidence: float = 0.95
) -> tuple[float, float]:
    """Interval in [0, 1] for the smallest share divided by the largest; it covers at least `confidence` of the time.

    Two groups: Koopman's score interval, turned so that it is below 1. Groups without examples are left out; (nan, nan)
    if fewer than two are left, or where no group has a success: then the ratio is 0/0.
    """
    successes, n = with_examples(successes, n)
    if len(n) < 2 or not successes.any():
        return NO_INTERVAL
    first, second = np.nonzero(~np.eye(len(n), dtype=bool))
    pairs = [each.astype(np.float64) for each in (successes[first], n[first], successes[second], n[second])]
    z, outer = (normal_quantile((1 + each) / 2) for each in (confidence, simultaneous(len(n), confidence)))
    low, high = ratio_limit(*pairs, z=z), ratio_limit(*pairs, z=-outer)
    return float(low.min()), min(1.0, float(high.min()))


def worst_share(
    successes: Int[np.ndarray, " k"], n: Int[np.ndarray, " k"], confidence: float = 0.95
) -> tuple[float, float]:
    """Interval in [0, 1] for the smallest share; it covers at least `confidence` of the time.

    The upper end is corrected after Šidák 1967, JASA 62, 626-633. For the largest share, count misses instead. Groups
    without examples are left out; (nan, nan) if none is left. One group: Wilson's interval.
    """
    successes, n = with_examples(successes, n)
    if not len(n):
        return NO_INTERVAL
    share = successes / n
    tail = 1 - (1 - (1 - confidence) / 2) ** (1 / len(n))
    return (
        float(score_limits(share, n, confidence)[0].min()),
        float(score_limits(share, n, 1 - 2 * tail)[1].min()),
    )


def gap_of_draws(
    value: Float[np.ndarray, " k"], drawn: Float[np.ndarray, "r k"], confidence: float = 0.95
) -> tuple[float, float]:
    """Interval from 0 up for the largest value minus the smallest, from replicates of all of them together.

    For what is no share, or where examples are no units (patients who stand in several groups). Values that are nan
    are left out, nan among the replicates counts as the mean of its column; (nan, nan) if fewer than two values are
    left or nothing varies. For the smallest ratio give logarithms and take exp(-high), exp(-low).
    """
    known = ~np.isnan(value)
    value, drawn = value[known], drawn[:, known]
    if len(value) < 2 or len(drawn) < 2:
        return NO_INTERVAL
    defined = ~np.isnan(drawn)
    middle = np.where(defined, drawn, 0.0).sum(axis=0) / np.maximum(defined.sum(axis=0), 1)
    centred = np.where(defined, drawn - middle, 0.0)
    covariance = centred.T @ centred / (len(drawn) - 1)
    variance = np.diag(covariance)
    error = np.sqrt(np.maximum(0.0, variance + variance[:, None] - 2 * covariance))
    if not error.any():
        return NO_INTERVAL
    difference = value - value[:, None]
    z, outer = (
        normal_quantile((1 + each) / 2) for each in (confidence, simultaneous(len(value), confidence))
    )
    return max(0.0, float(np.max(difference - outer * error))), float(np.max(difference + z * error))


def simultaneous(groups: int, confidence: float) -> float:
    """The confidence of each pair's interval with which all pairs of so many groups hold together."""
    return math.erf(range_quantile(groups, confidence) / 2)


@cache
def range_quantile(groups: int, confidence: float) -> float:
    """The range that so many independent standard normal numbers stay within with probability `confidence`.

    Two groups: sqrt(2) times the normal quantile. P(range <= q) = k ∫ φ(x) [Φ(x) - Φ(x - q)]^(k-1) dx, by halving.
    """
    from scipy.special import ndtr

    if groups < 2 or not 0 < confidence < 1:
        raise ValueError(
            f"a range wants two groups or more and a confidence in (0, 1); got {groups}, {confidence}"
        )
    x = np.linspace(-9, 9, 3601)
    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi) * (x[1] - x[0])
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        within = groups * float(density @ (ndtr(x) - ndtr(x - middle)) ** (groups - 1))
        low, high = (middle, high) if within < confidence else (low, middle)
    return (low + high) / 2


def score_limits(
    share: Float[np.ndarray, " k"], n: Int[np.ndarray, " k"], confidence: float
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Wilson's lower and upper limits of each share."""
    limits = [score_interval(float(one), int(many), confidence) for one, many in zip(share, n, strict=True)]
    return np.array([low for low, _ in limits]), np.array([high for _, high in limits])


def with_examples(
    successes: Int[np.ndarray, " k"], n: Int[np.ndarray, " k"]
) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    for part, whole in zip(successes.tolist(), n.tolist(), strict=True):
        check_counts(part, whole)
    return successes[n > 0], n[n > 0]
