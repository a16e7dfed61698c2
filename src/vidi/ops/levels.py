"""A column's levels and how many examples have each: names as they are, numbers of many values in quarters."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped

MOST_LEVELS, QUARTERS = 50, 4
NUMBERS = 12  # different numbers beyond which they are put into four classes
MISSING = "(missing)"


@dataclass(frozen=True)
class Counted:
    """A column's levels, the most frequent first: how many examples have each; `skipped` says why none are counted."""

    name: str
    levels: tuple[tuple[str, int], ...]
    skipped: str = ""

    def record(self) -> dict[str, Any]:
        whole = max(1, sum(n for _, n in self.levels))
        levels = [{"level": level, "n": n, "share": n / whole} for level, n in self.levels]
        missing = dict(self.levels).get(MISSING, 0)
        return {"name": self.name, "levels": levels, "missing": missing, "skipped": self.skipped}


def counted(name: str, count: Int[np.ndarray, " k"], names: Sequence[str]) -> Counted:
    order = np.lexsort((np.arange(len(names)), -count))
    return Counted(name, tuple((names[place], int(count[place])) for place in order))


def levels_of(values: Shaped[np.ndarray, " n"]) -> tuple[Int[np.ndarray, " n"], tuple[str, ...], str]:
    """Each value's number among the levels, the levels' names (none if there are too many), and why there are none."""
    missing = np.array(
        [value is None or value != value or str(value).strip() == "" for value in values], bool
    )
    numeric = np.issubdtype(values.dtype, np.number) and not np.issubdtype(values.dtype, np.bool_)
    text = np.full(len(values), MISSING, dtype=object)
    if numeric and len(np.unique(values[~missing])) > NUMBERS:
        number = values[~missing].astype(np.float64)
        cut = np.quantile(number, np.linspace(0, 1, QUARTERS + 1))
        place = np.clip(np.searchsorted(cut[1:-1], number, side="left"), 0, QUARTERS - 1)
        names = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(cut)]
        text[~missing] = np.array(names, dtype=object)[place]
    else:
        text[~missing] = [
            f"{value:g}" if isinstance(value, float | np.floating) else str(value)
            for value in values[~missing]
        ]
    levels, code = np.unique(text.astype(str), return_inverse=True)
    if len(levels) > MOST_LEVELS:
        return code, (), f"{len(levels):,} different values"
    return code, tuple(levels.tolist()), ""
