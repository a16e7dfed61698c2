"""Two models on the same examples: is one better, or is it luck?"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.ops.bootstrap import BLOCK, Statistic, percentile, replicate_sums
from vidi.ops.intervals import sum_by


@dataclass(frozen=True)
class PairedDifference:
    """First minus second, in the statistic's own unit, with its interval and two-sided p value.

    `low`, `high` and `p` belong together: p falls below 1 - confidence where the interval leaves 0 out. `n` counts
    examples, or groups where they are drawn whole. `note` says why an interval is missing.
    """

    difference: float
    low: float
    high: float
    p: float
    n: int
    method: str
    note: str = ""


def paired_counts(first: Bool[np.ndarray, " n"], second: Bool[np.ndarray, " n"]) -> tuple[int, int, int, int]:
    """For how many examples both hold, only the first, only the second, neither."""
    counts = np.bincount(3 - 2 * first.astype(np.int64) - second, minlength=4)
    both, first_only, second_only, neither = counts.tolist()
    return both, first_only, second_only, neither


def mcnemar(first_only: int, second_only: int, *, mid: bool = True) -> float:
    """Two-sided p value in (0, 1] that two shares of the same examples are equal, from the examples that differ.

    Exact: never below the level more often than it says. Mid-p (the default) counts only half of what is as likely as
    what came; it keeps the level nearly always and finds more. 1 if no example differs. McNemar 1947, Psychometrika 12,
    153-157; Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13:91.
    """
    from scipy.special import bdtr

    if min(first_only, second_only) < 0:
        raise ValueError(f"pairs are counted, >= 0; got {first_only} and {second_only}")
    fewer, n = min(first_only, second_only), first_only + second_only
    if not n:
        return 1.0
    exact = min(1.0, 2 * float(bdtr(fewer, n, 0.5)))
    if not mid:
        return exact
    chance = math.exp(
        math.lgamma(n + 1) - math.lgamma(fewer + 1) - math.lgamma(n - fewer + 1) - n * math.log(2)
    )
    return exact - (chance / 2 if 2 * fewer == n else chance)


def paired_bootstrap(
    first: Float[np.ndarray, "n k"],
    second: Float[np.ndarray, "n k"],
    statistic: Statistic,
    *,
    replicates: int = 1000,
    seed: int = 0,
    group: Int[np.ndarray, " n"] | None = None,
    confidence: float = 0.95,
) -> PairedDifference:
    """`statistic` of the first's sums minus that of the second's, where each replicate draws the same examples of both.

    `statistic` takes sums (r, k) to numbers (r, 1). With `group`, whole groups are drawn. The interval is made of
    percentiles, and p says at which level it would begin to hold 0, at least 2 / (replicates + 1): Efron &
    Tibshirani 1993, An Introduction to the Bootstrap, section 15.4. nan and p = 1 where no replicate differs.
    """
    check_pairs(first, second)
    units = len(first) if group is None else len(np.unique(group))
    what = "examples" if group is None else "groups"
    method = f"paired bootstrap over {what}, percentile, {replicates} replicates"
    if units < 2:
        value = difference_of(first, second, statistic) if units else math.nan
        return PairedDifference(value, math.nan, math.nan, 1.0, units, method, f"too few {what}")
    value = difference_of(first, second, statistic)
    sums = replicate_sums(np.hstack([first, second]), replicates=replicates, seed=seed, group=group)
    drawn = (statistic(sums[:, : first.shape[1]]) - statistic(sums[:, first.shape[1] :]))[:, 0]
    return of_replicates(value, drawn, units, what=what, confidence=confidence)


def of_replicates(
    value: float, drawn: Float[np.ndarray, " r"], units: int, *, what: str, confidence: float = 0.95
) -> PairedDifference:
    """A difference with the interval and p value that its replicates give; `units` are the `what` that were drawn."""
    method = f"paired bootstrap over {what}, percentile, {len(drawn)} replicates"
    drawn = drawn[~np.isnan(drawn)]
    if math.isnan(value) or not len(drawn) or drawn.min() == drawn.max():
        note = "undefined" if math.isnan(value) else f"no replicate differs: too few {what} disagree"
        return PairedDifference(value, math.nan, math.nan, 1.0, units, method, note)
    tail = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    p = min(1.0, 2 * (tail + 1) / (len(drawn) + 1))
    return PairedDifference(value, *percentile(drawn, confidence), p, units, method)


def swap_test(
    first: Float[np.ndarray, "n k"],
    second: Float[np.ndarray, "n k"],
    statistic: Statistic,
    *,
    replicates: int = 1000,
    seed: int = 0,
    group: Int[np.ndarray, " n"] | None = None,
) -> float:
    """Two-sided p value in (0, 1] that it does not matter which of a pair is called the first.

    Each pair (each group's pairs together) is swapped or not by a coin. It keeps its level however few the examples:
    Fisher 1935, The Design of Experiments, section 21; Pitman 1937. nan where the difference is.
    """
    check_pairs(first, second)
    if group is not None:
        first, second = sum_by(first, group), sum_by(second, group)
    found = difference_of(first, second, statistic) if len(first) else math.nan
    if math.isnan(found):
        return math.nan
    rng, apart = np.random.default_rng(seed), first - second
    step, as_far = max(1, BLOCK // len(first)), 0
    for start in range(0, replicates, step):
        swapped = rng.integers(2, size=(min(step, replicates - start), len(first))).astype(np.float64) @ apart
        drawn = statistic(first.sum(axis=0) - swapped) - statistic(second.sum(axis=0) + swapped)
        as_far += int((np.abs(drawn[:, 0]) >= abs(found) * (1 - 1e-9)).sum())
    return (as_far + 1) / (replicates + 1)


def difference_of(
    first: Float[np.ndarray, "n k"], second: Float[np.ndarray, "n k"], statistic: Statistic
) -> float:
    one, other = (statistic(values.sum(axis=0, keepdims=True))[0, 0] for values in (first, second))
    return float(one - other)


def check_pairs(first: Float[np.ndarray, "n k"], second: Float[np.ndarray, "m l"]) -> None:
    if first.shape != second.shape:
        raise ValueError(
            f"a pair is two rows of one example, alike in shape; got {first.shape} and {second.shape}"
        )
