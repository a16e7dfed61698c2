"""A trained model judged on other data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidi.core.dataset import Dataset, Remark
from vidi.core.errors import UsageError
from vidi.core.files import atomic
from vidi.core.measured import Measured
from vidi.core.progress import Quiet, Say
from vidi.core.run_folder import RunFolder
from vidi.evaluation.dense_model import DenseModel
from vidi.evaluation.model import Model
from vidi.evaluation.score import write_predictions
from vidi.verbs.assess import described
from vidi.verbs.form import form_of
from vidi.verbs.load import Loaded, load
from vidi.verbs.open import open_model


@dataclass(frozen=True)
class Evaluation:
    """Where it was written (None: nowhere) and every number."""

    folder: Path | None
    measured: tuple[Measured, ...]
    results: Mapping[str, Any]


def evaluate(
    model: Model | DenseModel | str | Path,
    data: str | Path | Loaded,
    *,
    seed: int = 0,
    say: Say | None = None,
    read: Mapping[str, Any] | None = None,
) -> Evaluation:
    """Every number of the model's task on all of the data's examples, or on its test split if it is split.

    Examples that the model was trained, chosen or calibrated on (same content) are left out and counted. With a
    run folder as `model` the result is written to `evaluations/` in it; with a model, nowhere. Raises UsageError
    if the data has labels the model can't know.
    """
    say = say or Quiet()
    run = None if isinstance(model, Model | DenseModel) else RunFolder.open(Path(model))
    model = model if isinstance(model, Model | DenseModel) else open_model(model)
    if not isinstance(data, Loaded):
        data = load(data, fewest_labels=1, task=model.task.name, seed=seed, say=say, **dict(read or {}))
    dataset = data.dataset
    _refuse_unknown(dataset, model)
    rows, seen, part = to_judge(dataset, model.folder)
    if not len(rows):
        raise UsageError(
            f"all {seen:,} examples were in the model's training or validation split: nothing is left to judge it on"
        )
    if seen:
        dataset = dataset.remarked(
            [Remark("leak", dataset.name, f"{seen:,} examples seen in training were left out")]
        )
    table, content = form_of(model.task).assessed(
        model, data, dataset, dataset.by_content(rows), seed=seed, say=say
    )
    content |= {
        "split": part,
        "seen_in_training": seen,
        "data": described(dataset, exact=data.duplicates.exact, near=data.duplicates.near),
    }
    folder = None
    if run is not None:
        folder = RunFolder.create(run.path / "evaluations", dataset.name)
        write_predictions(folder.path / "predictions.parquet", table, atomic)
        folder.write("results.json", "results", content)
        folder.seal()
    measured = tuple(Measured.from_record(entry) for entry in content["measured"])
    return Evaluation(folder.path if folder else None, measured, content)


def to_judge(dataset: Dataset, run: Path | None) -> tuple[NDArray[np.int64], int, str]:
    """The rows of the test split, or all where there is none, that the run did not see; how many it did see; `test` or
    `all`."""
    split = bool(len(dataset.where("train")) and len(dataset.where("test")))
    rows = dataset.where("test") if split else np.arange(len(dataset))
    return *unseen(dataset, rows, RunFolder(run) if run else None), "test" if split else "all"


def _refuse_unknown(dataset: Dataset, model: Model | DenseModel) -> None:
    unknown = sorted(set(dataset.labels) - set(model.labels))
    if unknown:
        raise UsageError(
            f"the model knows the labels {_some(model.labels)}; the data also has {_some(tuple(unknown))}: "
            "name the column with --target, or leave these examples out"
        )


def _some(names: tuple[str, ...], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def unseen(dataset: Dataset, rows: NDArray[np.int64], run: RunFolder | None) -> tuple[NDArray[np.int64], int]:
    """The rows whose content the run did not see, to train or to choose and calibrate on; how many it did see."""
    if run is None or not (run.path / "splits.parquet").exists():
        return rows, 0
    import pyarrow.parquet as pq

    run.check("splits.parquet")
    known = pq.read_table(run.path / "splits.parquet", columns=["hash", "split"])
    trained = {
        h
        for h, s in zip(*(known.column(n).to_pylist() for n in ("hash", "split")), strict=True)
        if s in ("train", "validation")
    }
    hashes = dataset.column("hash")
    fresh = np.asarray([row for row in rows if hashes[row] not in trained], dtype=np.int64)
    return fresh, len(rows) - len(fresh)
