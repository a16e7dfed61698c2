"""Models whose answer lies on the image: judged at the end of a run, on other data, and again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from vidi.core.task import DenseTask
from vidi.data.found import COLUMN, Found, FoundMap, map_of, objects_of
from vidi.data.targets import Targets
from vidi.documents.drawn import encoded
from vidi.evaluation.dense_model import DenseModel, load_dense_model
from vidi.evaluation.score import write_predictions
from vidi.ops.detected import Detected
from vidi.verbs.drawing import beside_truth
from vidi.verbs.load import Loaded
from vidi.verbs.qualities import hardest_images, precision_recall_points, qualities
from vidi.verbs.thumbnails import thumbnails

MOVED_PX, MOVED_SCORE = 1.0, 0.02  # further than another processor's rounding takes an object
JUDGING_SECONDS = 1 / 12  # for an image
MASKING_SECONDS = 1 / 2  # where every object gets a mask
SHOWN_SCORE = 0.3  # what is drawn
WEAK = 0.1  # a score that says little
FLIPPED = 0.01  # of the images, and of a map's pixels: more than another processor's rounding changes


def judging_seconds(task: DenseTask) -> float:
    """For an image, on a slow machine."""
    return MASKING_SECONDS if task.name == "instances" else JUDGING_SECONDS


def opened(path: Path, task: DenseTask) -> DenseModel:
    """The model of a run folder."""
    return load_dense_model(path, build=catalog.network, task=task)


def judged(
    job: Job, data: Loaded, fitted: Fitted, recorded: Mapping[str, Any]
) -> tuple[DenseModel, dict[str, Any]]:
    """The model, saved with what it found on the held-out split, and what results.json says of it."""
    assert isinstance(job.task, DenseTask)
    model = DenseModel(fitted.network, fitted.spec, job.dataset.labels, job.task, folder=job.folder.path)
    model.save(job.folder)
    rows = job.dataset.by_content(job.dataset.where("test"))
    table, content = assessed(model, data, job.dataset, rows, seed=job.seed, say=job.say)
    write_predictions(job.folder.path / "predictions.parquet", table, atomic)
    return model, content


def pictures(folder: RunFolder, data: Loaded) -> Callable[[str], bytes | None]:
    """Each example's picture for the pages, by its id: what was found on it beside what is there, where the pages show
    the best and the worst; of the others from the pixel cache."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    plain = thumbnails(data)
    results = folder.read("results.json", "results")
    labels, maps = results["labels"], "pixel_confusion" in results
    shown = sorted({str(entry["id"]) for entries in results["mistakes"].values() for entry in entries})
    kept = pq.read_table(
        folder.path / "predictions.parquet",
        columns=["id", "width", "height", "truth", "found"],
        filters=pc.field("id").isin(pa.array(shown, pa.string())),
    )
    answers = {row["id"]: row for row in kept.to_pylist()}
    place = {str(key): number for number, key in enumerate(data.dataset.column("id"))}

    def picture(key: str) -> bytes | None:
        if key not in answers or key not in place:
            return plain(key)
        row = answers[key]
        sides = (row["height"], row["width"])
        of = map_of if maps else objects_of
        found, truth = (of(row[name], labels, sides) for name in ("found", "truth"))
        drawn = beside_truth(data.pixels.whole(place[key]), found.surer(SHOWN_SCORE), truth, labels)
        return encoded(drawn, quality=80)

    return picture


def assessed(
    model: DenseModel, data: Loaded, dataset: Dataset, rows: NDArray[np.int64], *, seed: int, say: Say
) -> tuple[pa.Table, dict[str, Any]]:
    """predictions.parquet of these rows, and what results.json keeps of them."""
    judged = judged_on(model, data, dataset, rows, seed=seed, say=say)
    quality = qualities(judged.judgement)
    content: dict[str, Any] = {
        "task": model.task.name,
        "labels": list(model.labels),
        "n": len(rows),
        "headline": model.task.headline,
        "measured": [number.record() for number in judged.measured],
        "mistakes": hardest_images(dataset, rows, quality),
    }
    if isinstance(judged.judgement, Detected):
        content["precision_recall"] = precision_recall_points(judged.judgement)
    else:
        content["pixel_confusion"] = judged.judgement.confusion.sum(axis=0).tolist()
    return found_table(model, dataset, rows, judged, quality), content


@dataclass(frozen=True)
class Judged:
    """What a model found on some rows' images, what is drawn there, and every number, with what it was measured on."""

    found: list[Found]
    truth: list[Found]
    judgement: Any
    measured: list[Measured]


