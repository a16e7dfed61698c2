"""What an audit is about: the answers of a run, on held-out images or on other data, or anybody's table."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.core.answers import Answers
from vidi.core.dataset import Remark
from vidi.core.errors import UsageError
from vidi.core.measured import Measured
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.data.predictions import read_own_predictions, read_predictions
from vidi.verbs.evaluate import evaluate
from vidi.verbs.load import Loaded, load

LABELLED = ("classification", "multilabel")


@dataclass(frozen=True)
class Found:
    """The answers, what was noticed while reading, and for a run: its folder, their table, the data they are of.

    `stated` are the numbers that were told of the same answers before; `unit` the column that groups are made of.
    """

    answers: Answers
    remarks: tuple[Remark, ...]
    home: Path | None = None
    table: Path | None = None
    loaded: Loaded | None = None
    stated: tuple[Measured, ...] = ()
    unit: str | None = None
    sentences: tuple[str, ...] = ()
    only_accuracy: bool = False


def answered(
    subject: Path,
    data: str | Path | None,
    *,
    truth: str | None,
    predicted: str | None,
    group: str | None,
    seed: int,
    say: Say,
    read: Mapping[str, Any] | None,
) -> Found:
    """A table's answers, or a run's on `data`, or those it gave already."""
    if not subject.exists():
        raise UsageError(f"{subject} does not exist; give a run folder, or a table of predictions")
    if subject.is_file():
        if data is not None:
            raise UsageError(
                f"{subject} is a table of predictions: it is judged as it stands; leave {data} out"
            )
        return Found(*read_predictions(subject, truth=truth, predicted=predicted, group=group), unit=group)
    if truth or predicted:
        raise UsageError("--truth and --predicted name columns of a table; a run folder has its own")
    folder, loaded = RunFolder.open(subject), None
    task, table = str(folder.read("model.json", "model")["task"]), folder.path / "predictions.parquet"
    if task not in LABELLED:
        raise UsageError(f"an audit wants a run whose answers are labels; the task of {subject} is {task}")
    if data is None:
        folder.check("predictions.parquet")
        results: Mapping[str, Any] = folder.read("results.json", "results")
    else:
        loaded = load(data, fewest_labels=1, task=task, seed=seed, say=say, **dict(read or {}))
        evaluation = evaluate(subject, loaded, seed=seed, say=say)
        table, results = Path(str(evaluation.folder)) / "predictions.parquet", evaluation.results
    answers, remarks = read_own_predictions(table, results["data"], group=group)
    stated = tuple(Measured.from_record(dict(entry)) for entry in results["measured"])
    return Found(answers, remarks, subject, table, loaded, stated, unit=group or results["data"].get("group"))
