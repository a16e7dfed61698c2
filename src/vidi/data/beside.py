"""A table that lies beside folders of images: attributes, and a target or split if asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidi.core.dataset import ReadOptions
from vidi.core.errors import UsageError
from vidi.data.cells import attribute_names, label_texts, text_of, values_of
from vidi.data.columns import image_column, match_score
from vidi.data.listing import TABLE_SUFFIXES, Remarks, Walked, split_of
from vidi.data.matching import NOTHING, Files
from vidi.data.tables import Table, read_table


@dataclass(frozen=True)
class Beside:
    """What the table says, by file. `names` maps its columns to attributes; `target` is None if the folders rule."""

    name: str = ""
    attributes: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    target: Mapping[str, str | None] | None = None
    target_name: str | None = None
    split: Mapping[str, str | None] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)


def beside(root: Path, walked: Walked, options: ReadOptions, remarks: Remarks) -> Beside:
    """The table among the other files at the top whose cells name most of the images; an empty one if none does."""
    files = Files(root, walked.images)
    best: tuple[float, str, Table, str, Remarks] | None = None
    for name in walked.others:
        if "/" in name or not name.lower().endswith(TABLE_SUFFIXES):
            continue
        noticed = Remarks()
        try:
            table = read_table(root / name, noticed)
            column = image_column(table, files, options.image)
        except UsageError as error:
            remarks.add("table", name, f"not used: {error}")
            continue
        score = match_score(table.columns[column], files)
        if score > 0 and (best is None or score > best[0]):
            best = score, name, table, column, noticed
    if best is None:
        return Beside(unused=walked.others)
    _, name, table, column, noticed = best
    for remark in noticed.all():
        remarks.add(remark.kind, remark.where, remark.what)
    unused = [other for other in walked.others if other != name]
    return _joined(name, table, column, files, options, remarks, unused)


def _joined(
    name: str,
    table: Table,
    column: str,
    files: Files,
    options: ReadOptions,
    remarks: Remarks,
    unused: list[str],
) -> Beside:
    """The table's rows by the file that each one names; a second row for a file is remarked."""
    row_of: dict[str, int] = {}
    for row, cell in enumerate(table.columns[column]):
        text = text_of(cell)
        match = files.find(text) if text is not None else NOTHING
        if match.file is None:
            said = match.what if text is None else f"{text[:200]!r} {match.what}"
            remarks.add(match.kind, table.where[row], said)
        elif match.file in row_of:
            remarks.add(
                "duplicate row", table.where[row], f"{match.file} stands in an earlier row, which counts"
            )
        else:
            row_of[match.file] = row
    roles = {options.target, options.split} & set(table.columns) - {options.group}
    names = attribute_names([each for each in table.columns if each != column and each not in roles])
    values = {names[each]: values_of(table.columns[each]) for each in names}
    columns = {"image": column, "attributes": name}
    target, split = _column(table, options.target), _column(table, options.split)
    if target is not None and options.target is not None:
        columns["target"] = options.target
        target = label_texts(target)
    if split is not None and options.split is not None:
        columns["split"] = options.split
    return Beside(
        name=name,
        attributes=tuple(names.values()),
        values={file: {each: values[each][row] for each in values} for file, row in row_of.items()},
        names=names,
        target=None if target is None else {file: target[row] for file, row in row_of.items()},
        target_name=None if target is None else options.target,
        split={}
        if split is None
        else {file: split_of(str(split[row] or "")) for file, row in row_of.items()},
        columns=columns,
        unused=unused,
    )


def _column(table: Table, name: str | None) -> Sequence[Any] | None:
    return table.columns.get(name) if name is not None else None
