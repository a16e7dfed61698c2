"""The held-out split predicted once: every prediction kept, every number measured."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn

from vidi.core.dataset import Dataset
from vidi.core.job import FeatureSource, Pixels
from vidi.core.measured import Measured
from vidi.core.progress import Say
from vidi.core.scores import Scores
from vidi.evaluation.features import weights_key
from vidi.evaluation.model import Model


def head_accuracy(logits: Float[Tensor, "n c"], target: Float[np.ndarray, "n c"]) -> float | None:
    """The share of rows whose largest logit is at a true label (one-hot: accuracy); None without rows."""
    if not len(target):
        return None
    best = logits.argmax(dim=1).numpy()
    return float(target[np.arange(len(target)), best].mean())


def network_accuracy(
    module: nn.Module, inputs: Tensor, target: Float[np.ndarray, "n c"], *, block: int = 256
) -> float:
    """`head_accuracy` of a network on inputs that are already at hand, in float32."""
    with torch.inference_mode():
        logits = [module(part.float()).float() for part in inputs.split(block)]
    return head_accuracy(torch.cat(logits), target) or 0.0


@dataclass(frozen=True)
class Validation:
    """Examples that are at hand all at once, which a network is checked on while it is trained and at the end."""

    inputs: Tensor
    target: Float[np.ndarray, "n c"]

    def accuracy(self, module: nn.Module) -> float | None:
        """None without examples."""
        return network_accuracy(module, self.inputs, self.target) if len(self.target) else None

    def followed(self, module: nn.Module) -> dict[str, float]:
        """For the history; empty without examples."""
        accuracy = self.accuracy(module)
        return {} if accuracy is None else {"accuracy": accuracy}


@dataclass(frozen=True)
class Predictions:
    """Rows of a dataset with what a model says of them."""

    rows: NDArray[np.int64]
    logits: Float[np.ndarray, "n c"]
    probability: Float[np.ndarray, "n c"]
    answers: list[str]
    distance: Float[np.ndarray, " n"] | None = None  # from what the model knows, where that is kept


def predict_rows(
    model: Model,
    dataset: Dataset,
    pixels: Pixels,
    rows: NDArray[np.int64],
    say: Say,
    *,
    features: FeatureSource | None = None,
) -> Predictions:
    """Every row once, in order; features of the very same network that are kept already are not computed again."""
    if features is not None and model.precision == "auto":  # the precision that features are kept in
        seen = features(model.network, weights_key(model.network), rows)
    else:
        images = pixels(rows, size_px=model.preprocessing.size_px, fit=model.preprocessing.fit)
        seen = model.engine(images, say)
    logits = model.from_features(seen)
    probability = model.probability(logits)
    answers = model.task.decode(probability, model.labels)
    return Predictions(rows, logits, probability, answers, model.distance(seen))


def truth_of(
    dataset: Dataset, rows: NDArray[np.int64], model: Model
) -> Int[np.ndarray, " n"] | Bool[np.ndarray, "n c"]:
    """Label numbers, or rows of booleans where an image can have several labels."""
    target = model.task.encode(list(dataset.column("target")[rows]), model.labels)
    return target > 0.5 if model.task.name == "multilabel" else target.argmax(axis=1)


def scores_of(dataset: Dataset, predictions: Predictions, model: Model, *, seed: int = 0) -> Scores:
    """Predictions beside the truth; examples of one group stay together in every bootstrap."""
    return Scores(
        truth=truth_of(dataset, predictions.rows, model),
        probability=predictions.probability,
        labels=model.labels,
        seed=seed,
        group=dataset.group_numbers(predictions.rows),
    )


def measure(scores: Scores, metrics: Sequence[ModuleType]) -> list[Measured]:
    """Every metric's numbers."""
    return [number for metric in metrics for number in metric.measure(scores)]


def prediction_table(dataset: Dataset, predictions: Predictions, model: Model) -> pa.Table:
    """predictions.parquet: id, path, split, truth, prediction, one probability column for each label, attributes.

    A label's column is `p(label)`, so that no label can clash with another column.
    """
    part = dataset.table.take(pa.array(predictions.rows))
    columns: dict[str, Any] = {name: part.column(name) for name in ("id", "path", "split")}
    columns |= {"truth": part.column("target"), "prediction": pa.array(predictions.answers)}
    for number, label in enumerate(model.labels):
        columns[f"p({label})"] = pa.array(predictions.probability[:, number])
    return pa.table(columns | {name: part.column(name) for name in dataset.attributes if name not in columns})


def inference(model: Model, pixels: Pixels, predictions: Predictions, *, most: int = 128) -> dict[str, Any]:
    """How the model is run, measured on up to `most` of the predicted rows: images a second, agreement with fp32."""
    rows, engine = predictions.rows[:most], model.engine
    said: dict[str, Any] = {"engine": engine.name, "precision": engine.precision}
    if not len(rows):
        return said
    images = pixels(rows, size_px=model.preprocessing.size_px, fit=model.preprocessing.fit)
    model.logits(images[: len(rows) // 4])  # the first pass is slower
    began = time.monotonic()
    came = model.probability(model.logits(images))
    said["images_per_second"] = len(rows) / max(time.monotonic() - began, 1e-9)
    if engine.precision == "fp32":
        return said
    wanted = model.probability(model.from_features(engine.at("fp32")(images)))
    same = int((wanted.argmax(axis=1) == came.argmax(axis=1)).sum())
    return said | {
        "compared": len(rows),
        "same_answer_as_fp32": same,
        "largest_difference": float(np.abs(wanted - came).max()),
    }


def hardest(
    dataset: Dataset, predictions: Predictions, *, most: int = 12
) -> Mapping[str, list[dict[str, Any]]]:
    """The most and the least certain mistakes, and the surest hits."""
    truth = dataset.column("target")[predictions.rows]
    wrong = np.asarray([a != b for a, b in zip(predictions.answers, truth, strict=True)])
    certainty = predictions.probability.max(axis=1)
    order = np.argsort(-certainty, kind="stable")
    ids, paths = dataset.column("id"), dataset.column("path")

    def entries(places: NDArray[np.int64]) -> list[dict[str, Any]]:
        return [
            {
                "id": str(ids[predictions.rows[place]]),
                "path": str(paths[predictions.rows[place]]),
                "truth": str(truth[place]),
                "prediction": predictions.answers[place],
                "probability": float(certainty[place]),
            }
            for place in places
        ]

    mistakes = order[wrong[order]]
    return {
        "most_certain": entries(mistakes[:most]),
        "least_certain": entries(mistakes[::-1][:most]),
        "surest_hits": entries(order[~wrong[order]][:most]),
    }


def write_predictions(path: Path, table: pa.Table, atomic: Callable[..., Any]) -> None:
    """Parquet, atomic."""
    import pyarrow.parquet as pq

    with atomic(path) as stream:
        pq.write_table(table, stream)
