"""How strongly two sets of names go together: the chi-square of their table, and Cramér's V from 0 to 1."""

import math

import numpy as np
from jaxtyping import Float, Int

ENOUGH = 1e-10  # of a quantile of the noncentral distribution


def cross_table(
    row: Int[np.ndarray, " n"], column: Int[np.ndarray, " n"], *, rows: int, columns: int
) -> Int[np.ndarray, "r c"]:
    """How many examples have each pair of numbers."""
    return np.bincount(row * columns + column, minlength=rows * columns).reshape(rows, columns)


def expected(table: Int[np.ndarray, "r c"]) -> Float[np.ndarray, "r c"]:
    """What the table would hold if rows and columns had nothing to do with each other; 0 without examples."""
    return np.outer(table.sum(axis=1), table.sum(axis=0)) / max(1, int(table.sum()))


def chi_square(tables: Int[np.ndarray, "*t r c"]) -> Float[np.ndarray, "*t"]:
    """Pearson's chi-square of each table; all have the same margins. Empty rows and columns count for nothing."""
    wanted = expected(tables.reshape(-1, *tables.shape[-2:])[0])
    return np.asarray((np.square(tables - wanted) / np.where(wanted > 0, wanted, 1.0)).sum(axis=(-2, -1)))


def shuffled_tables(
    row: Int[np.ndarray, " n"],
    column: Int[np.ndarray, " n"],
    orders: Int[np.ndarray, "k n"],
    *,
    rows: int,
    columns: int,
) -> Int[np.ndarray, "k r c"]:
    """The table for each order of the rows' names."""
    size = rows * columns
    cell = row[orders] * columns + column + size * np.arange(len(orders))[:, None]
    return np.bincount(cell.ravel(), minlength=size * len(orders)).reshape(-1, rows, columns)


def freedom(table: Int[np.ndarray, "r c"]) -> tuple[int, int]:
    """Degrees of freedom, and the lesser of (rows - 1) and (columns - 1), of what is not empty."""
    rows, columns = (int(np.count_nonzero(table.sum(axis=axis))) for axis in (1, 0))
    return max(0, rows - 1) * max(0, columns - 1), max(0, min(rows, columns) - 1)


def cramers_v(
    chi2: float, n: int, *, df: int, least: int, confidence: float = 0.95
) -> tuple[float, float, float]:
    """V with its interval, all in [0, 1]: 0 where nothing goes together, 1 where one tells the other.

    V is the root of noncentrality / (n x least); the noncentrality is estimated by chi2 - df, which has no bias, where
    chi2 itself makes V grow with the number of cells (Bergsma 2013, Journal of the Korean Statistical Society 42,
    323-328). The interval inverts the noncentral chi-square distribution (Smithson 2003, Confidence Intervals, sage,
    chapter 4). nan where df or n is 0.
    """
    if df < 1 or n < 1:
        return math.nan, math.nan, math.nan
    tail = (1 - confidence) / 2
    scale = n * least
    bounds = [noncentrality(chi2, df, share) for share in (1 - tail, tail)]
    value, low, high = (min(1.0, math.sqrt(max(0.0, size) / scale)) for size in (chi2 - df, *bounds))
    return value, min(low, value), max(high, value)


def noncentrality(chi2: float, df: int, share: float) -> float:
    """The noncentrality at which the noncentral chi-square distribution function reaches `share` at chi2; 0 if none."""
    from scipy.optimize import brentq
    from scipy.special import chndtr

    if float(chndtr(chi2, df, 0.0)) <= share:
        return 0.0
    most = 2 * chi2 + 100.0 + 10 * math.sqrt(chi2)
    return float(brentq(lambda size: float(chndtr(chi2, df, size)) - share, 0.0, most, xtol=ENOUGH * most))
