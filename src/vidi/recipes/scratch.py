"""A fast network from random weights, when there is data enough or nothing fitting was pretrained."""

from functools import partial

import numpy as np
import torch

from vidi.augment import colour, cutmix, cutout, flip_crop, mixup, randaugment
from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.job import Fitted, Job
from vidi.core.network import NetworkSpec
from vidi.evaluation.score import Validation
from vidi.training.loop import smoothed
from vidi.training.settings import Settings
from vidi.training.sources import at_once, image_source
from vidi.training.train import train

CARD = Card(
    title="From scratch",
    idea="A small residual network that a CPU trains quickly, with augmentation and a moving average of its weights.",
    paper="Page 2018, How to train your ResNet; Jordan 2024, arXiv:2404.00498",
    serves=("classification", "multilabel"),
)

LOOKED_AT = 5000  # training images for layers that are set from them


def recipe(
    job: Job,
    *,
    network: str = "fast_residual",
    size_px: int = 0,
    epochs: float = 12.0,
    batch: int = 256,
    lr: float = 0.005,
    weight_decay: float = 0.05,
    smoothing: float = 0.1,
    flip: float = 0.5,
    shift: float = 0.125,
    scale: float = 1.0,
    brightness: float = 0.0,
    cut: float = 0.0,
    mix: float = 0.0,
    cutmix_alpha: float = 0.0,
    random_ops: int = 0,
    average: float = 0.99,
    clip: float = 0.0,
    optimizer: str = "AdamW",
    momentum: float | None = None,
    nesterov: bool = False,
    schedule: str = "triangle",
) -> Fitted:
    """A network trained from random weights.

    network: a network's name
    size_px: the side images are resized to, in pixels (0: 32 for small images, else 64)
    epochs: passes over the training split (a time budget overrules it)
    batch: examples in a step
    lr: the peak learning rate
    weight_decay: decoupled weight decay
    smoothing: label smoothing (0: off)
    flip: how many images are mirrored, as a share (0: off)
    shift: how far images are moved, as a share of their side (0: off)
    scale: the smallest share of an image's area that a random crop keeps (1: off)
    brightness: how far brightness, contrast and saturation vary (0: off)
    cut: the side of the square that cutout blanks, as a share (0: off)
    mix: mixup's Beta parameter (0: off)
    cutmix_alpha: cutmix's Beta parameter (0: off)
    random_ops: RandAugment's operations for each image (0: off)
    average: decay of the weights' moving average (0: off)
    clip: the longest gradient (0: no limit)
    optimizer: a torch optimiser's name
    momentum: the optimiser's momentum, where it takes one
    nesterov: look ahead along the momentum, where the optimiser can
    schedule: how the rate goes
    """
    labels = len(job.dataset.labels)
    size = size_px or (32 if float(np.median(job.dataset.column("height"))) <= 48 else 64)
    model = job.build(network, classes=labels, size_px=size, generator=seeded(job.seed))
    rows, validation = job.dataset.where("train"), job.dataset.where("validation")
    fit = model.preprocessing.fit
    augmentations = [
        partial(randaugment.augment, count=random_ops),
        partial(flip_crop.augment, flip=flip, shift=shift, scale=scale),
        partial(colour.augment, brightness=brightness, contrast=brightness, saturation=brightness),
        partial(cutout.augment, size=cut),
        partial(mixup.augment, alpha=mix),
        partial(cutmix.augment, alpha=cutmix_alpha),
    ]
    if model.look is not None:
        some = rows[:: -(-len(rows) // LOOKED_AT)]  # evenly: neighbours are often of one class
        seen = job.pixels(some, size_px=size, fit=fit)
        model.look(model, torch.from_numpy(np.array(seen)).permute(0, 3, 1, 2))
    held_out = Validation(*at_once(job, validation, size_px=size, fit=fit))
    trained = train(
        model,
        image_source(job, rows, size_px=size, fit=fit, augmentations=augmentations),
        rows,
        job,
        settings=Settings(
            epochs=epochs,
            batch=batch,
            lr=lr,
            optimizer=optimizer,
            momentum=momentum,
            nesterov=nesterov,
            schedule=schedule,
            weight_decay=weight_decay,
            average=average,
            clip=clip,
        ),
        loss=smoothed(job.labelled.loss, smoothing),
        name="scratch",
        validate=held_out.followed,
    )
    model.load_state_dict(trained.state_dict())
    model.eval().requires_grad_(False)
    return Fitted(
        network=model,
        spec=NetworkSpec(network, {"classes": labels, "size_px": size}),
        reasons=(f"{network} at {size} px from random weights",),
        validation=held_out.accuracy(model),
        recipe="scratch",
    )
