"""How a number would vary with other examples of the same sort: drawing them again, with replacement.

Whatever is a function of sums over examples (a share, a mean, an F1, a calibration error) needs no rows: a
replicate is a row of counts, and counts @ values are its sums.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int, Shaped

from vidi.core.measured import Measured
from vidi.core.scores import Resampled
from vidi.ops.intervals import NO_INTERVAL, score_interval, sum_by

BLOCK = 1 << 22  # counts held at once: 32 MB

Statistic = Callable[[np.ndarray], np.ndarray]


def replicate_sums(
    values: Float[np.ndarray, "n k"],
    *,
    replicates: int,
    seed: int,
    group: Int[np.ndarray, " n"] | None = None,
    cell: Int[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "r k"]:
    """Sums of `values` over n examples drawn with replacement, `replicates` times; same seed, same sums.

    With `group`, whole groups are drawn. `cell` numbers examples whose values are equal: where there are few
    cells, their counts are drawn at once as a multinomial, which has the same distribution.
    """
    rng = np.random.default_rng(seed)
    if group is not None:
        values = sum_by(values, group)
    elif cell is not None:
        _, first, count = np.unique(cell, return_index=True, return_counts=True)
        if 8 * len(count) <= len(values):
            drawn = rng.multinomial(len(values), count / len(values), size=replicates)
            return np.asarray(drawn.astype(np.float64) @ values[first])
    units = len(values)
    sums = np.empty((replicates, values.shape[1]))
    step = max(1, BLOCK // max(units, 1))
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        sums[start : start + rows] = _counts(rng, rows, units).astype(np.float64) @ values
    return sums


def _counts(rng: np.random.Generator, rows: int, units: int) -> Int[np.ndarray, "r u"]:
    drawn = rng.integers(units, size=(rows, units)) + units * np.arange(rows)[:, None]
    return np.bincount(drawn.ravel(), minlength=rows * units).reshape(rows, units)


def replicate_counts(
    n: int, *, replicates: int, seed: int, group: Int[np.ndarray, " n"] | None = None
) -> Int[np.ndarray, "r n"]:
    """How often each example is in each replicate, for a statistic that is no function of sums; int16.

    Same seed, same counts as `replicate_sums` draws. With `group`, whole groups are drawn.
    """
    rng = np.random.default_rng(seed)
    _, member = np.unique(np.arange(n) if group is None else group, return_inverse=True)
    units = int(member.max()) + 1 if n else 0
    found = np.empty((replicates, n), dtype=np.int16)
    step = max(1, BLOCK // max(units, 1))
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        found[start : start + rows] = _counts(rng, rows, units)[:, member] if units else 0
    return found


def sign_flipped_sums(
    values: Float[np.ndarray, "n k"],
    *,
    replicates: int,
    seed: int,
    group: Int[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "r k"]:
    """Sums of `values` with random signs, one for each example (or group): how the sums vary if their mean is 0.

    The wild bootstrap of Wu 1986 (Annals of Statistics 14) with Rademacher signs.
    """
    rng = np.random.default_rng(seed)
    if group is not None:
        values = sum_by(values, group)
    sums = np.empty((replicates, values.shape[1]))
    step = max(1, BLOCK // max(len(values), 1))
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        signs = rng.integers(2, size=(rows, len(values)), dtype=np.int8) * 2.0 - 1
        sums[start : start + rows] = signs @ values
    return sums


def percentile(drawn: Float[np.ndarray, " r"], confidence: float = 0.95) -> tuple[float, float]:
    """The middle `confidence` of the replicates, those that are nan left out; (nan, nan) if all are."""
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return NO_INTERVAL
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def bootstrapped(
    name: str,
    values: Float[np.ndarray, "n k"],
    statistic: Statistic,
    *,
    scores: Resampled,
    cell: Int[np.ndarray, " n"] | None = None,
    of: Sequence[str] = ("",),
    n: Sequence[int] | None = None,
    effective: Sequence[int | float] | None = None,
    notes: Sequence[str] | None = None,
    unit: str = "share",
) -> list[Measured]:
    """One Measured for each column of `statistic(sums)`, which takes sums (r, k) to numbers (r, len(of)).

    `n` is the number of examples behind each. A share of exactly 0 or 1 has no spread in any replicate, though
    it is not known exactly: there Wilson's interval stands in, with `effective` examples (or the number of groups,
    if that is smaller).
    """
    total = len(values)
    n = n or [total] * len(of)
    groups = total if scores.group is None else len(np.unique(scores.group))
    value = statistic(values.sum(axis=0, keepdims=True))[0] if total else np.full(len(of), math.nan)
    drawn = (
        statistic(
            replicate_sums(
                values, replicates=scores.replicates, seed=scores.seed, group=scores.group, cell=cell
            )
        )
        if groups > 1
        else np.full((1, len(of)), math.nan)
    )
    found = []
    for number, label in enumerate(of):
        size = min(effective[number] if effective is not None else n[number], groups)
        low, high, method, note = interval_of(float(value[number]), drawn[:, number], scores, size, unit)
        said = "; ".join(filter(None, [notes[number] if notes is not None else "", note]))
        found.append(
            Measured(name, float(value[number]), low, high, n[number], method, of=label, unit=unit, note=said)
        )
    return found


def interval_of(
    value: float, drawn: Float[np.ndarray, " r"], scores: Resampled, size: int | float, unit: str
) -> tuple[float, float, str, str]:
    """Low, high, method and note."""
    what = "examples" if scores.group is None else "groups"
    method = f"bootstrap over {what}, percentile, {scores.replicates} replicates"
    if math.isnan(value):
        return math.nan, math.nan, method, ""
    usable = drawn[~np.isnan(drawn)]
    if len(usable) and usable.min() < usable.max():
        return *percentile(usable), method, ""
    if unit == "share" and value in (0.0, 1.0) and size > 0:
        return *score_interval(value, size), f"Wilson with {size:.4g} {what}", "no replicate would differ"
    return math.nan, math.nan, method, f"no interval: too few {what} to draw again"


def share_of(name: str, hit: np.ndarray, scores: Resampled, *, of: str = "", note: str = "") -> Measured:
    """A share of examples as a Measured: Wilson's interval, or a bootstrap over groups where there are groups."""
    hit = np.asarray(hit, dtype=np.float64)
    if scores.group is not None:
        return mean_of(name, hit, scores, of=of, note=note)
    successes, n = int(hit.sum()), len(hit)
    share, (low, high) = (successes / n, score_interval(successes / n, n)) if n else (math.nan, NO_INTERVAL)
    note = note or ("" if n else "no example")
    return Measured(name, share, low, high, n, "Wilson", of=of, note=note)


