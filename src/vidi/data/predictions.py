"""Anybody's predictions from a table: truth, prediction, probabilities and attributes, found by their names or told."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vidi.core.answers import Answers
from vidi.core.dataset import Remark
from vidi.core.errors import UsageError
from vidi.data.cells import label_texts, text_of
from vidi.data.columns import asked_for
from vidi.data.listing import Remarks
from vidi.data.tables import Table, read_table

TRUTH = ("truth", "target", "label", "y_true", "y", "true", "actual")
PREDICTED = ("prediction", "predicted", "y_pred", "yhat", "pred", "answer")
IDS = ("id", "path", "file", "image")
SUM_TOLERANCE = 1e-3


def read_predictions(
    path: Path, *, truth: str | None = None, predicted: str | None = None, group: str | None = None
) -> tuple[Answers, tuple[Remark, ...]]:
    """Answers from a table (CSV, TSV, JSON lines, Parquet), and what was noticed.

    Without `truth` and `predicted` the usual names are tried. Columns `p(label)` hold probabilities, as vidi writes
    them. Rows without a truth or a prediction are left out and counted. Every other column is an attribute. Raises
    UsageError with a sentence for what can't be used.
    """
    remarks = Remarks()
    table = read_table(path, remarks)
    truth = asked_for(table, truth, "truth") if truth else named(table, TRUTH, "--truth", "the true labels")
    predicted = (
        asked_for(table, predicted, "predicted")
        if predicted
        else named(table, PREDICTED, "--predicted", "the predictions")
    )
    texts = {name: label_texts(table.columns[name]) for name in (truth, predicted)}
    keep = np.flatnonzero([a is not None and b is not None for a, b in zip(*texts.values(), strict=True)])
    if not len(keep):
        raise UsageError(f"{path.name} has no row with both a truth ({truth}) and a prediction ({predicted})")
    if len(keep) < len(table):
        left = len(table) - len(keep)
        remarks.add("left out", path.name, f"{left:,} rows have no truth or no prediction")
    true, answered = ([str(texts[name][row]) for row in keep] for name in (truth, predicted))
    labels = tuple(sorted(set(true) | set(answered) | set(probability_columns(table).values())))
    number = {label: place for place, label in enumerate(labels)}
    others = [n for n in table.columns if n not in (truth, predicted) and n not in probability_columns(table)]
    attributes = {name: attribute(table.columns[name], keep) for name in others}
    return Answers(
        truth=np.asarray([number[text] for text in true], np.int64),
        prediction=np.asarray([number[text] for text in answered], np.int64),
        labels=labels,
        attributes=attributes,
        probability=probabilities(table, labels, keep),
        ids=identities(table, keep),
        group=grouped(attributes, asked_for(table, group, "group")) if group else None,
        where=path.name,
    ), remarks.all()


def read_own_predictions(
    path: Path, data: Mapping[str, Any], *, group: str | None = None
) -> tuple[Answers, tuple[Remark, ...]]:
    """Answers from a predictions.parquet that vidi wrote; `data` is what results.json beside it says of the data.

    The true labels are an attribute too, under the name that their column had.
    """
    group = group or data.get("group")
    answers, remarks = read_predictions(path, truth="truth", predicted="prediction", group=group)
    own = {"id", "path", "split"}
    attributes = {name: values for name, values in answers.attributes.items() if name not in own}
    target = (data.get("columns") or {}).get("target")
    if target:
        true = np.asarray([answers.labels[label] for label in answers.truth], dtype=object)
        attributes = {target: true, **attributes}
    return replace(answers, attributes=attributes, where=str(data["name"])), remarks


def named(table: Table, names: Sequence[str], flag: str, what: str) -> str:
    """The first of the usual names that the table has; raises UsageError that asks for one."""
    found = {name.lower(): name for name in table.columns}
    for name in names:
        if name in found:
            return found[name]
    known = list(table.columns)
    shown = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    raise UsageError(
        f"{table.name} has no column that is clearly {what}; name it with {flag}: there are {shown}"
    )


def attribute(cells: Sequence[Any], keep: NDArray[np.int64]) -> NDArray[np.object_]:
    """Texts, None where missing."""
    return np.asarray([text_of(cells[row]) for row in keep], dtype=object)


def identities(table: Table, keep: NDArray[np.int64]) -> tuple[str, ...]:
    """What names each row: a column for that, or where the row stands in the file."""
    for name in IDS:
        if name in table.columns:
            return tuple(str(table.columns[name][row]) for row in keep)
    return tuple(table.where[row] for row in keep)


def grouped(attributes: Mapping[str, NDArray[np.object_]], name: str) -> NDArray[np.int64]:
    return np.unique(attributes[name].astype(str), return_inverse=True)[1].astype(np.int64)


def probability_columns(table: Table) -> dict[str, str]:
    """Columns named `p(label)`, and their labels."""
    return {name: name[2:-1] for name in table.columns if name.startswith("p(") and name.endswith(")")}


def probabilities(
    table: Table, labels: Sequence[str], keep: NDArray[np.int64]
) -> Float[np.ndarray, "n c"] | None:
    """(n, labels) from the columns `p(label)`, or None without any.

    Raises UsageError for NaN, values outside 0 to 1 and rows that don't add up to one.
    """
    columns = probability_columns(table)
    if not columns:
        return None
    missing = sorted(set(labels) - set(columns.values()))
    if missing:
        raise UsageError(f"{table.name} has probabilities, but no column p({missing[0]}) for that label")
    column = {label: name for name, label in columns.items()}
    found = np.stack([numbers(table, column[label], keep) for label in labels], axis=1)
    totals = found.sum(axis=1)
    worst = int(np.argmax(np.abs(totals - 1)))
    if abs(totals[worst] - 1) > SUM_TOLERANCE:
        raise UsageError(
            f"probabilities add up to one; in {table.where[keep[worst]]} of {table.name} they add up to "
            f"{totals[worst]:.4g}. For scores that are none, give other names to the columns p(…)"
        )
    return np.asarray(found / totals[:, None])


def numbers(table: Table, name: str, keep: NDArray[np.int64]) -> Float[np.ndarray, " n"]:
    """A column of probabilities; raises UsageError at the first cell that is none."""
    found = np.empty(len(keep))
    for place, row in enumerate(keep):
        cell = table.columns[name][row]
        try:
            value = float(cell)
        except (TypeError, ValueError):
            value = math.nan
        if not 0 <= value <= 1:
            raise UsageError(
                f"a probability between 0 and 1 was wanted in {name}, {table.where[row]} of {table.name}; got {cell!r}"
            )
        found[place] = value
    return found
