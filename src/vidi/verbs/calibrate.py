"""A trained network's probabilities made honest on the validation split, and the limits that follow from it."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidi.core.job import Fitted, Job
from vidi.core.scores import Scores
from vidi.evaluation.features import weights_key
from vidi.evaluation.limits import Familiar, chosen_known, fit_familiar, fit_limits
from vidi.evaluation.model import Model
from vidi.evaluation.scalings import compared_scalings
from vidi.evaluation.score import predict_rows, scores_of
from vidi.ops.temperature import fit_temperature


def calibrated(job: Job, fitted: Fitted) -> tuple[Model, dict[str, Any]]:
    """The model with its temperature and its limits fitted on the validation split, and what that changed there."""
    model = Model(
        fitted.network.eval(), fitted.spec, job.dataset.labels, job.labelled, folder=job.folder.path
    )
    rows = job.dataset.by_content(job.dataset.where("validation"))
    if not len(rows):
        return model, {"temperature": 1.0, "n": 0, "split": "validation"}
    found = predict_rows(model, job.dataset, job.pixels, rows, job.say, features=job.features)
    before = scores_of(job.dataset, found, model, seed=job.seed)
    temperature = fit_temperature(found.logits, before.truth, job.task.name)
    model = model.with_temperature(temperature)
    after = replace(before, probability=model.probability(found.logits))
    said: dict[str, Any] = {
        "temperature": temperature,
        "n": len(rows),
        "split": "validation",
        "log_loss_before": log_loss(before),
        "log_loss_after": log_loss(after),
    }
    if job.task.name != "classification":
        return model, said
    familiar = known(job, model, rows, after.group)
    limits = fit_limits(after.probability, np.asarray(after.truth), familiar=familiar, group=after.group)
    return model.with_limits(limits), said | {"compared": compared_scalings(found.logits, after)}


def known(job: Job, model: Model, held_out: NDArray[np.int64], group: np.ndarray | None) -> Familiar | None:
    """Features of some training images: those of a probe are kept already, others cost half a second or so."""
    train, key = job.dataset.where("train"), weights_key(model.network)
    rows = train[chosen_known([str(value) for value in job.dataset.column("hash")[train]])]
    features = job.features(model.network, key, np.concatenate([rows, held_out]))
    return fit_familiar(features[: len(rows)], features[len(rows) :], group=group)


def log_loss(scores: Scores) -> float:
    """Mean negative log of the probability given to the truth, in nats; over labels too where several may hold."""
    probability = np.clip(scores.probability, 1e-12, 1.0)
    if scores.truth.ndim == 1:
        return float(-np.log(probability[np.arange(len(scores.truth)), scores.truth]).mean())
    miss = np.clip(1 - scores.probability, 1e-12, 1.0)
    return float(-np.where(scores.truth, np.log(probability), np.log(miss)).mean())
