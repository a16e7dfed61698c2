"""A multilayer perceptron on pixels."""

from functools import partial

from vidi.augment import flip_crop
from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.job import Fitted, Job
from vidi.core.network import NetworkSpec
from vidi.evaluation.score import Validation
from vidi.training.settings import Settings
from vidi.training.sources import at_once, image_source
from vidi.training.train import train

CARD = Card(
    title="Multilayer perceptron",
    idea="Hidden layers of units that see every pixel: what depth alone gives, blind to neighbourhoods.",
    paper="Rumelhart, Hinton & Williams 1986",
    serves=("classification", "multilabel"),
)


def recipe(
    job: Job,
    *,
    widths: str = "512,256",
    size_px: int = 32,
    dropout: float = 0.0,
    dropconnect: float = 0.0,
    epochs: float = 20.0,
    batch: int = 128,
    lr: float = 1e-3,
    weight_decay: float = 0.01,
    flip: float = 0.5,
    average: float = 0.0,
    optimizer: str = "AdamW",
    schedule: str = "one_cycle",
) -> Fitted:
    """Fully connected layers with ReLU.

    widths: hidden units of each layer, joined by commas
    size_px: the side images are resized to, in pixels
    dropout: the probability that a hidden unit is dropped (0: off)
    dropconnect: the probability that a hidden weight is dropped (0: off)
    epochs: passes over the training split (a time budget overrules it)
    batch: examples in a step
    lr: the peak learning rate
    weight_decay: decoupled weight decay
    flip: how many images are mirrored, as a share (0: off)
    average: decay of the weights' moving average (0: off)
    optimizer: a torch optimiser's name
    schedule: how the rate goes
    """
    labels = len(job.dataset.labels)
    try:
        hidden = [int(part) for part in widths.split(",")]
    except ValueError:
        raise UsageError(f"--widths is numbers joined by commas, such as 512,256; got {widths!r}") from None
    options = {
        "classes": labels,
        "size_px": size_px,
        "widths": hidden,
        "dropout_probability": dropout,
        "dropconnect_probability": dropconnect,
    }
    model = job.build("mlp", **options, generator=seeded(job.seed))
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
            average=average,
            optimizer=optimizer,
            schedule=schedule,
        ),
        loss=job.labelled.loss,
        name="mlp",
        validate=held_out.followed,
    )
    model.load_state_dict(trained.state_dict())
    return Fitted(
        network=model.eval(),
        spec=NetworkSpec("mlp", options),
        reasons=(f"{widths} hidden units on {size_px} px pixels",),
        validation=held_out.accuracy(model),
        recipe="mlp",
    )
