"""Predictions for any number of images, written as they come."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vidi.core.errors import UsageError
from vidi.core.progress import Quiet, Say
from vidi.evaluation.dense_model import DenseModel
from vidi.evaluation.limits import Limits
from vidi.evaluation.model import Model, Prediction
from vidi.verbs.find import find
from vidi.verbs.open import open_model
from vidi.verbs.written import TABLES, Predicted, Row, said, written

SILENCE = "I don't know"
JOINT = "|"  # between the labels of a set


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


def predict(
    run: str | Path | Model | DenseModel,
    images: Any,
    *,
    out: str | Path,
    sets: bool = False,
    risk: float | None = None,
    min_confidence: float | None = None,
    draw: str | Path | None = None,
    say: Say | None = None,
) -> Predicted:
    """Write one row for each image to a CSV, Parquet or JSONL file; unreadable images become rows with an error.

    A model that finds objects or maps writes a row for each object (see `verbs.find`): those with a score of
    `min_confidence` or more (default 0.3); `draw` is a folder for drawings of them.

    `sets` adds the labels that hold the true one in nine of ten cases; with `risk` (or `min_confidence`) the answer is
    "I don't know" where wrong answers would be more frequent (or the probability lower). A column says which images
    are unlike those the model was trained on, where it can tell. Memory does not grow with the number of images, and
    the file appears when it is complete. Raises UsageError for another format, if no image is found, or if
    the run has no thresholds.
    """
    path = Path(out)
    model = run if isinstance(run, Model | DenseModel) else open_model(run)
    if isinstance(model, DenseModel):
        if sets or risk is not None:
            raise UsageError(f"--sets and --risk are for labels; this model's task is {model.task.name}")
        least = 0.3 if min_confidence is None else min_confidence
        return find(model, images, out=out, draw=draw, least=least, say=say)
    if draw is not None:
        raise UsageError(f"--draw draws objects and maps; this model's task is {model.task.name}")
    if path.suffix.lower() not in TABLES:
        raise UsageError(f"--out wants a name ending in {', '.join(TABLES)}; got {path.name}")
    way = answering(model, sets=sets, risk=risk, min_confidence=min_confidence)
    answered = failed = silent = strange = 0
    errors: list[tuple[str, str]] = []
    names = list(way.row(Prediction("", None, None, {})))
    with TABLES[path.suffix.lower()](path, names) as write:  # first, so that a bad place costs no time
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