def ratio_of(
    name: str,
    part: Shaped[np.ndarray, " n"],
    whole: Shaped[np.ndarray, " n"],
    scores: Resampled,
    *,
    of: str = "",
    n: int | None = None,
    effective: int | None = None,
    note: str = "",
    unit: str = "share",
) -> Measured:
    """All of `part` over all of `whole` (nan if that is 0), as `bootstrapped` has it: examples are drawn with both."""
    return bootstrapped(
        name,
        np.stack([part, whole], axis=1).astype(np.float64),
        lambda sums: ratio(sums[:, :1], sums[:, 1:]),
        scores=scores,
        of=[of],
        n=None if n is None else [n],
        effective=None if effective is None else [effective],
        notes=[note],
        unit=unit,
    )[0]


def mean_of(
    name: str,
    values: Shaped[np.ndarray, " n"],
    scores: Resampled,
    *,
    of: str = "",
    note: str = "",
    unit: str = "share",
) -> Measured:
    """The mean over examples, as `bootstrapped` has it."""
    return ratio_of(name, values, np.ones(len(values)), scores, of=of, note=note, unit=unit)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole; nan where whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole != 0, part / whole, math.nan))


def mean_defined(values: np.ndarray) -> np.ndarray:
    """Mean over the columns that are numbers, (r, m) to (r, 1); nan where none is."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0.0).sum(axis=1, keepdims=True), known.sum(axis=1, keepdims=True))
