"""A table with a row for each image, beside its images."""

from collections.abc import Sequence
from pathlib import Path

from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError
from vidi.data.columns import IMAGE_NAMES, asked_for, image_column, names_images, plain
from vidi.data.joining import concatenated, joined_rows, matched, remark_unlisted, roles_of
from vidi.data.listing import (
    TABLE_SUFFIXES,
    Remarks,
    Walked,
    existing,
    glance,
    holds,
    remark_skipped,
    split_in,
    split_of,
    walk,
)
from vidi.data.matching import Files
from vidi.data.tables import READABLE, Table, read_table

CARD = Card(
    title="Table",
    idea="A CSV, TSV, JSON-lines or Parquet table names each image and its target, under any column names.",
    differs="Columns are guessed from their names and cells; where two would do, it asks instead of choosing. "
    "Rows that name the same image with different targets are set aside, all of them.",
)


WANTED = "a table beside its images was wanted"


def recognise(root: Path) -> float:
    """1 for a table's own file; 0.8 for a folder with a table whose cells look like file names."""
    if root.is_file():
        return 0.99 if root.suffix.lower() in READABLE else 0.0
    if not root.is_dir():
        return 0.0
    seen = glance(root, depth=2)
    tables = [name for name in seen.others if name.lower().endswith(TABLE_SUFFIXES)]
    if not tables:
        tables = [
            f"{folder}/{name}"
            for folder, each in seen.folders.items()
            for name in each.others
            if name.lower().endswith(TABLE_SUFFIXES)
        ]
    if not tables:
        return 0.0
    return 0.8 if any(_may_name_images(root / name) for name in tables[:20]) else 0.1


def _may_name_images(path: Path) -> bool:
    try:
        table = read_table(path, Remarks(), most_rows=50)
    except UsageError:
        return False
    return any(plain(name) in IMAGE_NAMES or names_images(cells) for name, cells in table.columns.items())


def read(root: Path, *, options: ReadOptions) -> Listing:
    """The rows whose image is there and whose target is given; the others are remarked by line and reason."""
    existing(root)
    if root.is_file() and root.suffix.lower() not in READABLE:
        raise UsageError(f"{WANTED}; {root.name} is none of {', '.join(READABLE)}: save it as one of these")
    remarks = Remarks()
    folder = root.parent if root.is_file() else root
    walked = walk(folder, remarks)
    if not walked.images:
        raise UsageError(f"{WANTED}; {holds(folder, walked)}: put the table in the folder of its images")
    image, chosen = _chosen(root, folder, walked, options, remarks)
    table = concatenated([each for each, _ in chosen])
    matches = [
        match
        for each, _ in chosen
        for match in matched(each, image, _files(each.path, folder, walked.images))
    ]
    roles = roles_of(table, image, options, matches)
    if roles.target is None:
        raise UsageError(
            f"which column of {table.name} is to be learnt? none of {', '.join(list(table.columns)[:20])} looks like "
            "a target (few different texts, each repeated): say --target COLUMN"
        )
    splits = [split for each, split in chosen for _ in range(len(each))]
    by_folder = _folders_are_splits(walked.images)
    rows = joined_rows(
        table,
        roles,
        matches,
        remarks,
        folder_split=lambda row, file: splits[row] or (split_of(file.split("/")[0]) if by_folder else None),
        folder_label=lambda _: None,
    )
    if not rows:
        raise UsageError(f"no row of {table.name} has an image that is there and a target{remarks.first()}")
    remark_unlisted(walked.images, rows, matches, remarks)
    used = {each.path.relative_to(folder).as_posix() for each, _ in chosen}
    remark_skipped([name for name in walked.others if name not in used], remarks)
    return Listing(folder, "table", rows, tuple(roles.attributes.values()), remarks.all(), roles.record())


def _files(table: Path, folder: Path, images: Sequence[str]) -> Files:
    base = table.parent.relative_to(folder).as_posix()
    return Files(folder, images, base="" if base == "." else base)


def _folders_are_splits(images: Sequence[str]) -> bool:
    first = {file.split("/")[0] if "/" in file else "" for file in images}
    return len(first) > 1 and all(split_of(name) for name in first)


def _chosen(
    root: Path, folder: Path, walked: Walked, options: ReadOptions, remarks: Remarks
) -> tuple[str, list[tuple[Table, str | None]]]:
    """The image column and the tables to read, each with the split that its name gives it (train.csv, test.csv)."""
    if root.is_file():
        table = read_table(root, remarks)
        return image_column(table, _files(root, folder, walked.images), options.image), [(table, None)]
    found: dict[str, tuple[str, Table, Remarks]] = {}
    refused: list[UsageError] = []
    for name in _candidates(walked.others):
        noticed = Remarks()
        try:
            table = read_table(folder / name, noticed)
            column = image_column(table, _files(table.path, folder, walked.images), options.image)
            if options.target is not None and not split_in(Path(name).stem):
                asked_for(table, options.target, "target")
            found[name] = column, table, noticed
        except UsageError as error:
            refused.append(error)
    names = _together(list(found))
    if not names:
        if refused:
            raise refused[0]
        raise UsageError(
            f"{WANTED}; {holds(folder, walked)} but no table with such a column: say --target COLUMN"
        )
    several = len(names) > 1
    for name in names:
        for remark in found[name][2].all():
            remarks.add(remark.kind, remark.where, remark.what)
    image = found[names[0]][0]
    tables = [(found[name][1], split_in(Path(name).stem) if several else None) for name in names]
    return image, [(table, split) for table, split in tables if image in table.columns]


def _candidates(others: Sequence[str]) -> list[str]:
    """The tables at the top, or if there are none those one folder down."""
    tables = [name for name in others if name.lower().endswith(TABLE_SUFFIXES)]
    top = [name for name in tables if "/" not in name]
    return top or [name for name in tables if name.count("/") == 1]


def _together(names: Sequence[str]) -> list[str]:
    """One table for each split, or the only table; raises UsageError where one must be chosen."""
    named = [name for name in names if split_in(Path(name).stem)]
    if named and len({split_in(Path(name).stem) for name in named}) == len(named):
        return named
    if len(names) > 1:
        raise UsageError(
            f"one table was wanted; {', '.join(names)} all name images: pass the right one itself"
        )
    return list(names)
