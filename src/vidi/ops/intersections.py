"""Every group that attributes divide examples into, and rates in each: sums over cells, so they can't disagree.

Gender Shades (Buolamwini & Gebru 2018, PMLR 81) is why intersections: what holds for women and for darker skin says
little about darker women.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.core.measured import Measured
from vidi.ops.bootstrap import percentile, ratio
from vidi.ops.cells import Attribute, Cells, Statistic, numbered
from vidi.ops.intervals import score_interval


@dataclass(frozen=True)
class Groups:
    """Every intersection of every subset of the attributes with enough examples; the first is all examples.

    `level` is -1 where an attribute is not in the subset. `member` is a sparse matrix (g, c) of ones. Intersections
    with fewer than `smallest` examples have no rates: they are in `small_level` with their `small_n`, so that they
    can be named.
    """

    attributes: tuple[Attribute, ...]
    smallest: int
    level: Int[np.ndarray, "g a"]
    n: Int[np.ndarray, " g"]
    member: Any
    small_level: Int[np.ndarray, "s a"]
    small_n: Int[np.ndarray, " s"]

    def name(self, group: int) -> str:
        """`sex=female, skin=darker`; `all` for all examples."""
        return name_of(self.level[group], self.attributes)

    def subset(self, *names: str) -> Int[np.ndarray, " k"]:
        """The numbers of the groups that these attributes, and no others, divide into."""
        known = [each.name for each in self.attributes]
        for name in names:
            if name not in known:
                raise ValueError(f"{name} is none of the attributes {', '.join(known)}")
        wanted = np.array([name in names for name in known], dtype=bool)
        return np.flatnonzero(((self.level >= 0) == wanted).all(axis=1))


def name_of(level: Int[np.ndarray, " a"], attributes: Sequence[Attribute]) -> str:
    parts = [
        f"{each.name}={each.levels[number]}"
        for each, number in zip(attributes, level.tolist(), strict=True)
        if number >= 0
    ]
    return ", ".join(parts) or "all"


def groups(cells: Cells, *, smallest: int = 1, deepest: int | None = None) -> Groups:
    """All marginals and intersections of up to `deepest` attributes, each counted again from the cells.

    Groups with fewer than `smallest` examples are set aside.
    """
    from scipy.sparse import csr_array

    if smallest < 1:
        raise ValueError(f"the smallest group has 1 example or more; got {smallest}")
    count_a = len(cells.attributes)
    deepest = count_a if deepest is None else min(deepest, count_a)
    level, n, rows, columns = [], [], [], []
    offset = 0
    for subset in (each for depth in range(deepest + 1) for each in combinations(range(count_a), depth)):
        number, first, _ = numbered(
            [np.zeros(len(cells.count), dtype=np.int64), *cells.level.T[list(subset)]]
        )
        here = np.full((len(first), count_a), -1, dtype=np.int64)
        here[:, list(subset)] = cells.level[first][:, list(subset)]
        level.append(here)
        n.append(np.bincount(number, weights=cells.count, minlength=len(first)).astype(np.int64))
        rows.append(number + offset)
        columns.append(np.arange(len(number)))
        offset += len(first)
    row, column = np.concatenate(rows), np.concatenate(columns)
    member = csr_array((np.ones(len(row)), (row, column)), shape=(offset, len(cells.count)))
    all_level, all_n = np.concatenate(level), np.concatenate(n)
    kept = all_n >= smallest
    return Groups(
        cells.attributes, smallest, all_level[kept], all_n[kept], member[kept], all_level[~kept], all_n[~kept]
    )


# Rates

RATES: dict[str, Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "selection rate": lambda true, called: (called, np.ones_like(true)),
    "base rate": lambda true, called: (true, np.ones_like(called)),
    "true positive rate": lambda true, called: (true & called, true),
    "false negative rate": lambda true, called: (true & ~called, true),
    "false positive rate": lambda true, called: (~true & called, ~true),
    "true negative rate": lambda true, called: (~true & ~called, ~true),
    "positive predictive value": lambda true, called: (true & called, called),
    "negative predictive value": lambda true, called: (~true & ~called, ~called),
}


def parts(cells: Cells, rate: str, positive: int) -> tuple[Bool[np.ndarray, " c"], Bool[np.ndarray, " c"]]:
    """Which cells are a rate's part, and which its whole; `positive` is the label that is selected."""
    if rate == "accuracy":
        return cells.truth == cells.prediction, np.ones(len(cells.truth), dtype=bool)
    if rate not in RATES:
        raise ValueError(f"a rate is one of accuracy, {', '.join(RATES)}; got {rate}")
    return RATES[rate](cells.truth == positive, cells.prediction == positive)


def rate_counts(
    cells: Cells, members: Groups, rate: str, *, positive: int = 1
) -> tuple[Int[np.ndarray, " g"], Int[np.ndarray, " g"]]:
    """Part and whole of a rate in every group: what an interval for a share wants."""
    part, whole = (members.member @ (mask * cells.count) for mask in parts(cells, rate, positive))
    return part.astype(np.int64), whole.astype(np.int64)


def rates(cells: Cells, members: Groups, names: Sequence[str], *, positive: int = 1) -> Statistic:
    """Statistic from sums (r, c, s) to the rates (r, len(names) * g), rate by rate; 0/0 is nan."""
    from scipy.sparse import vstack

    masks = [parts(cells, name, positive) for name in names]
    part, whole = (
        vstack([members.member.multiply(mask[which]).tocsr() for mask in masks], format="csr")
        for which in (0, 1)
    )

    def measure(sums: Float[np.ndarray, "r c s"]) -> Float[np.ndarray, "r m"]:
        counts = np.ascontiguousarray(sums[:, :, 0].T)
        return ratio(part @ counts, whole @ counts).T

    return measure


def means(cells: Cells, members: Groups) -> Statistic:
    """Statistic from sums (r, c, s) to the mean of each value in each group (r, v * g), value by value."""

    def measure(sums: Float[np.ndarray, "r c s"]) -> Float[np.ndarray, "r m"]:
        whole, *each = (
            members.member @ np.ascontiguousarray(sums[:, :, one].T) for one in range(sums.shape[2])
        )
        return np.concatenate([ratio(total, whole) for total in each]).T

    return measure


def gap(rates: Float[np.ndarray, "r k"]) -> Float[np.ndarray, " r"]:
    """The largest minus the smallest of each row, nan left out; nan if all are.

    Replicates of a gap lie above the truth, the more so the more groups there are: for an interval see `ops.gaps`.
    """
    return np.asarray(np.fmax.reduce(rates, axis=1) - np.fmin.reduce(rates, axis=1))


def smallest_ratio(rates: Float[np.ndarray, "r k"]) -> Float[np.ndarray, " r"]:
    """The smallest divided by the largest of each row, nan left out; nan if all are, or all are 0."""
    return ratio(np.fmin.reduce(rates, axis=1), np.fmax.reduce(rates, axis=1))


def share_in(name: str, of: str, part: int, whole: int, drawn: Float[np.ndarray, " r"] | None) -> Measured:
    """A group's share with Wilson's interval, or the percentiles of replicates where units are drawn whole."""
    if not whole:
        return Measured(name, math.nan, math.nan, math.nan, 0, "none", of=of, note="no example to divide by")
    if drawn is None:
        return Measured(name, part / whole, *score_interval(part / whole, whole), whole, "Wilson", of=of)
    method = f"bootstrap over groups, percentile, {len(drawn)} replicates"
    return Measured(name, part / whole, *percentile(drawn), whole, method, of=of)
