"""A rate in several groups at once, in the sample and in replicates of it: each group's interval, and how far apart.

For what is no share of independent examples: average precision, mean IoU, recall of objects that share an image. The
replicates are of the whole sample, so that those of two groups belong together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from vidi.core.measured import Measured
from vidi.core.scores import Resampled
from vidi.ops.bootstrap import interval_of, percentile
from vidi.ops.cells import NOT_STATED, Attribute
from vidi.ops.gaps import gap_of_draws

Texts = NDArray[np.object_]  # one attribute's values, None where missing
Bounds = tuple[float, float]


@dataclass(frozen=True)
class GroupRates:
    """What an audit of groups says: by which attributes, every number, and groups too small to speak of.

    Gaps are named as a requirement names them: `gap(recall, object size)`.
    """

    by: tuple[str, ...]
    smallest: int
    measured: tuple[Measured, ...]
    small: tuple[tuple[str, int], ...]
    sentences: tuple[str, ...] = ()

    def find(self, name: str, of: str = "all") -> Measured | None:
        return next((m for m in self.measured if m.name == name and m.of == of), None)


@dataclass(frozen=True)
class Member:
    """One group: its name (`sex=female, skin=dark`), and which images or objects are in it."""

    name: str
    rows: Bool[np.ndarray, " n"]

    @property
    def n(self) -> int:
        return int(self.rows.sum())


@dataclass(frozen=True)
class Rate:
    """A rate in the groups of one set of attributes (of none: everybody): its value and replicates in each.

    `n` stand behind each group's value; of these `units` are drawn again as wholes (images, or groups of images).
    `errors`: the larger, the worse.
    """

    name: str
    subset: tuple[str, ...]
    groups: tuple[str, ...]
    value: Float[np.ndarray, " g"]
    drawn: Float[np.ndarray, "r g"]
    n: Sequence[int]
    units: Sequence[int]
    notes: Sequence[str] = ()
    errors: bool = False
    whole: int | None = None  # how many stand behind all groups together, where that is not the sum of `n`


def members(
    attributes: Sequence[str], values: Sequence[Texts], *, smallest: int
) -> tuple[list[Member], list[tuple[str, int]]]:
    """Every combination of values that occurs, and by name and size those of fewer than `smallest`.

    A missing value is a value of its own. Raises UsageError for an attribute with too many values.
    """
    texts = [np.array([NOT_STATED if v is None else str(v) for v in column], object) for column in values]
    for name, column in zip(attributes, texts, strict=True):
        Attribute(name, tuple(sorted(set(column))))
    found: dict[tuple[str, ...], list[int]] = {}
    for row, key in enumerate(zip(*texts, strict=True)):
        found.setdefault(key, []).append(row)
    kept, small = [], []
    for key in sorted(found):
        name = ", ".join(f"{attribute}={value}" for attribute, value in zip(attributes, key, strict=True))
        if len(found[key]) < smallest:
            small.append((name, len(found[key])))
            continue
        rows = np.zeros(len(texts[0]), dtype=bool)
        rows[found[key]] = True
        kept.append(Member(name, rows))
    return kept, small


def subsets(by: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every non-empty subset, smaller ones first, in the order given."""
    for size in range(1, len(by) + 1):
        yield from combinations(by, size)


def shares_of(rate: Rate, scores: Resampled) -> Iterator[Measured]:
    """The rate in each group with the middle 95 % of its replicates."""
    for place, of in enumerate(rate.groups):
        value = float(rate.value[place])
        low, high, method, said = interval_of(value, rate.drawn[:, place], scores, rate.units[place], "share")
        note = "; ".join(filter(None, [rate.notes[place] if rate.notes else "", said]))
        yield Measured(rate.name, value, low, high, int(rate.n[place]), method, of=of, note=note)


def apart(rate: Rate, scores: Resampled) -> Iterator[Measured]:
    """Gap, ratio and worst group, where two groups or more have a value."""
    known = np.flatnonzero(~np.isnan(rate.value)).tolist()
    if len(known) < 2:
        return
    value, names = rate.value[known], [rate.groups[place] for place in known]
    drawn = unsure(value, rate.drawn[:, known], [rate.units[place] for place in known], seed=scores.seed)
    what = "examples" if scores.group is None else "groups"
    method = f"bootstrap over {what}, {len(drawn)} replicates, the gap's outer end simultaneous over groups"
    highest, lowest = int(value.argmax()), int(value.argmin())
    note = f"{names[highest]} {value[highest]:.3f}, {names[lowest]} {value[lowest]:.3f}"
    words = ", ".join((rate.name, *rate.subset))
    n = int(sum(rate.n[place] for place in known)) if rate.whole is None else rate.whole
    gap = gap_of_draws(value, drawn)
    yield Measured(f"gap({words})", float(np.ptp(value)), *gap, n, method, of="all", note=note)
    if value[highest] > 0:
        smallest = float(value[lowest] / value[highest])
        yield Measured(
            f"ratio({words})", smallest, *ratio_bounds(value, drawn), n, method, of="all", note=note
        )
    worst = highest if rate.errors else lowest
    bounds = percentile(drawn[:, worst])
    yield Measured(f"worst({words})", float(value[worst]), *bounds, n, method, of="all", note=names[worst])


def unsure(
    value: Float[np.ndarray, " k"], drawn: Float[np.ndarray, "r k"], units: Sequence[int], *, seed: int
) -> Float[np.ndarray, "r k"]:
    """The replicates; where a share is 0 or 1 in each of them, which is not as sure as it looks, Jeffreys' posterior of
    so many units instead (Brown, Cai & DasGupta 2001, Statistical Science 16, section 3.1)."""
    drawn, random = drawn.copy(), np.random.default_rng(seed)
    for column in np.flatnonzero(np.isin(value, (0.0, 1.0))).tolist():
        if np.nanmin(drawn[:, column]) == np.nanmax(drawn[:, column]):
            hits = value[column] * units[column]
            drawn[:, column] = random.beta(hits + 0.5, units[column] - hits + 0.5, len(drawn))
    return drawn


def ratio_bounds(value: Float[np.ndarray, " k"], drawn: Float[np.ndarray, "r k"]) -> Bounds:
    """Interval of the smallest divided by the largest; (nan, nan) where a value is 0."""
    if not (value > 0).all():
        return np.nan, np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(drawn)
    low, high = gap_of_draws(np.log(value), np.where(np.isfinite(logs), logs, np.nan))
    return float(np.exp(-high)), float(np.exp(-low))


def told(rates: Sequence[Rate], scores: Resampled) -> tuple[Measured, ...]:
    """Every group's number, then how far the groups are apart."""
    single = [number for rate in rates for number in shares_of(rate, scores)]
    return (*single, *(number for rate in rates for number in apart(rate, scores)))
