"""What an audit of a run is about whose answers lie on the image: what was found, and what is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vidi.core.dataset import Remark, numbered
from vidi.core.errors import UsageError
from vidi.core.measured import Measured
from vidi.core.run_folder import RunFolder
from vidi.core.task import DenseTask
from vidi.data.cells import text_of
from vidi.data.found import Found, map_of, objects_of
from vidi.ops.group_rates import Texts
from vidi.verbs.audit_request import Request
from vidi.verbs.dense import true_of
from vidi.verbs.evaluate import evaluate
from vidi.verbs.form import task_named
from vidi.verbs.held_out import all_held_out
from vidi.verbs.load import Loaded, load

OWN = ("hash", "target", "split", "phash", "row", "offset", "length")


@dataclass(frozen=True)
class Held:
    """A run, the images it was judged on (rows of `loaded`), what it found there and what is there, side by side in
    `judgement`; the attributes of each image as texts, and the numbers that were told of the same answers before."""

    home: Path
    task: DenseTask
    labels: tuple[str, ...]
    loaded: Loaded
    rows: NDArray[np.int64]
    found: tuple[Found, ...]
    truth: tuple[Found, ...]
    judgement: Any
    attributes: Mapping[str, Texts]
    stated: tuple[Measured, ...]
    seed: int

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def where(self) -> str:
        return self.loaded.dataset.name

    @property
    def group(self) -> NDArray[np.int64] | None:
        """A number for each image, the same for images that are drawn together."""
        group: NDArray[np.int64] | None = self.judgement.group
        return group

    @property
    def remarks(self) -> tuple[Remark, ...]:
        return tuple(remark for remark in self.loaded.dataset.remarks if remark.kind == "leak")


def held(request: Request) -> Held:
    """What a run found on `request.data`, or on the images that it held out. Raises UsageError where these are not at
    hand: what is drawn on them is read from the data."""
    folder, say = RunFolder.open(request.subject), request.say
    task = task_named(str(folder.read("model.json", "model")["task"]))
    assert isinstance(task, DenseTask)
    if request.data is None:
        folder.check("predictions.parquet")
        loaded, kept = all_held_out(folder, say)
        rows, table = kept.rows, kept.stated
        results: Mapping[str, Any] = folder.read("results.json", "results")
    else:
        loaded, rows, table, results = elsewhere(request, task)
    labels = tuple(str(label) for label in results["labels"])
    dataset = loaded.dataset
    found = tuple(read_back(table, labels, maps="pixel_confusion" in results))
    truth = tuple(true_of(task, dataset, rows, labels))
    column = request.columns.group or results["data"].get("group")
    attributes = attributes_of(loaded, rows)
    if column is not None and column not in attributes:
        raise UsageError(f"--group names a column of the data; {column} is none of {', '.join(attributes)}")
    group = None if column is None else numbered(attributes[column])
    judgement = task.judge(found, truth, labels, seed=request.seed, group=group)
    same = request.columns.group in (None, results["data"].get("group"))
    stated = tuple(Measured.from_record(dict(entry)) for entry in results["measured"]) if same else ()
    return Held(
        request.subject, task, labels, loaded, rows, found, truth, judgement, attributes, stated, request.seed
    )


def elsewhere(
    request: Request, task: DenseTask
) -> tuple[Loaded, NDArray[np.int64], pa.Table, Mapping[str, Any]]:
    """Other data, evaluated first."""
    loaded = load(
        str(request.data),
        fewest_labels=1,
        task=task.name,
        seed=request.seed,
        say=request.say,
        **dict(request.read or {}),
    )
    evaluation = evaluate(request.subject, loaded, seed=request.seed, say=request.say)
    table = pq.read_table(Path(str(evaluation.folder)) / "predictions.parquet")
    place = {key: row for row, key in enumerate(loaded.dataset.column("id").tolist())}
    rows = np.array([place[key] for key in table.column("id").to_pylist()], np.int64)
    return loaded, rows, table, evaluation.results


def read_back(table: pa.Table, labels: tuple[str, ...], *, maps: bool) -> list[Found]:
    """The column `found` of predictions.parquet."""
    columns = (table.column(name).to_pylist() for name in ("found", "height", "width"))
    of = map_of if maps else objects_of
    return [of(rows, labels, (height, width)) for rows, height, width in zip(*columns, strict=True)]


def attributes_of(loaded: Loaded, rows: NDArray[np.int64]) -> dict[str, Texts]:
    """Every metadata column as texts, None where missing."""
    dataset = loaded.dataset
    names = [name for name in dataset.attributes if name not in OWN]
    return {
        name: np.array([text_of(cell) for cell in dataset.column(name)[rows].tolist()], object)
        for name in names
    }
