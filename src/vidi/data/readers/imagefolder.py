"""The hub's `imagefolder` convention: metadata.csv, .jsonl or .parquet with a column `file_name`."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError
from vidi.data.columns import asked_for
from vidi.data.joining import Roles, concatenated, joined_rows, matched, remark_unlisted, roles_of
from vidi.data.listing import Remarks, existing, glance, holds, remark_skipped, split_of, walk
from vidi.data.matching import Files
from vidi.data.tables import Table, read_table

CARD = Card(
    title="Hub imagefolder",
    idea="A file called metadata, at the top or in each split's folder, names images by `file_name`; the label is its "
    "`label` column, or else the image's folder.",
    paper="Hugging Face datasets, ImageFolder",
    differs="Labels from folders stay beside metadata, where the hub drops them unless told otherwise.",
)

METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
WANTED = "metadata.csv, .jsonl or .parquet with a column file_name was wanted"


def recognise(root: Path) -> float:
    """0.9 where a metadata file at the top or one folder down has a column `file_name`."""
    if not root.is_dir():
        return 0.0
    seen = glance(root, depth=2)
    names = [name for name in seen.others if name in METADATA]
    names += [
        f"{folder}/{name}"
        for folder, each in seen.folders.items()
        for name in each.others
        if name in METADATA
    ]
    return 0.9 if any(_has_file_name(root / name) for name in names[:10]) else 0.0


def _has_file_name(path: Path) -> bool:
    try:
        return "file_name" in read_table(path, Remarks(), most_rows=5).columns
    except UsageError:
        return False


def read(root: Path, *, options: ReadOptions) -> Listing:
    """The images that metadata names, each with its row's other cells as attributes."""
    if not existing(root).is_dir():
        raise UsageError(f"{WANTED}; {root} is a file: pass its folder")
    remarks = Remarks()
    walked = walk(root, remarks)
    names = [name for name in walked.others if PurePosixPath(name).name in METADATA]
    if not walked.images or not names:
        raise UsageError(f"{WANTED}; {holds(root, walked)} and no such file: add one{remarks.first()}")
    tables = [(name, read_table(root / name, remarks)) for name in names]
    image = options.image or "file_name"
    tables = [(name, table) for name, table in tables if image in table.columns] or _no_column(tables, image)
    table = concatenated([each for _, each in tables])
    matches = [
        match
        for name, each in tables
        for match in matched(each, image, Files(root, walked.images, base=_folder(name)))
    ]
    labels = _folder_labels(walked.images)
    roles = roles_of(table, image, options, matches, guess=not labels)
    if roles.target is None and not labels:
        raise UsageError(
            f"which column of {table.name} is to be learnt? none is called label, and no folder for each class is "
            "there: say --target COLUMN"
        )
    rows = joined_rows(
        table, roles, matches, remarks, folder_split=lambda _, file: _split(file), folder_label=labels.get
    )
    if not rows:
        raise UsageError(
            f"{WANTED}; no row of {table.name} has an image that is there and a target{remarks.first()}"
        )
    remark_unlisted(walked.images, rows, matches, remarks)
    remark_skipped([name for name in walked.others if name not in names], remarks)
    return Listing(
        root, "imagefolder", rows, tuple(roles.attributes.values()), remarks.all(), _columns(roles)
    )


def _no_column(tables: list[tuple[str, Table]], image: str) -> list[tuple[str, Table]]:
    asked_for(tables[0][1], image, "image")
    return tables


def _columns(roles: Roles) -> Mapping[str, Any]:
    return {"target": "folder", **roles.record()}


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _split(file: str) -> str | None:
    """The split of the first folder that is named like one."""
    return next((split for part in file.split("/")[:-1] if (split := split_of(part))), None)


def _folder_labels(images: list[str]) -> dict[str, str]:
    """Each image's class folder (the first that is no split's), if there are two classes or more; else nothing."""
    labels = {}
    for file in images:
        folders = [part for part in file.split("/")[:-1] if not split_of(part)]
        if folders:
            labels[file] = folders[0]
    return labels if len(set(labels.values())) > 1 else {}
