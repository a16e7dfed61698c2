"""A model judged on rows of a data set: every number, its baselines, its mistakes."""

from collections import Counter
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vidi import catalog
from vidi.core.dataset import SPLITS, Dataset
from vidi.core.job import FeatureSource, Pixels
from vidi.core.measured import Measured
from vidi.core.progress import Say
from vidi.core.scores import Scores
from vidi.data import ledger
from vidi.evaluation import trust
from vidi.evaluation.model import Model
from vidi.evaluation.neighbours import nearest_votes
from vidi.evaluation.score import (
    Predictions,
    hardest,
    inference,
    measure,
    predict_rows,
    scores_of,
)
from vidi.ops.baselines import frequencies
from vidi.ops.confusion import confusion

MOST_REMARKS = 500


def assess(
    model: Model,
    dataset: Dataset,
    pixels: Pixels,
    rows: NDArray[np.int64],
    *,
    seed: int,
    say: Say,
    features: FeatureSource | None = None,
) -> tuple[Predictions, dict[str, Any]]:
    """The predictions, and what results.json keeps of them."""
    predictions = predict_rows(model, dataset, pixels, rows, say, features=features)
    scores = scores_of(dataset, predictions, model, seed=seed)
    content: dict[str, Any] = {
        "task": model.task.name,
        "labels": list(model.labels),
        "n": len(rows),
        "measured": [number.record() for number in measure(scores, catalog.metrics(model.task.name))],
        "inference": inference(model, pixels, predictions),
        "mistakes": hardest(dataset, predictions),
    }
    if model.task.name == "classification":
        content["confusion"] = confusion(
            np.asarray(scores.truth), scores.prediction, len(model.labels)
        ).tolist()
        content |= trusted(model, dataset, predictions, scores)
    return predictions, content


def trusted(model: Model, dataset: Dataset, predictions: Predictions, scores: Scores) -> dict[str, Any]:
    """What the probabilities are worth: reliability, silence, sets, unfamiliar images."""
    limits, distance = model.limits, predictions.distance
    content: dict[str, Any] = {
        **trust.reliability(scores),
        "brier": trust.brier(scores),
        "selective": trust.selective(scores, limits),
    }
    if limits is not None:
        content["conformal"] = trust.conformal(scores, limits)
    if limits is not None and distance is not None:
        ids, paths = (dataset.column(name)[predictions.rows] for name in ("id", "path"))
        content["familiarity"] = trust.familiarity(scores, limits, distance, ids=ids, paths=paths)
    return content


def headline(task: str) -> str:
    """The metric that stands for the others."""
    return "accuracy" if task == "classification" else "mean average precision"


def baselines(
    model: Model,
    dataset: Dataset,
    rows: NDArray[np.int64],
    features: Float[np.ndarray, "n d"] | None,
    *,
    seed: int,
) -> list[dict[str, Any]]:
    """The same numbers for what needs no training: the most frequent label, and the nearest neighbours.

    `features` are those of all the dataset's rows, or None: then there is no second baseline.
    """
    train = dataset.where("train")
    known = model.task.encode(list(dataset.column("target")[train]), model.labels)
    rivals = [
        (
            "majority class",
            "always answers with the label frequencies of the training split",
            frequencies(known, len(rows)),
        )
    ]
    if features is not None:
        votes = nearest_votes(features[train], known, features[rows], k=min(10, len(train)))
        rivals.append(
            ("k-NN", "the 10 nearest training images in the embedded network's features vote", votes)
        )
    entries = []
    for name, what, probability in rivals:
        answers = model.task.decode(probability, model.labels)
        logits = np.log(np.clip(probability, 1e-12, 1.0)).astype(np.float32)
        guess = Predictions(rows, logits, probability, answers)
        scores: Scores = scores_of(dataset, guess, model, seed=seed)
        wanted = [
            m
            for m in catalog.metrics(model.task.name)
            if m.__name__.endswith(_baseline_metrics(model.task.name))
        ]
        numbers: list[Measured] = measure(scores, wanted)
        entries.append({"name": name, "what": what, "measured": [number.record() for number in numbers]})
    return entries


def _baseline_metrics(task: str) -> tuple[str, ...]:
    shared = (".log_loss", ".brier")
    return (
        (*shared, ".accuracy", ".balanced_accuracy")
        if task == "classification"
        else (*shared, ".average_precision")
    )


def described(dataset: Dataset, *, exact: int, near: int) -> dict[str, Any]:
    """What the papers say of the data."""
    split, target = dataset.column("split"), dataset.column("target")
    counts: dict[str, dict[str, int]] = {label: dict.fromkeys(SPLITS, 0) for label in dataset.labels}
    for text, part in zip(target, split, strict=True):
        for label in str(text).split("|") if dataset.several else [str(text)]:
            if label in counts and part in SPLITS:
                counts[label][part] += 1
    kinds = Counter(remark.kind for remark in dataset.remarks)
    return {
        "name": dataset.name,
        "root": str(dataset.root),
        "layout": dataset.layout,
        "examples": len(dataset),
        "splits": {name: int((split == name).sum()) for name in SPLITS},
        "counts": counts,
        "exact_duplicates": exact,
        "near_duplicates": near,
        "group": dataset.group,
        "groups": len(set(dataset.column(dataset.group))) if dataset.group else None,
        "fingerprint": dataset.fingerprint,
        "attributes": list(dataset.attributes),
        "columns": dict(dataset.columns),
        "ledger": ledger.summary(dataset),
        "sizes": {
            side: [int(value) for value in np.quantile(dataset.column(side), (0, 0.5, 1))]
            for side in ("width", "height")
        },
        "remark_counts": dict(kinds),
        "remarks": [vars(remark) for remark in dataset.remarks[:MOST_REMARKS]],
    }
