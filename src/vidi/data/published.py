"""A table of errors by group that somebody has published: cells with their n, totals, values where two circulate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidi.core.answers import Answers
from vidi.core.errors import UsageError
from vidi.data.cells import text_of
from vidi.data.columns import asked_for
from vidi.data.listing import Remarks
from vidi.data.tables import Table, read_table

ALL = ("", "all", "total")
OTHERWISE = "|"  # between the values that circulate for one cell
LABELS = ("answered right", "answered wrong")
Cell = tuple[str, ...]


@dataclass(frozen=True)
class Published:
    """`n` and error in `percent` (several where several circulate) of each cell, and the `stated` totals in percent.

    A cell is named by its levels in the order of `by`; a total by those levels that it does not add up over.
    """

    where: str
    by: tuple[str, ...]
    n: Mapping[Cell, int]
    percent: Mapping[Cell, float | tuple[float, ...]]
    stated: Mapping[Cell, float]

    def answers(self, chosen: Mapping[Cell, float]) -> Answers:
        """The examples that the cells count, one by one, as if somebody had listed them."""
        levels: list[Cell] = []
        wrong: list[int] = []
        for cell, n in self.n.items():
            value = self.percent[cell]
            percent = chosen[cell] if isinstance(value, tuple) else value
            errors = round(n * percent / 100)
            levels += [cell] * n
            wrong += [1] * errors + [0] * (n - errors)
        columns = [np.array([cell[place] for cell in levels], dtype=object) for place in range(len(self.by))]
        return Answers(
            truth=np.zeros(len(wrong), dtype=np.int64),
            prediction=np.asarray(wrong, np.int64),
            labels=LABELS,
            attributes=dict(zip(self.by, columns, strict=True)),
            where=self.where,
        )


def read_published(path: Path, *, counts: str, error: str, by: Sequence[str]) -> Published:
    """A table with a row for each cell and, where an attribute is empty or `all`, for each total.

    `counts` names the column with the examples of a cell, `error` that with its error in percent; `6.0|9.8` where two
    values circulate. Raises UsageError with a sentence for what can't be used.
    """
    table = read_table(path, Remarks())
    if not by:
        raise UsageError("a published table wants --by with the columns that name its groups")
    columns = {name: asked_for(table, name, flag) for flag, name in (("counts", counts), ("error", error))}
    columns |= {name: asked_for(table, name, "by") for name in by}
    n: dict[Cell, int] = {}
    percent: dict[Cell, float | tuple[float, ...]] = {}
    stated: dict[Cell, float] = {}
    for row in range(len(table)):
        levels = tuple(level(table, name, row) for name in by)
        values = errors(table, error, row)
        if all(levels):
            if levels in n:
                raise UsageError(f"{table.where[row]} of {path.name} gives {', '.join(levels)} a second time")
            n[levels] = whole(table, counts, row)
            percent[levels] = values[0] if len(values) == 1 else values
        else:
            stated[tuple(filter(None, levels))] = values[0]
    if not n:
        raise UsageError(f"{path.name} has no row that names a level of each of {', '.join(by)}")
    for group in stated:
        if not any(set(group) <= set(cell) for cell in n):
            raise UsageError(f"{path.name} states a total of {', '.join(group)}, and no cell belongs to it")
    return Published(path.name, tuple(by), n, percent, stated)


def level(table: Table, name: str, row: int) -> str:
    """The level that a cell names; empty for a total."""
    text = text_of(table.columns[name][row]) or ""
    return "" if text.strip().lower() in ALL else text.strip()


def errors(table: Table, name: str, row: int) -> tuple[float, ...]:
    """One error in percent, or several; raises UsageError unless each is between 0 and 100."""
    text = text_of(table.columns[name][row]) or ""
    try:
        values = tuple(float(part) for part in text.split(OTHERWISE))
    except ValueError:
        values = ()
    if not values or not all(0 <= value <= 100 for value in values):
        raise UsageError(
            f"an error in percent, 0 to 100, was wanted in {name}, {table.where[row]} of {table.name}; got {text!r}"
        )
    return values


def whole(table: Table, name: str, row: int) -> int:
    """A count; raises UsageError unless it is a whole number above 0."""
    text = text_of(table.columns[name][row]) or ""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (value > 0 and value == int(value)):
        raise UsageError(
            f"a count of examples was wanted in {name}, {table.where[row]} of {table.name}; got {text!r}"
        )
    return int(value)
