"""Frozen features and a regularised linear head: the first thing to try, and often enough."""

import numpy as np
import torch

from vidi.core.card import Card
from vidi.core.errors import check_option
from vidi.core.job import Fitted, Job
from vidi.core.network import NetworkSpec
from vidi.evaluation.features import weights_key
from vidi.evaluation.score import head_accuracy
from vidi.training.logistic import probed

CARD = Card(
    title="Linear probe",
    idea="Pass every image once through a pretrained network that stays as it is; fit a logistic regression on it.",
    paper="Alain & Bengio 2016, arXiv:1610.01644; Kornblith et al. 2019, arXiv:1805.08974",
    differs="The penalty's strength is chosen by cross-validation that keeps groups together.",
    serves=("classification", "multilabel"),
)


def recipe(job: Job, *, network: str = "lite0", size_px: int = 128, folds: int = 3) -> Fitted:
    """A pretrained network with a new linear head.

    network: a pretrained network's name
    size_px: the side images are resized to, in pixels
    folds: parts of the training split that take turns in choosing the penalty
    """
    check_option("folds", folds, holds=folds >= 2, wanted="2 or more")
    labels = len(job.dataset.labels)
    backbone = job.build(network, classes=labels, size_px=size_px, pretrained=True)
    train, validation = job.dataset.where("train"), job.dataset.where("validation")
    features = job.features(backbone, weights_key(backbone), np.concatenate([train, validation]))
    regression = probed(job, backbone, train, features[: len(train)], folds=folds)
    held_out = torch.from_numpy(features[len(train) :].copy())  # kept features are memory-mapped
    return Fitted(
        network=backbone.eval().requires_grad_(False),
        spec=NetworkSpec(network, {"classes": labels, "size_px": size_px, "pretrained": False}),
        decisions={"strength": regression.strength, "cross_validated_loss": regression.losses},
        reasons=(f"penalty {regression.strength:g} has the lowest cross-validated loss",),
        validation=head_accuracy(regression.head(held_out), job.target(validation)),
        recipe="probe",
    )
