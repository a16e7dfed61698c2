"""Models whose answer is a label, or several: judged at the end of a run, on other data, and again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vidi import catalog
from vidi.core.dataset import Dataset
from vidi.core.files import atomic
from vidi.core.job import Fitted, Job
from vidi.core.measured import Measured, Verdict
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.core.task import Task
from vidi.evaluation.features import weights_key
from vidi.evaluation.model import Model, load_model
from vidi.evaluation.score import (
    Predictions,
    measure,
    predict_rows,
    prediction_table,
    scores_of,
    write_predictions,
)
from vidi.verbs.assess import assess, baselines
from vidi.verbs.attributes import by_attribute
from vidi.verbs.calibrate import calibrated
from vidi.verbs.findings import cheap
from vidi.verbs.load import Loaded, default_backbone
from vidi.verbs.thumbnails import thumbnails

PRETRAINED = (
    "auto",
    "probe",
    "tail",
    "finetune",
    "knn",
)  # recipes that pay for the embedded network's features
JUDGING_SECONDS = 1 / 250  # for an image
FLIPPED = 0.01  # of the answers: more than another processor's rounding changes
SAME = 1e-6  # probabilities no further apart give the same answer
APART = 0.1  # of a probability: further than rounding moves one, be it in bf16


def judging_seconds(task: Task) -> float:
    """For an image, on a slow machine."""
    return JUDGING_SECONDS


def opened(path: Path, task: Task) -> Model:
    """The model of a run folder."""
    return load_model(path, build=catalog.network, task=lambda _: task)


def judged(
    job: Job, data: Loaded, fitted: Fitted, recorded: Mapping[str, Any]
) -> tuple[Model, dict[str, Any]]:
    """The calibrated model, saved with its predictions on the held-out split, and what results.json says of them."""
    dataset, folder, seed = job.dataset, job.folder, job.seed
    rows = dataset.by_content(dataset.where("test"))
    model, calibration = calibrated(job, fitted)
    model.save(folder)
    predictions, content = assess(
        model, dataset, data.pixels, rows, seed=seed, say=job.say, features=data.features
    )
    write_predictions(
        folder.path / "predictions.parquet", prediction_table(dataset, predictions, model), atomic
    )
    features = kept_features(data, str(recorded["recipe"]))
    content |= {
        "baselines": baselines(model, dataset, rows, features, seed=seed),
        "calibration": calibration,
        "check": cheap(data, seed=seed),
    }
    if dataset.task == "classification":
        content |= by_attribute(model, dataset, predictions, seed=seed)
    return model, content


def pictures(folder: RunFolder, data: Loaded) -> Callable[[str], bytes | None]:
    """Each example's picture for the pages, by its id; from the pixel cache."""
    return thumbnails(data)


def kept_features(data: Loaded, recipe: str) -> NDArray[np.float32] | None:
    """Features of all rows where the run has paid for them anyway."""
    if recipe not in PRETRAINED:
        return None
    backbone = default_backbone()
    return data.features(backbone, weights_key(backbone), np.arange(len(data.dataset)))


def assessed(
    model: Model, data: Loaded, dataset: Dataset, rows: NDArray[np.int64], *, seed: int, say: Say
) -> tuple[pa.Table, dict[str, Any]]:
    """predictions.parquet of these rows, and what results.json keeps of them."""
    predictions, content = assess(
        model, dataset, data.pixels, rows, seed=seed, say=say, features=data.features
    )
    return prediction_table(dataset, predictions, model), content


def again(
    model: Model, data: Loaded, rows: NDArray[np.int64], stated: pa.Table, *, seed: int, say: Say
) -> tuple[tuple[Verdict, str], dict[tuple[str, str], Measured]]:
    """What became of the answers that `stated` keeps, and every number measured anew, by name and what it is of."""
    found = predict_rows(model, data.dataset, data.pixels, rows, say)
    scores = scores_of(data.dataset, found, model, seed=seed)
    numbers = measure(scores, catalog.metrics(model.task.name))
    return _compared(found, stated, model.labels), {(m.name, m.of): m for m in numbers}


def _compared(found: Predictions, stated: pa.Table, labels: tuple[str, ...]) -> tuple[Verdict, str]:
    """The predictions of today beside those that were kept."""
    wanted = stated.column("prediction").to_pylist()
    differs = np.array([a != b for a, b in zip(found.answers, wanted, strict=True)], dtype=bool)
    kept = np.stack([stated.column(f"p({label})").to_numpy() for label in labels], axis=1)
    moved = np.nan_to_num(np.abs(kept - found.probability).max(axis=1), nan=1.0)
    other, contradicted = int(differs.sum()), bool((differs & (moved <= SAME)).any())
    changed = max(other, int((moved > APART).sum()))
    verdict = Verdict.STANDS if changed == 0 else Verdict.CANNOT_TELL
    if changed > FLIPPED * len(wanted) or contradicted:  # another answer to the very same probabilities
        verdict = Verdict.FAILS
    return verdict, (
        f"{len(wanted) - other:,} of {len(wanted):,} answers are the same, probabilities within {moved.max():.2g}"
    )
