"""A table of examples, and what was noticed while it was read."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vidi.core.annotations import COLUMN, Annotation, Annotations, Scheme, as_arrays, from_arrow

SPLITS = ("train", "validation", "test")
LEDGER = ("licence", "source", "consent")  # what an example's metadata may say of its rights
OWN_COLUMNS = (
    "id",
    "path",
    "file",
    "offset",
    "length",
    "row",
    "hash",
    "target",
    "split",
    "width",
    "height",
    "phash",
)


def numbered(names: Iterable[Any]) -> NDArray[np.int64]:
    """A number for each name, the same for names that are the same as text."""
    return np.unique([str(name) for name in names], return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True)
class Remark:
    """Something the user should know of the data: `kind` groups, `where` names, `what` is a sentence's worth."""

    kind: str
    where: str
    what: str


@dataclass(frozen=True)
class ReadOptions:
    """What the user said about the layout; None means: find out."""

    image: str | None = None
    target: str | None = None
    group: str | None = None
    split: str | None = None
    part: str | None = None  # of several sets of annotations in a folder, the one that is meant


@dataclass(frozen=True)
class Listing:
    """What a reader found, before any image was opened.

    `rows` are plain dictionaries: `path` (how a person names it, unique), `file` (relative to `root`),
    `offset` and `length` (bytes inside `file`; None: all of it), `row` (inside a Parquet file, else None),
    `target` (text; several joined by `|`; None: not labelled), `split` (one of SPLITS or None), and every
    metadata column under its own name, listed in `attributes`.
    `columns` says which column of the source was taken for what. With a `scheme` something is drawn on the images:
    each row has an `annotation` too, and its `target` joins the labels of what is drawn ("" for nothing).
    """

    root: Path
    layout: str
    rows: Sequence[Mapping[str, Any]]
    attributes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    scheme: Scheme | None = None


@dataclass(frozen=True)
class Dataset:
    """Examples that were opened once: each row has a content hash, a target and, after `split`, a split.

    `table` has the columns of OWN_COLUMNS and one for each attribute. `task` is the name of a task.
    `target` holds a label's text; with several labels they are joined by `|`. With a `scheme` the table has a column
    of what is drawn on each image, `target` joins the labels of that, and `labels` are in the scheme's order.
    """

    name: str
    root: Path
    layout: str
    table: pa.Table
    labels: tuple[str, ...]
    task: str = "classification"
    attributes: tuple[str, ...] = ()
    group: str | None = None
    remarks: tuple[Remark, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    scheme: Scheme | None = None

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def annotation(self, row: int) -> Annotation:
        """What is drawn on one image."""
        return from_arrow(self.table.column(COLUMN)[int(row)])

    def annotations(self) -> Annotations:
        """All that is drawn, as arrays: kept by who needs it often, made anew at each call."""
        return as_arrays(self.table.column(COLUMN), self.labels)

    @property
    def several(self) -> bool:
        """True if a target may hold several labels, joined by `|`."""
        return self.task != "classification"

    def column(self, name: str) -> NDArray[Any]:
        """One column as a numpy array (text columns are arrays of objects)."""
        return np.asarray(self.table.column(name).to_numpy(zero_copy_only=False))

    def group_numbers(self, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """A number for each row, the same for rows of one group; None where the data has no groups."""
        return numbered(self.column(self.group)[rows]) if self.group else None

    def where(self, split: str) -> NDArray[np.int64]:
        """The row numbers of a split, in order."""
        return np.flatnonzero(self.column("split") == split)

    def by_content(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows sorted by what is in them: what is drawn from them then depends on no order that they came in."""
        keys = zip(*(self.column(name)[rows] for name in ("hash", "path")), rows.tolist(), strict=True)
        return np.asarray([row for _, _, row in sorted(keys)], np.int64)

    def take(self, rows: NDArray[np.int64]) -> "Dataset":
        return replace(self, table=self.table.take(pa.array(rows)))

    def with_column(self, name: str, values: pa.Array) -> "Dataset":
        """The same with one column replaced or added."""
        position = self.table.schema.get_field_index(name)
        table = (
            self.table.append_column(name, values)
            if position < 0
            else self.table.set_column(position, name, values)
        )
        return replace(self, table=table)

    def split_table(self) -> pa.Table:
        """Which content is where: hash, id, path, target, split, and of the ledger's columns those that there are, as
        text."""
        table = self.table.select(["hash", "id", "path", "target", "split"])
        for role in LEDGER:
            if role in self.columns:
                table = table.append_column(role, self.table.column(self.columns[role]).cast(pa.string()))
        return table

    def remarked(self, remarks: Sequence[Remark]) -> "Dataset":
        return replace(self, remarks=(*self.remarks, *remarks))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over every example's content hash, target, drawing and split, in an order that does not matter."""
        told = [self.column(name) for name in ("hash", "target", "split")]
        if self.scheme is not None:
            told.append(
                np.array(
                    [each.as_py() for each in self.table.column(COLUMN).combine_chunks().field("digest")]
                )
            )
        columns = zip(*told, strict=True)
        lines = sorted("\t".join(str(value) for value in row) for row in columns)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