def judged_on(
    model: DenseModel, data: Loaded, dataset: Dataset, rows: NDArray[np.int64], *, seed: int, say: Say
) -> Judged:
    """What the model finds on these rows, held against what is drawn there."""
    found, truth = asked(model, data, dataset, rows, say=say)
    say(f"measuring on {len(rows):,} images")
    group = dataset.group_numbers(rows)
    judgement = model.task.judge(found, truth, model.labels, seed=seed, group=group)
    numbers = [n for metric in catalog.metrics(model.task.name) for n in metric.measure(judgement)]
    return Judged(found, truth, judgement, in_order(numbers, model.task.headline))


def true_of(task: DenseTask, dataset: Dataset, rows: NDArray[np.int64], labels: Sequence[str]) -> list[Found]:
    """What is drawn on these rows' images, numbered as `labels` are: other data may know fewer, in another order."""
    targets = Targets(dataset)
    truth: list[Found] = [task.truth(targets, int(row)) for row in rows]
    if tuple(dataset.labels) == tuple(labels):
        return truth
    return [each.renumbered([labels.index(label) for label in dataset.labels]) for each in truth]


def asked(
    model: DenseModel, data: Loaded, dataset: Dataset, rows: NDArray[np.int64], *, say: Say
) -> tuple[list[Found], list[Found]]:
    """What the model finds on these rows, and what is drawn there, in the model's labels."""
    size, fit = model.preprocessing.size_px, model.preprocessing.fit
    images = data.pixels(rows, size_px=size, fit=fit)
    targets = Targets(dataset)
    found = model.find(images, [targets.image_hw(int(row)) for row in rows], say)
    return found, true_of(model.task, dataset, rows, model.labels)


def in_order(numbers: Sequence[Measured], headline: str) -> list[Measured]:
    """The headline first."""
    return sorted(numbers, key=lambda number: (number.name, number.of) != (headline, ""))


def found_table(
    model: DenseModel,
    dataset: Dataset,
    rows: NDArray[np.int64],
    judged: Judged,
    quality: NDArray[np.float64],
) -> pa.Table:
    """predictions.parquet: id, path, split, width, height, what is there and what was found (a list of label, score,
    box and mask as run lengths, in pixels of the image), how good the answer is, attributes."""
    part = dataset.table.take(pa.array(rows))
    names = ("id", "path", "split", "width", "height")
    columns: dict[str, Any] = {name: part.column(name) for name in names}
    columns |= {
        "truth": pa.array([each.rows(model.labels) for each in judged.truth], COLUMN),
        "found": pa.array([each.rows(model.labels) for each in judged.found], COLUMN),
        "quality": pa.array(quality, pa.float64(), from_pandas=True),
    }
    return pa.table(columns | {name: part.column(name) for name in dataset.attributes if name not in columns})


def again(
    model: DenseModel, data: Loaded, rows: NDArray[np.int64], stated: pa.Table, *, seed: int, say: Say
) -> tuple[tuple[Verdict, str], dict[tuple[str, str], Measured]]:
    """What became of the answers that `stated` keeps, and every number measured anew, by name and what it is of."""
    judged = judged_on(model, data, data.dataset, rows, seed=seed, say=say)
    numbers = {(m.name, m.of): m for m in judged.measured}
    truth = [each.rows(model.labels) for each in judged.truth]
    moved = sum(a != b for a, b in zip(truth, stated.column("truth").to_pylist(), strict=True))
    if moved:
        return (
            Verdict.CANNOT_TELL,
            f"what is drawn on {moved:,} of {len(rows):,} images has changed since",
        ), numbers
    kept = stated.column("found").to_pylist()
    other = sum(
        not alike(each, before, model.labels) for each, before in zip(judged.found, kept, strict=True)
    )
    verdict = Verdict.STANDS if other == 0 else Verdict.CANNOT_TELL
    verdict = Verdict.FAILS if other > max(1.0, FLIPPED * len(kept)) else verdict
    said = f"on {len(kept) - other:,} of {len(kept):,} images the same was found"
    return (verdict, said), numbers


def alike(found: Found, before: list[dict[str, Any]], labels: Sequence[str]) -> bool:
    """The same map on 99 of 100 pixels, or the same objects within a pixel and two hundredths of a score; weak ones,
    with scores under 0.1, may come and go."""
    if isinstance(found, FoundMap):
        kept = map_of(before, labels, found.image_hw, ignore=found.ignore)
        return float((kept.classes != found.classes).mean()) < FLIPPED
    strong = [row for row in found.rows(labels) if row["score"] >= WEAK]
    known = [row for row in before if row["score"] >= WEAK - MOVED_SCORE]
    gone = sum(row["score"] >= WEAK + MOVED_SCORE for row in before) - len(strong)
    return gone <= 0 and all(any(_same(row, other) for other in known) for row in strong)


def _same(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    near = np.abs(np.subtract(row["box"], other["box"])).max() <= MOVED_PX
    return bool(row["label"] == other["label"] and near and abs(row["score"] - other["score"]) <= MOVED_SCORE)
