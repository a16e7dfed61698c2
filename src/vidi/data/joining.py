"""Rows of a table joined with the files they name: each image once, and everything that was left out by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidi.core.dataset import ReadOptions
from vidi.data.cells import attribute_names, label_texts, text_of, values_of
from vidi.data.columns import asked_for, split_column, target_column
from vidi.data.listing import Remarks, example, split_of
from vidi.data.matching import NOTHING, Files, Match
from vidi.data.tables import Table


@dataclass(frozen=True)
class Roles:
    """Which column is what; `attributes` maps every other column to its name in the listing."""

    image: str
    target: str | None
    split: str | None
    group: str | None
    attributes: Mapping[str, str]

    def record(self) -> dict[str, str]:
        group = self.attributes.get(self.group, self.group) if self.group else None
        named = {"image": self.image, "target": self.target, "split": self.split, "group": group}
        return {role: name for role, name in named.items() if name is not None}


def roles_of(
    table: Table, image: str, options: ReadOptions, matches: Sequence[Match], *, guess: bool = True
) -> Roles:
    """The columns' roles, guessed where not asked for; raises UsageError for an option that names no column.

    Without `guess` only a column with a target's name is taken for it.
    """
    group = asked_for(table, options.group, "group") if options.group is not None else None
    asked = {name for name in (options.target, group) if name is not None}
    split = split_column(table, [image, *asked], options.split)
    others = [name for name in (image, split, group) if name is not None and name != options.target]
    folders = [match.file.split("/")[-2] if match.file and "/" in match.file else None for match in matches]
    target = target_column(table, others, options.target, folders, guess=guess)
    rest = [name for name in table.columns if name not in {image, target, split} or name == group]
    return Roles(image, target, split, group, attribute_names(rest))


def concatenated(tables: Sequence[Table]) -> Table:
    """The tables under one another; a column that one of them lacks is missing there."""
    if len(tables) == 1:
        return tables[0]
    names = dict.fromkeys(name for table in tables for name in table.columns)
    columns = {
        name: [cell for table in tables for cell in table.columns.get(name, [None] * len(table))]
        for name in names
    }
    return Table(tables[0].path, columns, [where for table in tables for where in table.where])


def matched(table: Table, image: str, files: Files) -> list[Match]:
    """For each row the file it means, or why there is none."""
    texts = [text_of(cell) for cell in table.columns[image]]
    return [NOTHING if text is None else files.find(text) for text in texts]


def joined_rows(
    table: Table,
    roles: Roles,
    matches: Sequence[Match],
    remarks: Remarks,
    *,
    folder_split: Callable[[int, str], str | None],
    folder_label: Callable[[str], str | None],
) -> list[dict[str, Any]]:
    """One row for each image, sorted by path. `folder_…` give split and label where no column does.

    Of rows that name the same image the first counts; where they disagree on target or split, none does.
    """
    labels = label_texts(table.columns[roles.target]) if roles.target is not None else None
    cells = table.columns[roles.split] if roles.split is not None else None
    values = {roles.attributes[name]: values_of(table.columns[name]) for name in roles.attributes}
    chosen: dict[str, dict[str, Any]] = {}
    conflicts: dict[str, list[str]] = {}
    for row, match in enumerate(matches):
        file = match.file
        if file is None:
            remarks.add(match.kind, table.where[row], _said(table.columns[roles.image][row], match.what))
            continue
        target = labels[row] if labels is not None else folder_label(file)
        split = split_of(text_of(cells[row]) or "") if cells is not None else folder_split(row, file)
        if target is None:
            remarks.add("no target", table.where[row], f"{file} has no target; left out")
            continue
        attributes = {name: values[name][row] for name in values}
        new = example(file, target=target, split=split, attributes=attributes)
        if file not in chosen:
            chosen[file] = new
        elif _same(chosen[file], new):
            remarks.add("duplicate row", table.where[row], f"{file} stands in an earlier row, which counts")
        else:
            conflicts.setdefault(file, [_claim(chosen[file])]).append(_claim(new))
    for file, claims in conflicts.items():
        del chosen[file]
        said = " against ".join(dict.fromkeys(claims))
        remarks.add("conflict", file, f"its rows disagree: {said}; left out (if both hold, write a|b)")
    return [chosen[file] for file in sorted(chosen)]


def placed_rows(
    table: Table, roles: Roles, places: Sequence[Mapping[str, Any]], remarks: Remarks
) -> list[dict[str, Any]]:
    """One row for each place (what `example` takes: file, path, offset, …) that has a target, in order.

    A split column beats the place's own split.
    """
    labels = label_texts(table.columns[roles.target]) if roles.target is not None else [None] * len(table)
    cells = table.columns[roles.split] if roles.split is not None else None
    values = {roles.attributes[name]: values_of(table.columns[name]) for name in roles.attributes}
    rows = []
    for row, (place, target) in enumerate(zip(places, labels, strict=True)):
        if target is None:
            remarks.add("no target", table.where[row], "no target; left out")
            continue
        split = place["split"] if cells is None else split_of(text_of(cells[row]) or "")
        attributes = {name: values[name][row] for name in values}
        rows.append(example(**{**place, "split": split}, target=target, attributes=attributes))
    return rows


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(
        set(one["target"].split("|")) == set(other["target"].split("|")) and one["split"] == other["split"]
    )


def _claim(row: Mapping[str, Any]) -> str:
    return f"{row['target']} in {row['split']}" if row["split"] else str(row["target"])


def _said(cell: Any, what: str) -> str:
    text = text_of(cell)
    return what if text is None else f"{text[:200]!r} {what}"


def remark_unlisted(
    files: Sequence[str], rows: Sequence[Mapping[str, Any]], matches: Sequence[Match], remarks: Remarks
) -> None:
    """Images that lie there but that no row names."""
    named = {row["file"] for row in rows} | {match.file for match in matches}
    for file in files:
        if file not in named:
            remarks.add("unlisted", file, "no row of the table names it; left out")
