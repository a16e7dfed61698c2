"""What is drawn on a data set's images held against what runs find that did not learn from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidi.audits import object_errors
from vidi.core.dataset import Dataset, Remark
from vidi.core.progress import Say
from vidi.data.found import Found
from vidi.evaluation.dense_model import DenseModel
from vidi.ops.detected import Detected
from vidi.verbs.dense import asked
from vidi.verbs.doubtful import key_of
from vidi.verbs.doubtful_regions import doubted_regions
from vidi.verbs.load import Loaded
from vidi.verbs.witnesses import Witness, witnesses

MOST_SUSPECTS, MOST_NAMED = 200, 100


@dataclass(frozen=True)
class Testimony:
    """What runs found on the rows they did not learn from, beside what is drawn there."""

    rows: NDArray[np.int64]
    found: list[Found]
    truth: list[Found]
    model: DenseModel


def contradicted(loaded: Loaded, runs: Sequence[str | Path], *, seed: int, say: Say) -> dict[str, Any]:
    """`object_errors` or `region_errors` as results.json keeps them; nothing without runs.

    Each image is asked of the first run that was not trained or chosen on it. Raises UsageError for runs of another
    task, of labels, or that learned from all images.
    """
    if not runs:
        return {}
    asked = witnesses(loaded, [Path(run) for run in runs])
    count = sum(len(each.rows) for each in asked)
    seen = len(loaded) - count
    if asked[0].model.task.networks == "segmenters":
        key, found = "region_errors", doubted_regions(loaded, asked, seed=seed, say=say)
    else:
        key, found = "object_errors", doubted_objects(loaded, testimony(loaded, asked, say=say), seed=seed)
    found["sentences"].append(who_was_asked(count, seen))
    return {key: {"runs": [str(run) for run in runs], "asked": count, "seen_in_training": seen} | found}


def doubted_objects(loaded: Loaded, told: Testimony, *, seed: int) -> dict[str, Any]:
    """Objects in doubt."""
    group = loaded.dataset.group_numbers(told.rows)
    judgement = told.model.task.judge(told.found, told.truth, told.model.labels, seed=seed, group=group)
    assert isinstance(judgement, Detected)
    ids = loaded.dataset.column("id")[told.rows].astype(str)
    return record(object_errors.audit(judgement, ids=ids), loaded.dataset)


def who_was_asked(asked: int, seen: int) -> str:
    """How many images, and why not all."""
    rest = f"; {seen:,} were not, being in the runs' training or validation splits" if seen else ""
    return f"{asked:,} images were held against a run that did not learn from them{rest}."


def testimony(loaded: Loaded, witnesses: Sequence[Witness], *, say: Say) -> Testimony:
    """What each found on its images."""
    found, truth = list[Found](), list[Found]()
    for each in witnesses:
        say(f"asking {each.run} about {len(each.rows):,} images")
        here, there = asked(each.model, loaded, loaded.dataset, each.rows, say=say)
        found, truth = found + here, truth + there
    return Testimony(np.concatenate([each.rows for each in witnesses]), found, truth, witnesses[0].model)


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
        "region": f"drawn as {suspect['given']}, looks like {suspect['suggested']}, {where}",
        "missing": f"probably missing: {suspect['suggested']} {where}",
        "mislabelled": f"labelled {suspect['given']}, looks like {suspect['suggested']}, {where}",
        "badly placed": f"a {suspect['given']} {where} is probably badly placed",
        "not found": f"nothing is found at the {suspect['given']} {where}",
    }[suspect["kind"]]
    return said + (f" (score {suspect['score']:.2f})" if suspect["score"] is not None else "")
