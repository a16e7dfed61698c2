"""Groups against rates as small multiples: one row a group, one column a rate, every interval on its column's scale."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents import charts, text
from vidi.documents.evidence import Audited
from vidi.documents.facts import LabelRow
from vidi.documents.quantitative import MOST_GROUPS, tables

Bounds = tuple[text.Number, text.Number]


@dataclass(frozen=True)
class Column:
    """A rate, its scale's ends, what it is over everybody (None: not told), and the ends in words."""

    name: str
    bounds: Bounds
    whole: Measured | None

    @property
    def ends(self) -> tuple[str, str]:
        return _written(self.bounds[0]), _written(self.bounds[1])

    def drawn(self, measured: Measured) -> Markup:
        return charts.interval_bar(
            measured, bounds=self.bounds, mark=None if self.whole is None else self.whole.value
        )


@dataclass(frozen=True)
class Matrix:
    """Blocks of rows (everybody, each attribute by itself, intersections) under the same columns."""

    columns: tuple[Column, ...]
    blocks: tuple[tuple[str, tuple[LabelRow, ...]], ...]
    left_out: int


def matrix(audited: Audited) -> Matrix | None:
    """None where an audit looked at no groups."""
    found = tables(audited)
    if not found:
        return None
    entries = [entry for table in found for row in table.rows for entry in row.numbers.values()]
    names = list(dict.fromkeys(name for table in found for name in table.names))
    columns = tuple(_column(name, [entry for entry in entries if entry.name == name]) for name in names)
    blocks = tuple((_title(table.title), table.rows) for table in found)
    return Matrix(columns, blocks, sum(table.left_out for table in found))


RATES = {
    "selection_rate": "given the good outcome",
    "good_outcomes_lost": "deserved it and lost it",
    "good_outcomes_undeserved": "given it undeserved",
}


@dataclass(frozen=True)
class Outcomes:
    """The groups at one threshold (None: by the answers as they stand), and how many others were looked at."""

    at: float | None
    others: int
    matrix: Matrix


def outcome_matrix(content: Mapping[str, Any]) -> Outcomes | None:
    """Who is given the good outcome at the threshold that the audit is about; None where it asked for none."""
    thresholds = content.get("thresholds") or ()
    if not thresholds:
        return None
    at = content.get("at")
    chosen = next((entry for entry in thresholds if entry["threshold"] == at), thresholds[0])
    rows = [_outcome(group) for group in chosen["groups"]]
    entries = [entry for row in rows for entry in row.numbers.values()]
    names = list(dict.fromkeys(entry.name for entry in entries))
    columns = tuple(_column(name, [entry for entry in entries if entry.name == name]) for name in names)
    shown = tuple(rows[:MOST_GROUPS])
    found = Matrix(columns, (("", shown),), len(rows) - len(shown))
    return Outcomes(chosen["threshold"], len(thresholds) - 1, found)


def _outcome(group: Mapping[str, Any]) -> LabelRow:
    """A group's rates, with their intervals where the audit told any."""
    numbers = {}
    for key, name in RATES.items():
        entry = group.get(key)
        if isinstance(entry, Mapping):
            numbers[name] = replace(Measured.from_record(dict(entry)), name=name)
        elif entry is not None:
            numbers[name] = Measured(
                name, float(entry), math.nan, math.nan, int(group["n"]), "", of=group["of"]
            )
    return LabelRow(str(group["of"]), int(group["n"]), numbers)


def _title(title: str) -> str:
    return {"Unitary": "Each attribute by itself", "Intersectional": "Intersections"}.get(title, title)


def _column(name: str, entries: Sequence[Measured]) -> Column:
    whole = next((entry for entry in entries if entry.of == "all" and entry.value == entry.value), None)
    return Column(name, bounds_of(entries), whole)


def bounds_of(entries: Sequence[Measured]) -> Bounds:
    """The ends of a scale in steps of a tenth that holds every interval: shares within [0, 1]."""
    ends = [end for entry in entries for end in (entry.value, entry.low, entry.high) if math.isfinite(end)]
    if not ends:
        return (0.0, 1.0)
    low, high = math.floor(min(ends) * 10 + 1e-9) / 10, math.ceil(max(ends) * 10 - 1e-9) / 10
    if high - low < 0.19:
        low, high = low - 0.1 * (high >= 1), high + 0.1 * (high < 1)
    if all(entry.unit == "share" for entry in entries):
        low, high = max(0.0, low), min(1.0, high)
    return (round(low, 1), round(high, 1))


def _written(end: text.Number) -> str:
    return f"{end * 100:.0f}"
