"""The nearest training images vote, on pixels or on features."""

from typing import cast

import numpy as np
import torch

from vidi.core.card import Card
from vidi.core.errors import UsageError, check_option
from vidi.core.job import Fitted, Job
from vidi.core.network import NetworkSpec
from vidi.evaluation.features import weights_key
from vidi.evaluation.neighbours import choose_k
from vidi.evaluation.score import head_accuracy
from vidi.models.nearest import Neighbours

CARD = Card(
    title="k nearest neighbours",
    idea="Remember every training image; a new one gets the label that most of its k nearest neighbours have.",
    paper="Cover & Hart 1967",
    differs="k is chosen by leaving out each example's own group.",
    serves=("classification",),
)


def recipe(job: Job, *, on: str = "features", network: str = "lite0", size_px: int = 0, k: int = 0) -> Fitted:
    """The training split itself as a model.

    on: features (of a pretrained network) or pixels
    network: the pretrained network whose features are compared
    size_px: the side images are resized to, in pixels (0: 128 for features, 32 for pixels)
    k: how many neighbours vote (0: the best on the training split)
    """
    if on not in ("features", "pixels"):
        raise UsageError(f"--on is features or pixels; got {on!r}")
    if job.task.name != "classification":
        raise UsageError(
            f"the recipe knn is for classification; the task here is {job.task.name}: use --recipe probe"
        )
    most = len(job.dataset.where("train"))
    check_option(
        "k", k, holds=0 <= k <= most, wanted=f"0 (the best) to {most}, the number of training images"
    )
    labels, size = len(job.dataset.labels), size_px or (128 if on == "features" else 32)
    rows, validation = job.dataset.where("train"), job.dataset.where("validation")
    every = np.concatenate([rows, validation])
    if on == "features":
        backbone = job.build(network, classes=labels, size_px=size, pretrained=True)
        values = job.features(backbone, weights_key(backbone), every)
        nested = {"name": network, "options": {"classes": labels, "size_px": size, "pretrained": False}}
    else:
        backbone, nested = None, None
        pixels = job.pixels(every, size_px=size).transpose(0, 3, 1, 2).reshape(len(every), -1)
        values = pixels.astype(np.float32) / 127.5 - 1
    label = job.target(rows).argmax(axis=1)
    accuracy: dict[int, float] = {}
    if not k:
        k, accuracy = choose_k(values[: len(rows)], label, job.groups(rows))
    options = {"classes": labels, "size_px": size, "examples": len(rows), "k": k, "metric": "cosine"}
    model = job.build("nearest", **options, backbone=backbone)
    head = cast(Neighbours, model.head)
    head.remember(torch.from_numpy(values[: len(rows)].copy()), torch.from_numpy(label))
    return Fitted(
        network=model.eval().requires_grad_(False),
        spec=NetworkSpec("nearest", options | ({"backbone": nested} if nested else {})),
        decisions={"k": k, "leave_one_group_out_accuracy": accuracy},
        reasons=(
            f"k = {k} on {on}" + (" is best on the training split, leaving groups out" if accuracy else ""),
        ),
        validation=head_accuracy(head(torch.from_numpy(values[len(rows) :].copy())), job.target(validation)),
        recipe="knn",
    )
