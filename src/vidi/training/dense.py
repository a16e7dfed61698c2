"""Networks that answer for places of an image: trained on images and what is drawn on them, together moved."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vidi.core.errors import UsageError, check_option
from vidi.core.job import Fitted, Job
from vidi.core.network import NetworkSpec
from vidi.core.pyramid import freeze, pyramid_of
from vidi.core.task import DenseTask
from vidi.core.two_stage import TwoStage
from vidi.training.held import Keep, Onward, held
from vidi.training.loop import in_float32
from vidi.training.moved import Mover, Moves
from vidi.training.settings import Settings
from vidi.training.train import train

VALIDATED = 48  # images of the validation split whose loss is followed


class Objective:
    """The sum of a network's own losses, and what each of them is, for the person who waits."""

    def __init__(self, network: Any) -> None:
        self.network = network
        self.parts: dict[str, float] = {}

    def __call__(self, outputs: Any, targets: Any) -> Tensor:
        parts: dict[str, Tensor] = self.network.loss(outputs, targets)
        self.parts = {f"loss of {name}": float(value.detach()) for name, value in parts.items()}
        total: Tensor = torch.stack(list(parts.values())).sum()
        return total

    def said(self, outputs: Any, targets: Any) -> Mapping[str, float]:
        return self.parts


def train_dense(
    job: Job,
    name: str,
    *,
    backbone: str,
    pretrained: bool,
    size_px: int,
    frozen: int,
    views: int,
    keep: Keep,
    settings: Settings,
    moves: Moves,
    **options: Any,
) -> Fitted:
    """A network `name` of the task's kind on a backbone, trained; the stages up to stride `frozen` keep their weights.

    Their maps of up to `views` moved views of each image are kept by `keep` and learned from; with 0 views every step
    moves its images anew. `options` are the network's own. The backbone's weights learn at the rate that
    `settings.layer_decay` leaves them.
    """
    task = job.task
    if not isinstance(task, DenseTask):
        raise UsageError(
            f"the recipe {name} finds what lies on the image, and the task is {task.name}: use --recipe auto, or data "
            "with boxes or masks"
        )
    check_option("frozen", frozen, holds=frozen >= 0, wanted="a stride, or 0 (none)")
    check_option("views", views, holds=views >= 0, wanted="0 or more (0: new ones in every step)")
    spec = NetworkSpec(
        name, {"classes": len(job.dataset.labels), "backbone": backbone, "size_px": size_px, **options}
    )
    network = job.build(
        name, **spec.options, pretrained=pretrained, generator=torch.Generator().manual_seed(job.seed)
    )
    pyramid = pyramid_of(network)
    freeze(pyramid, stride=frozen)
    rows, validation = job.dataset.where("train"), job.dataset.where("validation")[:VALIDATED]
    fit = network.preprocessing.fit
    mover = Mover(job, task, rows, moves, size_px=size_px, fit=fit)
    kept = held(job, network, mover, keep, stride=frozen, views=views)
    objective = Objective(network)
    trained = train(
        kept.module if kept else network,
        kept.source if kept else mover.source,
        rows,
        job,
        settings=settings,
        loss=objective,
        score=objective.said,
        name=name,
        still=[pyramid],
        stages=[pyramid, _Rest(network, pyramid)],
        validate=_validated(job, task, network, validation, size_px=size_px, fit=fit),
    )
    trained = _whole(trained)
    if trained is not network:
        network.load_state_dict(trained.state_dict())
    said = f", its stages up to stride {frozen} kept as they came" if frozen else ""
    said += f", the rest trained on their maps of {kept.views} views of each image" if kept else ""
    return Fitted(
        network=network.eval().requires_grad_(False),
        spec=spec,
        reasons=(f"{name} on {backbone} at {size_px} px{said}",),
        recipe=name,
    )


def _whole(module: Any) -> Any:
    """The network that takes images."""
    return module.network if isinstance(module, Onward) else module


class _Rest(nn.Module):
    """Everything of a network that is not its backbone, for a rate of its own."""

    def __init__(self, network: nn.Module, backbone: nn.Module) -> None:
        super().__init__()
        inside = {id(parameter) for parameter in backbone.parameters()}
        self.rest = nn.ParameterList(p for p in network.parameters() if id(p) not in inside)


def _validated(
    job: Job, task: DenseTask, network: Any, rows: NDArray[np.int64], *, size_px: int, fit: str
) -> Callable[[nn.Module], Mapping[str, float]] | None:
    """A function that measures the loss on some validation images as they are; None without any, or for a network of
    two stages, which draws the regions it learns from at random."""
    if not len(rows) or isinstance(network, TwoStage):
        return None
    still = Moves(flip=0.0, scale=1.0, brightness=0.0)
    mover = Mover(job, task, rows, still, size_px=size_px, fit=fit)
    images, targets = mover.source(rows, torch.Generator().manual_seed(0))

    def validate(module: nn.Module) -> Mapping[str, float]:
        losses = []
        with torch.inference_mode():
            for start in range(0, len(rows), 8):
                outputs = in_float32(_whole(module)(images[start : start + 8]))
                parts = network.loss(outputs, targets[start : start + 8])
                losses.append(float(torch.stack(list(parts.values())).sum()))
        return {"loss": float(np.mean(losses))}

    return validate
