"""Intervals for two shares side by side: their difference, the same over pairs, and their ratio."""

import math

import numpy as np
from jaxtyping import Float

from vidi.ops.intervals import NO_INTERVAL, check_counts, normal_quantile, wilson

HALVINGS = 80  # of an interval of logarithms: far below a double's precision
WIDEST_LOG = 46.0  # ratios are sought between 1e-20 and 1e20


def newcombe(
    successes: int, n: int, other_successes: int, other_n: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval in [-1, 1] for a share minus the share of another, independent group; (nan, nan) if a group is empty.

    Wilson's limits of both, combined as squares. It never collapses: 10 of 10 minus 0 of 10 gives (0.61, 1).
    Newcombe 1998, Statistics in Medicine 17, 873-890, method 10.
    """
    (low, high), (other_low, other_high) = (
        wilson(successes, n, confidence),
        wilson(other_successes, other_n, confidence),
    )
    if not n or not other_n:
        return NO_INTERVAL
    share, other = successes / n, other_successes / other_n
    return (
        max(-1.0, share - other - math.hypot(share - low, other_high - other)),
        min(1.0, share - other + math.hypot(high - share, other - other_low)),
    )


def newcombe_paired(
    both: int, first_only: int, second_only: int, neither: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval in [-1, 1] for the first share minus the second, both of the same examples; (nan, nan) of none.

    The counts say for how many examples both hold, only the first, only the second, neither. Unlike a plain normal
    interval it does not collapse when no example differs. Newcombe 1998, Statistics in Medicine 17, 2635-2650,
    method 10: Wilson's limits of both shares, combined through their correlation, corrected for continuity.
    """
    n = both + first_only + second_only + neither
    if min(both, first_only, second_only, neither) < 0:
        raise ValueError(f"pairs are counted, >= 0; got {both}, {first_only}, {second_only}, {neither}")
    if not n:
        return NO_INTERVAL
    first, second = (both + first_only) / n, (both + second_only) / n
    (low, high), (other_low, other_high) = (
        wilson(both + first_only, n, confidence),
        wilson(both + second_only, n, confidence),
    )
    correlation = corrected_correlation(both, first_only, second_only, neither)

    def half(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one**2 - 2 * correlation * one * other + other**2))

    return (
        max(-1.0, first - second - half(first - low, other_high - second)),
        min(1.0, first - second + half(high - first, second - other_low)),
    )


def corrected_correlation(both: int, first_only: int, second_only: int, neither: int) -> float:
    """Phi of a 2 x 2 table, a positive one moved towards 0 by half an example; 0 where a margin is empty."""
    margins = (both + first_only) * (second_only + neither) * (both + second_only) * (first_only + neither)
    if not margins:
        return 0.0
    excess = both * neither - first_only * second_only
    if excess > 0:
        excess_corrected = max(0.0, excess - (both + first_only + second_only + neither) / 2)
        return excess_corrected / math.sqrt(margins)
    return excess / math.sqrt(margins)


def score_ratio(
    successes: int, n: int, other_successes: int, other_n: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval in [0, inf] for a share divided by the share of another, independent group.

    No success gives a lower end of 0, none in the other group an upper end of infinity; (nan, nan) if a group is
    empty. Koopman 1984, Biometrics 40, 513-517, in the form of Miettinen & Nurminen 1985 without their factor
    n / (n - 1).
    """
    check_counts(successes, n)
    check_counts(other_successes, other_n)
    if not n or not other_n:
        return NO_INTERVAL
    counts = [np.array([float(count)]) for count in (successes, n, other_successes, other_n)]
    z = normal_quantile((1 + confidence) / 2)
    low, high = (float(ratio_limit(*counts, z=sign * z)[0]) for sign in (1, -1))
    return low, high


def ratio_limit(
    part: Float[np.ndarray, " m"],
    whole: Float[np.ndarray, " m"],
    other_part: Float[np.ndarray, " m"],
    other_whole: Float[np.ndarray, " m"],
    *,
    z: float,
) -> Float[np.ndarray, " m"]:
    """The ratio of shares whose score is `z`: the lower limit if z > 0, the upper if z < 0. Found by halving."""
    below, above = np.full(len(part), -WIDEST_LOG), np.full(len(part), WIDEST_LOG)
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        higher = ratio_score(np.exp(middle), part, whole, other_part, other_whole) > z
        below, above = np.where(higher, middle, below), np.where(higher, above, middle)
    limit = np.exp((below + above) / 2)
    return np.asarray(np.where(part == 0, 0.0, limit) if z > 0 else np.where(other_part == 0, np.inf, limit))


def ratio_score(
    ratio: Float[np.ndarray, " m"],
    part: Float[np.ndarray, " m"],
    whole: Float[np.ndarray, " m"],
    other_part: Float[np.ndarray, " m"],
    other_whole: Float[np.ndarray, " m"],
) -> Float[np.ndarray, " m"]:
    """How many standard errors the shares are from standing in `ratio`; falls as the ratio grows, 0 at theirs.

    The standard error is that of the likeliest shares which do stand in it (Miettinen & Nurminen 1985, eq. 10).
    """
    a = (whole + other_whole) * ratio
    b = whole * ratio + part + other_whole + other_part * ratio
    c = part + other_part
    other = np.minimum(1.0, 2 * c / (b + np.sqrt(np.maximum(0.0, b**2 - 4 * a * c))))
    share = np.minimum(1.0, ratio * other)
    variance = share * (1 - share) / whole + ratio**2 * other * (1 - other) / other_whole
    difference = part / whole - ratio * other_part / other_whole
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(difference == 0, 0.0, difference / np.sqrt(variance)))
