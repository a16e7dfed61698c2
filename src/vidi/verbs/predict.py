"""Predictions for any number of images, written as they come."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidi.core.errors import UsageError
from vidi.core.files import atomic
from vidi.core.progress import Quiet, Say
from vidi.evaluation.model import Model, Prediction
from vidi.verbs.open import open_model

FORMATS = (".csv", ".parquet", ".jsonl")
Row = dict[str, Any]


@dataclass(frozen=True)
class Predicted:
    """How many images got an answer, and which could not be opened (the first hundred, with reasons)."""

    out: Path
    answered: int
    failed: int
    errors: tuple[tuple[str, str], ...]


def row_of(prediction: Prediction, labels: tuple[str, ...]) -> Row:
    """One table row: path, prediction, confidence, p(label) for each label, error."""
    return {
        "path": written(prediction.name),
        "prediction": prediction.prediction,
        "confidence": prediction.confidence,
        **{f"p({label})": prediction.probabilities.get(label) for label in labels},
        "error": prediction.error or None,
    }


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


def predict(run: str | Path | Model, images: Any, *, out: str | Path, say: Say | None = None) -> Predicted:
    """Write one row for each image to a CSV, Parquet or JSONL file; unreadable images become rows with an error.

    Memory does not grow with the number of images, and the file appears when it is complete.
    Raises UsageError for another format, or if no image is found.
    """
    path = Path(out)
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"--out wants a name ending in {', '.join(FORMATS)}; got {path.name}")
    model = run if isinstance(run, Model) else open_model(run)
    answered = failed = 0
    errors: list[tuple[str, str]] = []
    with WRITERS[path.suffix.lower()](
        path, model.labels
    ) as write:  # first, so that a bad place costs no time
        for prediction in model.stream(images, say=say or Quiet()):
            write(row_of(prediction, model.labels))
            answered, failed = answered + (not prediction.error), failed + bool(prediction.error)
            if prediction.error and len(errors) < 100:
                errors.append((prediction.name, prediction.error))
        if not answered + failed:
            raise UsageError(f"no image was found in {said(images)}; give image files, a folder or a glob")
    return Predicted(path, answered, failed, tuple(errors))


@contextmanager
def _csv(path: Path, labels: tuple[str, ...]) -> Iterator[Callable[[Row], None]]:
    names = list(row_of(Prediction("", None, None, {}), labels))
    with atomic(path, "w") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        yield lambda row: writer.writerow({key: _plain(value) for key, value in row.items()})


def _plain(value: Any) -> Any:
    """Seven digits are more than a float32 network knows."""
    return f"{value:.7g}" if isinstance(value, float) else value


@contextmanager
def _jsonl(path: Path, labels: tuple[str, ...]) -> Iterator[Callable[[Row], None]]:
    with atomic(path, "w") as stream:

        def write(row: Row) -> None:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")

        yield write


@contextmanager
def _parquet(path: Path, labels: tuple[str, ...], *, group: int = 4096) -> Iterator[Callable[[Row], None]]:
    import pyarrow.parquet as pq

    text = {"path", "prediction", "error"}
    names = list(row_of(Prediction("", None, None, {}), labels))
    schema = pa.schema([(name, pa.string() if name in text else pa.float64()) for name in names])
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


Writer = Callable[[Path, tuple[str, ...]], AbstractContextManager[Callable[[Row], None]]]
WRITERS: dict[str, Writer] = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
