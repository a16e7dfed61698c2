"""A linear classifier on pixels: softmax, or a multi-class support vector machine."""

from functools import partial

from vidi.augment import flip_crop
from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.job import Fitted, Job
from vidi.core.network import NetworkSpec
from vidi.evaluation.score import Validation
from vidi.ops.losses import multiclass_hinge
from vidi.training.settings import Settings
from vidi.training.sources import at_once, image_source
from vidi.training.train import train

CARD = Card(
    title="Linear classifier",
    idea="One template for each label, compared with the pixels: the floor that every network should beat.",
    paper="Bridle 1990 (softmax); Weston & Watkins 1999 (multi-class SVM)",
    serves=("classification", "multilabel"),
)


def recipe(
    job: Job,
    *,
    loss: str = "softmax",
    size_px: int = 32,
    epochs: float = 20.0,
    batch: int = 128,
    lr: float = 1e-3,
    weight_decay: float = 0.01,
    flip: float = 0.5,
    optimizer: str = "AdamW",
    schedule: str = "cosine",
) -> Fitted:
    """Weights times pixels plus biases.

    loss: softmax (the task's own loss) or hinge (a multi-class SVM)
    size_px: the side images are resized to, in pixels
    epochs: passes over the training split (a time budget overrules it)
    batch: examples in a step
    lr: the peak learning rate
    weight_decay: decoupled weight decay
    flip: how many images are mirrored, as a share (0: off)
    optimizer: a torch optimiser's name
    schedule: how the rate goes
    """
    if loss not in ("softmax", "hinge"):
        raise UsageError(f"--loss is softmax or hinge; got {loss!r}")
    if loss == "hinge" and job.task.name != "classification":
        raise UsageError(
            f"--loss hinge is for one label an image; the task here is {job.task.name}: use softmax"
        )
    labels = len(job.dataset.labels)
    model = job.build("linear", classes=labels, size_px=size_px, generator=seeded(job.seed))
    rows, validation = job.dataset.where("train"), job.dataset.where("validation")
    held_out = Validation(*at_once(job, validation, size_px=size_px, fit="squash"))
    mirror = partial(flip_crop.augment, flip=flip, shift=0.0)
    trained = train(
        model,
        image_source(job, rows, size_px=size_px, fit="squash", augmentations=[mirror]),
        rows,
        job,
        settings=Settings(
            epochs=epochs,
            batch=batch,
            lr=lr,
            weight_decay=weight_decay,
            optimizer=optimizer,
            schedule=schedule,
            precision="fp32",
        ),
        loss=job.labelled.loss if loss == "softmax" else multiclass_hinge,
        name="linear",
        validate=held_out.followed,
    )
    model.load_state_dict(trained.state_dict())
    return Fitted(
        network=model.eval(),
        spec=NetworkSpec("linear", {"classes": labels, "size_px": size_px}),
        reasons=(f"{loss} on {size_px} px pixels",),
        validation=held_out.accuracy(model),
        recipe="linear",
    )
