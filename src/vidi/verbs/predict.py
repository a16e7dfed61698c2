"""Predictions for any number of images, written as they come."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vidi.core.errors import UsageError
from vidi.core.files import atomic
from vidi.core.progress import Quiet, Say
from vidi.evaluation.limits import Limits
from vidi.evaluation.model import Model, Prediction
from vidi.verbs.open import open_model

FORMATS = (".csv", ".parquet", ".jsonl")
SILENCE = "I don't know"
JOINT = "|"  # between the labels of a set
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


@dataclass(frozen=True)
class Answering:
    """How a model's probabilities become a row: which columns there are, and when it says that it does not know."""

    labels: tuple[str, ...]
    limits: Limits | None = None
    sets: bool = False
    least: float | None = None

    def row(self, prediction: Prediction) -> Row:
        """path, prediction, confidence, what was asked for besides, p(label) for each label, error."""
        confidence = prediction.confidence
        opened = confidence is not None
        silent = self.least is not None and confidence is not None and not confidence >= self.least
        row: Row = {
            "path": written(prediction.name),
            "prediction": SILENCE if silent else prediction.prediction,
            "confidence": confidence,
        }
        if self.least is not None:
            row["answered"] = (not silent) if opened else None
        if self.sets:
            row["set"] = self.set_of(prediction) if opened else None
        if self.limits is not None and self.limits.familiar is not None:
            row["unfamiliar"] = prediction.unfamiliar
        row |= {f"p({label})": prediction.probabilities.get(label) for label in self.labels}
        return row | {"error": prediction.error or None}

    def set_of(self, prediction: Prediction) -> str:
        """The labels that could be true, most probable first; empty where none is likely enough."""
        assert self.limits is not None
        values = np.array([prediction.probabilities[label] for label in self.labels])
        chosen = self.limits.sets(values[None])[0]
        order = np.argsort(-values, kind="stable")
        return JOINT.join(self.labels[place] for place in order if chosen[place])


def answering(model: Model, *, sets: bool, risk: float | None, min_confidence: float | None) -> Answering:
    """What was asked for, if the model can do it; raises UsageError with a sentence otherwise."""
    limits = model.limits
    if risk is not None and min_confidence is not None:
        raise UsageError("--risk and --min-confidence both say when to answer; give one of them")
    if (sets or risk is not None or min_confidence is not None) and model.task.name != "classification":
        raise UsageError(
            f"--sets, --risk and --min-confidence are for one label an image; this model's task is {model.task.name}"
        )
    if min_confidence is not None and not 0 <= min_confidence <= 1:
        raise UsageError(f"--min-confidence wants a probability, 0 to 1; got {min_confidence:g}")
    if limits is None and (sets or risk is not None):
        raise UsageError(
            f"{'--sets' if sets else '--risk'} wants thresholds from 20 validation images or more, and this run has "
            "none (an older vidi wrote it, or its validation split is too small); train again, or say --min-confidence"
        )
    least = min_confidence if limits is None or risk is None else limits.least_confidence(risk)
    return Answering(model.labels, limits, sets, least)


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


def predict(
    run: str | Path | Model,
    images: Any,
    *,
    out: str | Path,
    sets: bool = False,
    risk: float | None = None,
    min_confidence: float | None = None,
    say: Say | None = None,
) -> Predicted:
    """Write one row for each image to a CSV, Parquet or JSONL file; unreadable images become rows with an error.

    `sets` adds the labels that hold the true one in nine of ten cases; with `risk` (or `min_confidence`) the answer is
    "I don't know" where wrong answers would be more frequent (or the probability lower). A column says which images
    are unlike those the model was trained on, where it can tell. Memory does not grow with the number of images, and
    the file appears when it is complete. Raises UsageError for another format, if no image is found, or if
    the run has no thresholds.
    """
    path = Path(out)
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"--out wants a name ending in {', '.join(FORMATS)}; got {path.name}")
    model = run if isinstance(run, Model) else open_model(run)
    way = answering(model, sets=sets, risk=risk, min_confidence=min_confidence)
    answered = failed = silent = strange = 0
    errors: list[tuple[str, str]] = []
    names = list(way.row(Prediction("", None, None, {})))
    with WRITERS[path.suffix.lower()](path, names) as write:  # first, so that a bad place costs no time
        for prediction in model.stream(images, say=say or Quiet()):
            row = way.row(prediction)
            write(row)
            answered, failed = answered + (not prediction.error), failed + bool(prediction.error)
            silent, strange = silent + (row.get("answered") is False), strange + bool(prediction.unfamiliar)
            if prediction.error and len(errors) < 100:
                errors.append((prediction.name, prediction.error))
        if not answered + failed:
            raise UsageError(f"no image was found in {said(images)}; give image files, a folder or a glob")
    return Predicted(path, answered, failed, tuple(errors), silent, strange)


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

    kinds = dict.fromkeys(("path", "prediction", "set", "error"), pa.string())
    kinds |= dict.fromkeys(("answered", "unfamiliar"), pa.bool_())
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
WRITERS: dict[str, Writer] = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
