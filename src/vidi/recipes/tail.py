"""Early stages frozen, their activations kept for a few augmented views, the rest trained."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from vidi.augment import flip_crop
from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.job import Fitted, Job
from vidi.core.network import Classifier, NetworkSpec
from vidi.evaluation.engine import Engine, best_precision, engine
from vidi.evaluation.features import weights_key
from vidi.evaluation.score import head_accuracy, network_accuracy
from vidi.ops.costs import multiply_adds
from vidi.training.logistic import fit_head
from vidi.training.train import Settings, train

CARD = Card(
    title="Cached tail",
    idea="The early stages of a pretrained network serve every task alike and cost most of the time: compute them once "
    "for a few augmented views of each image, and train only what comes after.",
    paper="Yosinski et al. 2014, arXiv:1411.1792 (which layers transfer)",
    differs="Views are drawn once and kept in bf16, instead of new ones in every epoch.",
    serves=("classification", "multilabel"),
)


class Early(nn.Module):
    """Normalise and the first stages, for the pass that is kept."""

    def __init__(self, network: Classifier, cut: int) -> None:
        super().__init__()
        self.normalise, self.stages = network.normalise, network.part(0, cut)

    def forward(self, image: Tensor) -> Tensor:
        output: Tensor = self.stages(self.normalise(image))
        return output


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
    share: float = 0.45,
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
    clip: the longest gradient (0: no limit)
    optimizer: a torch optimiser's name
    schedule: how the rate goes
    """
    labels = len(job.dataset.labels)
    model = job.build(network, classes=labels, size_px=size_px, pretrained=True)
    cut = cut_for(model, share)
    rows, validation = job.dataset.where("train"), job.dataset.where("validation")
    features = job.features(model, weights_key(model), rows)
    regression = fit_head(features, job.target(rows), job.task.loss, group=job.groups(rows), seed=job.seed)
    model.head.load_state_dict(regression.head.state_dict())
    model.head.requires_grad_(True)
    kept = keep_views(job, model, cut, rows, views=views, scale=scale)
    held_out = activations(job, model, cut, validation)
    target, checked = torch.from_numpy(job.target(rows)), job.target(validation)
    place = np.full(len(job.dataset), -1)
    place[rows] = np.arange(len(rows))

    def source(batch_rows: NDArray[np.int64], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        view = torch.randint(len(kept), (len(batch_rows),), generator=generator).numpy()
        number = place[batch_rows]
        bits = np.stack([kept[v][n] for v, n in zip(view, number, strict=True)])
        activation = torch.from_numpy(bits).view(torch.bfloat16).float()
        return mixed(activation, target[number], mix, generator)

    tail = Tail(model, cut)
    trained = train(
        tail,
        source,
        rows,
        job,
        settings=Settings(
            epochs=epochs,
            batch=batch,
            lr=lr,
            optimizer=optimizer,
            schedule=schedule,
            layer_decay=layer_decay,
            weight_decay=weight_decay,
            average=average,
            clip=clip,
        ),
        loss=lambda logits, wanted: job.task.loss(logits, wanted, smoothing=smoothing),
        name="tail",
        stages=[*tail.stages, tail.head],
        validate=lambda module: (
            {"accuracy": network_accuracy(module, held_out, checked)} if len(checked) else {}
        ),
    )
    tail.load_state_dict(trained.state_dict())
    return Fitted(
        network=model.eval().requires_grad_(False),
        spec=NetworkSpec(network, {"classes": labels, "size_px": size_px, "pretrained": False}),
        decisions={
            "cut": cut,
            "stages": len(model.stages),
            "views": views,
            "probe_strength": regression.strength,
        },
        reasons=(
            f"stages {cut} to {len(model.stages) - 1} of {len(model.stages)} trained on {views} kept views",
        ),
        validation=network_accuracy(tail, held_out, checked) if len(checked) else None,
        recipe="tail",
    )


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
    with torch.no_grad():
        x = torch.zeros(shape)
        for stage in stages:
            costs.append(multiply_adds(stage, tuple(x.shape)))
            x = stage(x)
    for cut in range(1, len(stages)):
        if sum(costs[cut:]) <= share * sum(costs):
            return cut
    return len(stages) - 1


def activations(job: Job, model: Classifier, cut: int, rows: NDArray[np.int64]) -> Float[Tensor, "n ..."]:
    """What the first stages make of the rows' images as they are, in bf16."""
    size = model.preprocessing.size_px
    if not len(rows):
        return torch.zeros(0, 1)
    run = engine(Early(model, cut), size_px=size, precision=best_precision())
    images = job.pixels(rows, size_px=size, fit=model.preprocessing.fit)
    return torch.from_numpy(run(images, job.say)).bfloat16()


def keep_views(
    job: Job, model: Classifier, cut: int, rows: NDArray[np.int64], *, views: int, scale: float
) -> list[np.ndarray]:
    """Activations of `views` augmented copies of every row as the bits of bf16, memory-mapped in the run folder.

    A view that is complete from an earlier start of the same run is taken as it is.
    """
    size = model.preprocessing.size_px
    run = engine(Early(model, cut), size_px=size, precision=best_precision())
    images = job.pixels(rows, size_px=size, fit=model.preprocessing.fit)
    folder = job.folder.path / "checkpoints"
    folder.mkdir(exist_ok=True)
    kept = []
    for view in range(views):
        path = folder / f"view-{view}.npy"
        if not path.exists():
            partial = folder / f"view-{view}.partial.npy"
            _write_view(
                partial, _augmented(images, job.seed * 1000 + view, scale), run, len(images), job, view, views
            )
            partial.rename(path)
        kept.append(np.load(path, mmap_mode="r", allow_pickle=False))
    return kept


def _augmented(images: np.ndarray, seed: int, scale: float, block: int = 256) -> Iterator[np.ndarray]:
    """Blocks of images, zoomed, shifted and mirrored."""
    generator = seeded(seed)
    for start in range(0, len(images), block):
        batch = torch.from_numpy(np.array(images[start : start + block])).permute(0, 3, 1, 2)
        changed, _ = flip_crop.augment(
            batch, torch.zeros(len(batch), 1), flip=0.5, shift=0.0625, scale=scale, generator=generator
        )
        yield changed.permute(0, 2, 3, 1).contiguous().numpy()


def _write_view(
    path: Path, blocks: Iterator[np.ndarray], run: Engine, total: int, job: Job, view: int, views: int
) -> None:
    out, done = None, 0
    for block in blocks:
        bits = torch.from_numpy(run(block)).bfloat16().view(torch.int16).numpy()
        if out is None:
            out = np.lib.format.open_memmap(path, "w+", np.int16, (total, *bits.shape[1:]))
        out[done : done + len(bits)] = bits
        done += len(bits)
        job.say.track("keep views", view * total + done, views * total)
    if out is not None:
        out.flush()


def mixed(
    activation: Float[Tensor, "b ..."], target: Float[Tensor, "b c"], alpha: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Manifold mixup (Verma et al. 2019, arXiv:1806.05236) ; `alpha` 0 is off, exactly."""
    if alpha < 0:
        raise UsageError(f"mix is the Beta distribution's parameter, >= 0; got {alpha}")
    if alpha == 0:
        return activation, target
    weight = torch._sample_dirichlet(torch.full((len(target), 2), alpha), generator)[:, 0]
    partner = torch.randperm(len(target), generator=generator)
    shape = (-1, *[1] * (activation.ndim - 1))
    return (
        torch.lerp(activation[partner], activation, weight.view(shape)),
        torch.lerp(target[partner], target, weight[:, None]),
    )
