"""What is drawn on a data set's images held against what runs find that did not learn from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidi.audits import object_errors
from vidi.core.dataset import Dataset, Remark
from vidi.core.errors import UsageError
from vidi.core.progress import Say
from vidi.core.run_folder import RunFolder
from vidi.data.found import Found
from vidi.evaluation.dense_model import DenseModel
from vidi.ops.detected import Detected
from vidi.verbs.dense import asked
from vidi.verbs.doubtful import key_of
from vidi.verbs.evaluate import unseen
from vidi.verbs.load import Loaded
from vidi.verbs.open import open_model

MOST_SUSPECTS, MOST_NAMED = 200, 100


@dataclass(frozen=True)
class Testimony:
    """What runs found on the rows they did not learn from beside what is drawn there; how many rows all had seen."""

    rows: NDArray[np.int64]
    found: list[Found]
    truth: list[Found]
    seen: int
    model: DenseModel


def contradicted(loaded: Loaded, runs: Sequence[str | Path], *, seed: int, say: Say) -> dict[str, Any]:
    """`object_errors` as results.json keeps them; nothing without runs.

    Each image is asked of the first run that was not trained or chosen on it. Raises UsageError for runs of another
    task, of labels, or that learned from all images.
    """
    if not runs:
        return {}
    told = testimony(loaded, [Path(run) for run in runs], say=say)
    dataset = loaded.dataset
    group = dataset.group_numbers(told.rows)
    judgement = told.model.task.judge(told.found, told.truth, told.model.labels, seed=seed, group=group)
    content = {"runs": [str(run) for run in runs], "asked": len(told.rows), "seen_in_training": told.seen}
    ids = dataset.column("id")[told.rows].astype(str)
    assert isinstance(judgement, Detected)
    found = record(object_errors.audit(judgement, ids=ids), dataset)
    found["sentences"].append(who_was_asked(len(told.rows), told.seen))
    return {"object_errors": content | found}


def who_was_asked(asked: int, seen: int) -> str:
    """How many images, and why not all."""
    rest = f"; {seen:,} were not, being in the runs' training or validation splits" if seen else ""
    return f"{asked:,} images were held against a run that did not learn from them{rest}."


def testimony(loaded: Loaded, runs: Sequence[Path], *, say: Say) -> Testimony:
    """Every image that some run did not learn from, asked of the first such run."""
    dataset, rest = loaded.dataset, np.arange(len(loaded))
    rows, found, truth = list[NDArray[np.int64]](), list[Found](), list[Found]()
    models = [witness(run, dataset) for run in runs]
    for run, model in zip(runs, models, strict=True):
        mine, _ = unseen(dataset, rest, RunFolder(run))
        rest = np.setdiff1d(rest, mine)
        if len(mine):
            say(f"asking {run} about {len(mine):,} images")
            here, there = asked(model, loaded, dataset, mine, say=say)
            rows, found, truth = [*rows, mine], found + here, truth + there
    if not rows:
        raise UsageError(
            f"all {len(loaded):,} images were in the training or validation splits of {', '.join(map(str, runs))}: a "
            "run is asked about images it did not learn from, so train one with another --seed, or check other data"
        )
    return Testimony(np.concatenate(rows), found, truth, len(rest), models[0])


def witness(run: Path, dataset: Dataset) -> DenseModel:
    """The run's model, which answers on the image and knows the data's labels."""
    model = open_model(run)
    if not isinstance(model, DenseModel):
        raise UsageError(
            f"--against wants runs of detection, instances or segmentation; {run} is of the task {model.task.name}, "
            "whose wrong labels are found without a run"
        )
    if model.task.name != dataset.task:
        raise UsageError(
            f"{run} is a run of the task {model.task.name}, the data is read for {dataset.task}: say --task "
            f"{model.task.name}, or give another run"
        )
    unknown = sorted(set(dataset.labels) - set(model.labels))
    if unknown:
        raise UsageError(f"{run} does not know the labels {', '.join(unknown[:8])} of the data")
    return model


def record(found: object_errors.ObjectErrors, dataset: Dataset) -> dict[str, Any]:
    """What was found, with paths."""
    ids = dataset.column("id").astype(str)
    path, split = (dict(zip(ids, dataset.column(name), strict=True)) for name in ("path", "split"))
    return {
        "share": found.share.record(),
        "counts": found.counts,
        "count": len(found.suspects),
        "suspects": [
            {"path": path[each.id], "split": split[each.id], "picture": key_of(each.record())} | each.record()
            for each in found.suspects[:MOST_SUSPECTS]
        ],
        "images": [
            {"id": key, "path": path[key], "suspicion": suspicion}
            for key, suspicion in found.images[:MOST_SUSPECTS]
        ],
        "unjudged": list(found.unjudged),
        "sentences": list(found.sentences),
    }


def in_doubt(found: Mapping[str, Any]) -> list[Remark]:
    """A remark for each suspected object; of very many, how many more there are."""
    named = [Remark("object", each["path"], in_words(each)) for each in found["suspects"][:MOST_NAMED]]
    more = found["count"] - len(named)
    return [*named, *([Remark("object", "", f"and {more:,} more")] if more else [])]


def in_words(suspect: Mapping[str, Any]) -> str:
    """What is wrong with an object, in a line."""
    where = "at (" + ", ".join(f"{value:.0f}" for value in suspect["box"]) + ")"
    said = {
        "missing": f"probably missing: {suspect['suggested']} {where}",
        "mislabelled": f"labelled {suspect['given']}, looks like {suspect['suggested']}, {where}",
        "badly placed": f"a {suspect['given']} {where} is probably badly placed",
        "not found": f"nothing is found at the {suspect['given']} {where}",
    }[suspect["kind"]]
    return said + (f" (score {suspect['score']:.2f})" if suspect["score"] is not None else "")
