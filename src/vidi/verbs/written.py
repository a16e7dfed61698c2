"""Rows of predictions written as they come, to CSV, JSONL or Parquet, and what is said of them."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidi.core.files import atomic

TEXTS = ("path", "prediction", "set", "label", "rle", "error")
Row = dict[str, Any]


@dataclass(frozen=True)
class Predicted:
    """How many images got an answer, and which could not be opened (the first hundred, with reasons).

    `silent` of the answers are "I don't know", `unfamiliar` are of images unlike those the model was trained on.
    """

    out: Path
    answered: int
    failed: int
    errors: tuple[tuple[str, str], ...]
    silent: int = 0
    unfamiliar: int = 0


def said(images: Any) -> str:
    """What was asked for, as a person would say it."""
    if isinstance(images, str | os.PathLike):
        return os.fspath(images)
    if isinstance(images, list | tuple) and images and all(isinstance(i, str | os.PathLike) for i in images):
        return ", ".join(os.fspath(each) for each in images[:3]) + (", …" if len(images) > 3 else "")
    return "what was given"


def written(name: str) -> str:
    """A path as text: bytes of a name that are not UTF-8 are spelled out (`\\xff`)."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@contextmanager
def _csv(path: Path, names: list[str]) -> Iterator[Callable[[Row], None]]:
    with atomic(path, "w") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        yield lambda row: writer.writerow({key: _plain(value) for key, value in row.items()})


def _plain(value: Any) -> Any:
    """Seven digits are more than a float32 network knows; yes and no as JSON has them."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.7g}" if isinstance(value, float) else value


@contextmanager
def _jsonl(path: Path, names: list[str]) -> Iterator[Callable[[Row], None]]:
    with atomic(path, "w") as stream:

        def write(row: Row) -> None:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")

        yield write


@contextmanager
def _parquet(path: Path, names: list[str], *, group: int = 4096) -> Iterator[Callable[[Row], None]]:
    import pyarrow.parquet as pq

    kinds = dict.fromkeys(TEXTS, pa.string()) | dict.fromkeys(("answered", "unfamiliar"), pa.bool_())
    kinds |= dict.fromkeys(("width", "height"), pa.int64())
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in names])
    with atomic(path) as stream, pq.ParquetWriter(stream, schema) as writer:
        waiting: list[Row] = []

        def flush() -> None:
            if waiting:
                writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
                waiting.clear()

        def write(row: Row) -> None:
            waiting.append(row)
            if len(waiting) >= group:
                flush()

        yield write
        flush()


Writer = Callable[[Path, list[str]], AbstractContextManager[Callable[[Row], None]]]
TABLES: dict[str, Writer] = {".csv": _csv, ".parquet": _parquet, ".jsonl": _jsonl}
