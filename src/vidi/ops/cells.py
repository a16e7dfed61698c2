"""A million predictions, counted once: how many examples stand in each cell of attributes, truth and prediction.

Examples of one cell are alike, so drawing examples again is drawing the counts of cells from a multinomial: the same
distribution (Efron 1979, Annals of Statistics 7, 1-26) at a cost that does not depend on the number of examples.
Groups and their rates are sums over cells: see `ops.intersections`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from vidi.core.errors import UsageError

MOST_LEVELS = 100
NOT_STATED = "not stated"
TABLE = 1 << 22  # keys that are counted in a table; above that they are sorted
BLOCK = 1 << 22  # numbers held at once while drawing: 32 MB
MOST_NUMBERS = 1 << 27  # numbers in a result: 1 GB

Statistic = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Attribute:
    """What divides examples into groups: a column's name and the names of its levels."""

    name: str
    levels: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.levels) > MOST_LEVELS:
            raise UsageError(
                f"an attribute that divides into groups has {MOST_LEVELS} levels at most; {self.name} has "
                f"{len(self.levels):,}: put them into bins, or name another column"
            )


@dataclass(frozen=True)
class Cells:
    """One row for each combination of levels, truth and prediction that occurs, in ascending order.

    `level` numbers the levels of each attribute; `total` is the sum of each of `v` real values over a cell's examples,
    `scatter` the sum of the products of their deviations from the cell's mean. `units` holds, where examples
    belong to units that are drawn whole (patients), each unit's counts and totals as a sparse matrix (u, c * (1 + v)).
    """

    attributes: tuple[Attribute, ...]
    level: Int[np.ndarray, "c a"]
    truth: Int[np.ndarray, " c"]
    prediction: Int[np.ndarray, " c"]
    count: Int[np.ndarray, " c"]
    total: Float[np.ndarray, "c v"]
    scatter: Float[np.ndarray, "c v v"]
    units: Any = None

    @property
    def sums(self) -> Float[np.ndarray, "c s"]:
        """Count and totals of each cell: what a statistic is made of."""
        return np.concatenate([self.count[:, None].astype(np.float64), self.total], axis=1)


def count(
    codes: Int[np.ndarray, "n a"],
    truth: Int[np.ndarray, " n"],
    prediction: Int[np.ndarray, " n"],
    *,
    attributes: Sequence[Attribute],
    values: Float[np.ndarray, "n v"] | None = None,
    unit: Int[np.ndarray, " n"] | None = None,
) -> Cells:
    """The cells of n examples. `codes` number the levels; -1 is a missing value, and those are a group of their own.

    `values` are real numbers of each example (a probability, a loss) whose totals are wanted; `unit` numbers what is
    drawn whole. Nothing depends on the order of the examples.
    """
    attributes = stated(codes, attributes)
    checked_labels(truth, prediction)
    columns = [
        np.where(codes[:, place] < 0, len(each.levels) - 1, codes[:, place])
        for place, each in enumerate(attributes)
    ]
    cell, first, counts = numbered([*columns, truth, prediction])
    level = np.stack([column[first] for column in columns], axis=1) if columns else codes[first]
    values = np.zeros((len(truth), 0)) if values is None else values
    total = totals(values, cell, len(first))
    return Cells(
        attributes=attributes,
        level=level.astype(np.int64),
        truth=truth[first].astype(np.int64),
        prediction=prediction[first].astype(np.int64),
        count=counts,
        total=total,
        scatter=scatters(values, cell, total / counts[:, None]),
        units=None if unit is None else unit_sums(unit, cell, values, len(first)),
    )


def of_counts(
    attributes: Sequence[Attribute],
    level: Int[np.ndarray, "c a"],
    truth: Int[np.ndarray, " c"],
    prediction: Int[np.ndarray, " c"],
    counts: Int[np.ndarray, " c"],
) -> Cells:
    """Cells that somebody else has counted: a published table."""
    if len(counts) and counts.min() < 0:
        raise ValueError(f"examples are counted, >= 0; got {counts.min()}")
    cells = len(counts)
    return Cells(
        tuple(attributes), level, truth, prediction, counts, np.zeros((cells, 0)), np.zeros((cells, 0, 0))
    )


