"""What the writers of layouts share: images copied to the byte, names, numbers as text, what was lost."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import yaml

from vidi.core.annotations import Annotation
from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.files import atomic
from vidi.core.progress import Quiet, Say
from vidi.data.decode import Unreadable
from vidi.data.image_format import IMAGE_SUFFIXES, SUFFIX_FORMAT, format_of
from vidi.data.pixels import contents

FOLDERS = {"train": "train", "validation": "val", "test": "test"}


@dataclass
class Lost:
    """What a layout cannot hold, counted: `lost["crowd flags"] += 1`."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, count: int = 1) -> None:
        if count:
            self.counts[what] += count


@dataclass(frozen=True)
class Placed:
    """One example where it goes: its row, split (a folder's name or None) and name without folders, and its bytes."""

    row: int
    split: str | None
    name: str
    content: bytes

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def inner(self) -> str:
        """Split and name as a path."""
        return f"{self.split}/{self.name}" if self.split else self.name


def placed(dataset: Dataset, say: Say | None = None) -> Iterator[Placed]:
    """Every example with a name whose stem no other has, in the dataset's order; its bytes as they are."""
    say = say or Quiet()
    table = dataset.table.select(["path", "file", "offset", "length", "row"])
    rows, splits = table.to_pylist(), dataset.column("split").tolist()
    taken: set[str] = set()
    column = dataset.columns.get("image", "image")
    for number, (row, raw) in enumerate(zip(rows, contents(dataset.root, rows, column), strict=True)):
        if isinstance(raw, Unreadable):
            raise UsageError(f"{row['path']} cannot be read any more ({raw}); restore it or start again")
        say.track("writing", number + 1, len(rows))
        yield Placed(number, FOLDERS.get(splits[number]), own_name(row["path"], raw, taken), raw)


def own_name(path: str, raw: bytes, taken: set[str]) -> str:
    """The file's name; with its folders in it, or a number behind it, where another one has it."""
    pure = PurePosixPath(path.replace("#", "-row-"))
    suffix = pure.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        kind = format_of(raw)
        suffix = next((each for each, name in SUFFIX_FORMAT.items() if name == kind), ".png")
        pure = PurePosixPath(f"{pure}{suffix}")
    stem = whole = str(pure.with_suffix("")).replace("/", "__")
    for candidate in (pure.stem, whole):
        stem = candidate
        if candidate.lower() not in taken:
            break
    count = 1
    while stem.lower() in taken:
        count += 1
        stem = f"{whole}-{count}"
    taken.add(stem.lower())
    return stem + pure.suffix


def write_bytes(path: Path, content: bytes) -> None:
    with atomic(path) as stream:
        stream.write(content)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_yaml(path: Path, content: Any) -> None:
    write_text(path, yaml.safe_dump(content, allow_unicode=True, sort_keys=False))


def number(value: float) -> str:
    """The shortest text that is this number again in single precision."""
    return np.format_float_positional(np.float32(value), trim="-")


def short(value: float) -> float:
    """The number as people write it: the shortest that is the same in single precision."""
    return float(number(value))


def drawn(dataset: Dataset, row: int, wanted: str) -> Annotation:
    """The row's annotation; raises UsageError if nothing is drawn in this data set."""
    if dataset.scheme is None:
        raise UsageError(
            f"{wanted} holds what is drawn on images; {dataset.name} has a label for each (read as {dataset.layout}): "
            "convert it to folder or parquet"
        )
    return dataset.annotation(row)


def own_attributes(dataset: Dataset) -> list[dict[str, Any]]:
    """Each row's metadata as plain values."""
    rows: list[dict[str, Any]] = dataset.table.select(list(dataset.attributes)).to_pylist()
    return rows if dataset.attributes else [{} for _ in range(len(dataset))]
