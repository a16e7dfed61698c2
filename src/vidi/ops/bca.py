"""A bootstrap interval that leans where the statistic is biased or skewed, and draws that keep strata whole in size.

As in `ops.bootstrap`, whatever is a function of sums over examples needs no rows: leaving one example out is the
sums without its values.
"""

import math

import numpy as np
from jaxtyping import Float, Int

from vidi.ops.bootstrap import BLOCK, Statistic, replicate_sums
from vidi.ops.intervals import NO_INTERVAL, normal_quantile, sum_by


def bca(
    value: float,
    drawn: Float[np.ndarray, " r"],
    left_out: Float[np.ndarray, " u"],
    confidence: float = 0.95,
    *,
    stratum: Int[np.ndarray, " u"] | None = None,
) -> tuple[float, float]:
    """Bias-corrected and accelerated interval, from replicates and from the statistic without each unit.

    Replicates that are nan are left out. (nan, nan) where nothing varies or all replicates lie on one side of the
    value. Efron 1987, JASA 82, 171-185; strata: Davison & Hinkley 1997, Bootstrap Methods, section 5.3.
    """
    from scipy.special import ndtr, ndtri

    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn) or math.isnan(value) or drawn.min() == drawn.max():
        return NO_INTERVAL
    below = (int((drawn < value).sum()) + int((drawn <= value).sum())) / (2 * len(drawn))
    skew = acceleration(left_out, stratum)
    if not 0 < below < 1 or math.isnan(skew):
        return NO_INTERVAL
    bias, z = float(ndtri(below)), normal_quantile((1 + confidence) / 2)
    ends = []
    for sign in (-1, 1):
        shifted = bias + sign * z
        ends.append(float(ndtr(bias + shifted / (1 - skew * shifted))))
    low, high = np.quantile(drawn, ends)
    return float(low), float(high)


def acceleration(left_out: Float[np.ndarray, " u"], stratum: Int[np.ndarray, " u"] | None = None) -> float:
    """A sixth of the skewness of each unit's influence, from the statistic without it; nan where nothing varies."""
    strata = np.zeros(len(left_out), dtype=np.int64) if stratum is None else stratum
    cubes = squares = 0.0
    for number in np.unique(strata):
        one = left_out[strata == number]
        influence = (len(one) - 1) * (one.mean() - one) / len(one)
        cubes += float((influence**3).sum())
        squares += float((influence**2).sum())
    return cubes / (6 * squares**1.5) if squares > 0 else math.nan


def jackknife(values: Float[np.ndarray, "u k"], statistic: Statistic) -> Float[np.ndarray, "u m"]:
    """`statistic` without each unit in turn; it takes sums (r, k) to numbers (r, m)."""
    whole = values.sum(axis=0)
    step = max(1, BLOCK // max(1, values.shape[1]))
    parts = [statistic(whole - values[start : start + step]) for start in range(0, len(values), step)]
    return np.concatenate(parts) if parts else np.zeros((0, 0))


def bca_intervals(
    values: Float[np.ndarray, "n k"],
    statistic: Statistic,
    *,
    replicates: int = 2000,
    seed: int = 0,
    group: Int[np.ndarray, " n"] | None = None,
    stratum: Int[np.ndarray, " n"] | None = None,
    confidence: float = 0.95,
) -> list[tuple[float, float]]:
    """The interval of each number that `statistic` makes of sums: (r, k) to (r, m). Same seed, same intervals.

    With `group`, whole groups are drawn and left out; with `stratum`, as many of each stratum as there are. (nan, nan)
    with fewer than two units.
    """
    units, unit_stratum = units_of(values, group, stratum)
    if len(units) < 2:
        count = statistic(values.sum(axis=0, keepdims=True)).shape[1]
        return [NO_INTERVAL] * count
    value = statistic(units.sum(axis=0, keepdims=True))[0]
    drawn = statistic(stratified_sums(units, unit_stratum, replicates=replicates, seed=seed))
    left_out = jackknife(units, statistic)
    return [
        bca(float(value[m]), drawn[:, m], left_out[:, m], confidence, stratum=unit_stratum)
        for m in range(len(value))
    ]


def stratified_sums(
    values: Float[np.ndarray, "n k"],
    stratum: Int[np.ndarray, " n"],
    *,
    replicates: int,
    seed: int,
    group: Int[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "r k"]:
    """Sums of `values` over examples drawn with replacement within each stratum; same seed, same sums.

    Each stratum keeps its number of examples (of groups, where whole groups are drawn). For examples that were chosen
    by stratum: so many of each class, so many of each clinic.
    """
    units, unit_stratum = units_of(values, group, stratum)
    sums = np.zeros((replicates, values.shape[1]))
    streams = np.random.SeedSequence(seed)
    for number in np.unique(unit_stratum):
        stream = int(streams.spawn(1)[0].generate_state(1)[0])
        sums += replicate_sums(units[unit_stratum == number], replicates=replicates, seed=stream)
    return sums


def units_of(
    values: Float[np.ndarray, "n k"],
    group: Int[np.ndarray, " n"] | None,
    stratum: Int[np.ndarray, " n"] | None,
) -> tuple[Float[np.ndarray, "u k"], Int[np.ndarray, " u"]]:
    """What is drawn, examples or groups' sums in ascending order, and the stratum of each."""
    stratum = np.zeros(len(values), dtype=np.int64) if stratum is None else stratum
    if group is None:
        return values, stratum
    _, first, number = np.unique(group, return_index=True, return_inverse=True)
    if (stratum[first][number] != stratum).any():
        raise ValueError("a group is drawn whole, so it lies in one stratum; one lies in several")
    return sum_by(values, group), stratum[first]