def stated(codes: Int[np.ndarray, "n a"], attributes: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """The attributes, each with the level `not stated` at its end where some example has none."""
    if codes.shape[1] != len(attributes):
        raise ValueError(f"{codes.shape[1]} columns of codes for {len(attributes)} attributes")
    found = []
    for place, each in enumerate(attributes):
        low, high = (codes[:, place].min(), codes[:, place].max()) if len(codes) else (0, -1)
        if low < -1 or high >= len(each.levels):
            raise ValueError(
                f"codes of {each.name} number its {len(each.levels)} levels from 0, -1 is missing; got {low} to {high}"
            )
        found.append(Attribute(each.name, (*each.levels, NOT_STATED)) if low < 0 else each)
    return tuple(found)


def checked_labels(truth: Int[np.ndarray, " n"], prediction: Int[np.ndarray, " n"]) -> None:
    for name, label in (("truth", truth), ("prediction", prediction)):
        if len(label) and label.min() < 0:
            raise ValueError(f"{name} numbers labels from 0; got {label.min()}")


def numbered(
    columns: Sequence[Int[np.ndarray, " n"]],
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " c"], Int[np.ndarray, " c"]]:
    """The number of each row among the distinct rows in ascending order; of each the first place, and how often."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for column in columns:
        width = int(column.max()) + 1 if len(column) else 1
        if size * width > TABLE:
            key, size = compact(key, size)
        key, size = key * width + column, size * width
    key, size = compact(key, size)
    first = np.empty(size, dtype=np.int64)
    first[key[::-1]] = np.arange(len(key))[::-1]
    return key, first, np.bincount(key, minlength=size)


def compact(key: Int[np.ndarray, " n"], size: int) -> tuple[Int[np.ndarray, " n"], int]:
    """Keys below `size` renumbered without gaps, in the same order, and how many are left."""
    if size > TABLE:
        kept, key = np.unique(key, return_inverse=True)
        return key, len(kept)
    occurs = np.bincount(key, minlength=size) > 0
    return (np.cumsum(occurs) - 1)[key], int(occurs.sum())


def totals(
    values: Float[np.ndarray, "n v"], cell: Int[np.ndarray, " n"], cells: int
) -> Float[np.ndarray, "c v"]:
    sums = [np.bincount(cell, weights=column, minlength=cells) for column in values.T]
    return np.stack(sums, axis=1) if sums else np.zeros((cells, 0))


def scatters(
    values: Float[np.ndarray, "n v"], cell: Int[np.ndarray, " n"], mean: Float[np.ndarray, "c v"]
) -> Float[np.ndarray, "c v v"]:
    """Sums of products of deviations from the cell's mean."""
    cells, width = mean.shape
    found = np.zeros((cells, width, width))
    for one, other in ((i, j) for i in range(width) for j in range(i + 1)):
        product = (values[:, one] - mean[cell, one]) * (values[:, other] - mean[cell, other])
        found[:, one, other] = found[:, other, one] = np.bincount(cell, weights=product, minlength=cells)
    return found


def unit_sums(
    unit: Int[np.ndarray, " n"], cell: Int[np.ndarray, " n"], values: Float[np.ndarray, "n v"], cells: int
) -> Any:
    """Counts and totals of each unit, cell by cell: sparse (u, c * (1 + v)), the sums of a cell side by side."""
    from scipy.sparse import csr_array

    _, number = np.unique(unit, return_inverse=True)
    width = 1 + values.shape[1]
    entry = np.concatenate([np.ones((len(unit), 1)), values], axis=1)
    column = cell[:, None] * width + np.arange(width)
    row = np.repeat(number, width)
    return csr_array(
        (entry.ravel(), (row, column.ravel())), shape=(int(number.max(initial=-1)) + 1, cells * width)
    )


def replicate(
    cells: Cells, statistic: Statistic, *, replicates: int = 1000, seed: int = 0
) -> Float[np.ndarray, "r m"]:
    """`statistic` of each replicate's sums; it takes sums (r, c, 1 + v), counts first, to numbers (r, m).

    Same seed, same numbers. A cell's totals are drawn from the normal distribution that has the mean and covariance of
    so many of its examples drawn again: exact in both moments, and where cells are large in shape too.
    """
    if not cells.count.any():
        raise ValueError("there is no example to draw again")
    width = int(statistic(cells.sums[None]).shape[1])
    if replicates * width > MOST_NUMBERS:
        raise UsageError(
            f"{replicates:,} replicates of {width:,} numbers do not fit in memory: set a larger smallest group or name "
            "fewer attributes"
        )
    found = np.empty((replicates, width))
    units = 0 if cells.units is None else cells.units.shape[0]
    step = max(1, BLOCK // max(cells.sums.size, width, units))
    start = 0
    for sums in drawn(cells, replicates=replicates, seed=seed, step=step):
        found[start : start + len(sums)] = statistic(sums)
        start += len(sums)
    return found


def drawn(cells: Cells, *, replicates: int, seed: int, step: int) -> Iterator[Float[np.ndarray, "r c s"]]:
    """Each block's sums (rows, c, 1 + v): cells as a multinomial, or units drawn whole."""
    n, (size, width) = int(cells.count.sum()), cells.sums.shape
    rng, noise = (np.random.default_rng([seed, stream]) for stream in (0, 1))
    root = roots(cells)
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        if cells.units is not None:
            units = cells.units.shape[0]
            drawn_units = rng.multinomial(units, np.full(units, 1 / units), size=rows).astype(np.float64)
            yield np.asarray((cells.units.T @ drawn_units.T).T).reshape(rows, size, width)
            continue
        counts = rng.multinomial(n, cells.count / n, size=rows).astype(np.float64)[:, :, None]
        if width == 1:
            yield counts
            continue
        error = (root @ noise.standard_normal((rows, size, width - 1, 1)))[..., 0]
        total = counts * (cells.total / np.maximum(1, cells.count)[:, None]) + np.sqrt(counts) * error
        yield np.concatenate([counts, total], axis=2)


def roots(cells: Cells) -> Float[np.ndarray, "c v v"]:
    """Square roots of the covariance of one example's values within each cell."""
    variance, axes = np.linalg.eigh(cells.scatter / np.maximum(1, cells.count)[:, None, None])
    return np.asarray(axes * np.sqrt(np.maximum(0.0, variance))[:, None, :])
