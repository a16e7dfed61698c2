"""Early stages frozen, their activations kept for a few augmented views, the rest trained."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.errors import UsageError, check_option
from vidi.core.job import Fitted, Job
from vidi.core.network import Classifier, NetworkSpec
from vidi.evaluation.activations import activations, augmented_views, early_engine, keep_views
from vidi.evaluation.features import weights_key
from vidi.evaluation.score import Validation
from vidi.ops.costs import multiply_adds
from vidi.ops.sampling import beta
from vidi.training.logistic import probed
from vidi.training.loop import smoothed
from vidi.training.settings import Settings
from vidi.training.train import Source, train

CARD = Card(
    title="Cached tail",
    idea="The early stages of a pretrained network serve every task alike and cost most of the time: compute them once "
    "for a few augmented views of each image, and train only what comes after.",
    paper="Yosinski et al. 2014, arXiv:1411.1792 (which layers transfer)",
    differs="Views are drawn once and kept in bf16, instead of new ones in every epoch.",
    serves=("classification", "multilabel"),
)


class Tail(nn.Module):
    """The stages that are trained, and the head; they share their weights with the network."""

    def __init__(self, network: Classifier, cut: int) -> None:
        super().__init__()
        self.stages, self.head = network.part(cut, len(network.stages)), network.head

    def forward(self, activation: Tensor) -> Tensor:
        output: Tensor = self.head(self.stages(activation))
        return output


def recipe(
    job: Job,
    *,
    network: str = "lite0",
    size_px: int = 128,
    share: float = 0.6,
    views: int = 4,
    epochs: float = 20.0,
    batch: int = 64,
    lr: float = 1e-3,
    layer_decay: float = 1.0,
    weight_decay: float = 0.02,
    smoothing: float = 0.1,
    mix: float = 0.2,
    average: float = 0.99,
    scale: float = 0.5,
    freeze_norm: bool = True,
    clip: float = 0.0,
    optimizer: str = "AdamW",
    schedule: str = "one_cycle",
) -> Fitted:
    """A pretrained network whose last stages are trained on kept activations; starts from a linear probe.

    network: a pretrained network's name; its stages must follow one another
    size_px: the side images are resized to, in pixels
    share: the largest share of the network's multiply-adds that is trained
    views: augmented views of each image that are kept
    epochs: passes over the training split (a time budget overrules it)
    batch: examples in a step
    lr: the peak learning rate
    layer_decay: the factor of the rate from each stage to the one before it
    weight_decay: decoupled weight decay
    smoothing: label smoothing
    mix: mixup of activations, the Beta distribution's parameter (0: off)
    average: decay of the weights' moving average (0: off)
    scale: the smallest share of an image's area that a view keeps
    freeze_norm: keep batch norm's means and variances as they came
    clip: the longest gradient (0: no limit)
    optimizer: a torch optimiser's name
    schedule: how the rate goes
    """
    check_option("views", views, holds=views >= 1, wanted="1 or more")
    check_option("share", share, holds=0 < share <= 1, wanted="above 0 and at most 1")
    check_option("scale", scale, holds=0 < scale <= 1, wanted="above 0 and at most 1")
    check_option("mix", mix, holds=mix >= 0, wanted="0 or more (0: off)")
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
    model = job.build(network, classes=labels, size_px=size_px, pretrained=True)
    cut = cut_for(model, share)
    train_rows, validation = job.dataset.where("train"), job.dataset.where("validation")
    regression = probed(job, model, train_rows, job.features(model, weights_key(model), train_rows))
    model.head.requires_grad_(True)
    run = early_engine(model, cut)
    held_out = Validation(activations(job, model, run, validation), job.target(validation))
    blocks = augmented_views(job, model, train_rows, scale=scale)
    kept = keep_views(job, run, blocks, total=len(train_rows), views=views)
    tail = Tail(model, cut)
    trained = train(
        tail,
        view_source(job, kept, train_rows, mix),
        train_rows,
        job,
        settings=settings,
        loss=objective,
        name="tail",
        stages=[*tail.stages, tail.head],
        validate=held_out.followed,
    )
    tail.load_state_dict(trained.state_dict())
    return Fitted(
        network=model.eval().requires_grad_(False),
        spec=NetworkSpec(network, {"classes": labels, "size_px": size_px, "pretrained": False}),
        decisions={
            "cut": cut,
            "stages": len(model.stages),
            "views": len(kept),
            "probe_strength": regression.strength,
        },
        reasons=(
            f"stages {cut} to {len(model.stages) - 1} of {len(model.stages)} trained on {len(kept)} kept views",
        ),
        validation=held_out.accuracy(tail),
        recipe="tail",
    )


def view_source(job: Job, kept: Sequence[np.ndarray], rows: NDArray[np.int64], mix: float) -> Source:
    """Activations of a view of each row, drawn anew every time, mixed by `mix`; `kept` are the views of `rows`."""
    target = torch.from_numpy(job.target(rows))
    place = np.full(len(job.dataset), -1)
    place[rows] = np.arange(len(rows))

    def source(rows: NDArray[np.int64], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        view = torch.randint(len(kept), (len(rows),), generator=generator).numpy()
        number = place[rows]
        bits = np.stack([kept[v][n] for v, n in zip(view, number, strict=True)])
        activation = torch.from_numpy(bits).view(torch.bfloat16).float()
        return mixed(activation, target[number], mix, generator)

    return source


def cut_for(model: Classifier, share: float) -> int:
    """The first stage that is trained: what comes from it on has at most `share` of the multiply-adds."""
    stages = list(model.stages)
    if len(stages) < 2:
        raise UsageError(
            "the recipe tail wants a network whose stages follow one another; this one cannot be cut: "
            "use --recipe finetune or --network lite0"
        )
    side = model.preprocessing.size_px
    shape: tuple[int, ...] = (1, model.preprocessing.channels, side, side)
    costs = []
    model.eval()  # in training mode the empty image would go into batch norm's running statistics
    with torch.no_grad():
        x = torch.zeros(shape)
        for stage in stages:
            costs.append(multiply_adds(stage, tuple(x.shape)))
            x = stage(x)
    for cut in range(1, len(stages)):
        if sum(costs[cut:]) <= share * sum(costs):
            return cut
    return len(stages) - 1


def mixed(
    activation: Float[Tensor, "b ..."], target: Float[Tensor, "b c"], alpha: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Manifold mixup (Verma et al. 2019, arXiv:1806.05236); `alpha` 0 is off, exactly."""
    if alpha == 0:
        return activation, target
    weight = beta(alpha, len(target), generator)
    partner = torch.randperm(len(target), generator=generator)
    shape = (-1, *[1] * (activation.ndim - 1))
    return (
        torch.lerp(activation[partner], activation, weight.view(shape)),
        torch.lerp(target[partner], target, weight[:, None]),
    )
