"""A linear probe first, then every weight, the early ones more slowly."""

from functools import partial

from vidi.augment import flip_crop, mixup
from vidi.core.card import Card
from vidi.core.job import Fitted, Job
from vidi.core.network import NetworkSpec
from vidi.evaluation.features import weights_key
from vidi.evaluation.score import Validation
from vidi.training.logistic import probed
from vidi.training.loop import smoothed
from vidi.training.settings import Settings
from vidi.training.sources import at_once, image_source
from vidi.training.train import train

CARD = Card(
    title="Fine-tuning",
    idea="Fit the head on frozen features, then train all of a pretrained network, each stage slower than the next.",
    paper="Kumar et al. 2022, arXiv:2202.10054 (probe, then fine-tune); Howard & Ruder 2018, arXiv:1801.06146",
    serves=("classification", "multilabel"),
)


def recipe(
    job: Job,
    *,
    network: str = "lite0",
    size_px: int = 128,
    pretrained: bool = True,
    epochs: float = 5.0,
    batch: int = 64,
    lr: float = 1e-3,
    layer_decay: float = 0.85,
    weight_decay: float = 0.02,
    smoothing: float = 0.1,
    mix: float = 0.0,
    scale: float = 0.5,
    average: float = 0.0,
    freeze_norm: bool = True,
    clip: float = 1.0,
    optimizer: str = "AdamW",
    schedule: str = "one_cycle",
) -> Fitted:
    """A pretrained network of which every weight is trained.

    network: a network's name
    size_px: the side images are resized to, in pixels
    pretrained: start from the network's pretrained weights
    epochs: passes over the training split (a time budget overrules it)
    batch: examples in a step
    lr: the peak learning rate, that of the head
    layer_decay: the factor of the rate from each stage to the one before it
    weight_decay: decoupled weight decay
    smoothing: label smoothing (0: off)
    mix: mixup of images, the Beta distribution's parameter (0: off)
    scale: the smallest share of an image's area that a random crop keeps (1: no crop)
    average: decay of the weights' moving average (0: off)
    freeze_norm: keep batch norm's means and variances as they came
    clip: the longest gradient (0: no limit)
    optimizer: a torch optimiser's name
    schedule: how the rate goes
    """
    settings = Settings(
        epochs=epochs,
        batch=batch,
        lr=lr,
        optimizer=optimizer,
        schedule=schedule,
        layer_decay=layer_decay,
        weight_decay=weight_decay,
        average=average,
        freeze_norm=freeze_norm,
        clip=clip,
    )
    objective = smoothed(job.labelled.loss, smoothing)
    labels = len(job.dataset.labels)
    model = job.build(network, classes=labels, size_px=size_px, pretrained=pretrained)
    rows, validation = job.dataset.where("train"), job.dataset.where("validation")
    fit = model.preprocessing.fit
    augmentations = [
        partial(flip_crop.augment, flip=0.5, shift=0.0, scale=scale),
        partial(mixup.augment, alpha=mix),
    ]
    source = image_source(job, rows, size_px=size_px, fit=fit, augmentations=augmentations)
    regression = probed(job, model, rows, job.features(model, weights_key(model), rows))
    model.requires_grad_(True)
    held_out = Validation(*at_once(job, validation, size_px=size_px, fit=fit))
    trained = train(
        model,
        source,
        rows,
        job,
        settings=settings,
        loss=objective,
        name="finetune",
        stages=[*model.stages, model.head],
        validate=held_out.followed,
    )
    model.load_state_dict(trained.state_dict())
    model.eval().requires_grad_(False)
    return Fitted(
        network=model,
        spec=NetworkSpec(network, {"classes": labels, "size_px": size_px, "pretrained": False}),
        decisions={"probe_strength": regression.strength},
        reasons=(
            f"all {len(model.stages)} stages trained after a probe, rates falling by {layer_decay:g} a stage",
        ),
        validation=held_out.accuracy(model),
        recipe="finetune",
    )
