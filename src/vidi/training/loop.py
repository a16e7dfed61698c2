"""The one loop, and the plain step."""

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from vidi.core.errors import UsageError, check_option

Step = Callable[[Any], Mapping[str, float]]
Hook = Callable[[int, Mapping[str, float]], None]  # after every step: its number, from 1, and its scores


class DivergedError(UsageError):
    """Training went wrong; the message says what to change."""


def fit(step: Step, batches: Iterable[Any], *, start: int = 0, hooks: Iterable[Hook] = ()) -> int:
    """Take a step for every batch; the number of the last one is returned. Counting goes on from `start`."""
    hooks = tuple(hooks)
    count = start
    for count, batch in enumerate(batches, start=start + 1):
        scores = step(batch)
        for hook in hooks:
            hook(count, scores)
    return count


def smoothed(loss: Callable[..., Tensor], smoothing: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The task's loss with label smoothing; 0 is off, exactly. Raises UsageError if it isn't a share."""
    check_option("smoothing", smoothing, holds=0 <= smoothing <= 1, wanted="a share, 0 to 1 (0: off)")
    return partial(loss, smoothing=smoothing)


def in_float32(outputs: Any) -> Any:
    """A network's outputs (a tensor, or a list, tuple or mapping of them) with what is bf16 back in float32."""
    if isinstance(outputs, Tensor):
        return outputs.float() if outputs.is_floating_point() else outputs
    if isinstance(outputs, Mapping):
        return {name: in_float32(value) for name, value in outputs.items()}
    if isinstance(outputs, list | tuple):
        return type(outputs)(in_float32(value) for value in outputs)
    return outputs


def hits(logits: Tensor, target: Tensor) -> dict[str, float]:
    """The share of a batch whose largest logit is at its largest target."""
    found = logits.detach().argmax(dim=1) == target.argmax(dim=1)
    return {"accuracy": float(found.float().mean())}


@runtime_checkable
class Optimizer(Protocol):
    """What a step needs of an optimiser."""

    def step(self) -> None: ...

    def zero_grad(self) -> None: ...


def descend(
    model: nn.Module,
    loss: Callable[[Any, Any], Tensor],
    optimizer: Optimizer,
    *,
    clip: float = 0.0,
    backward: Callable[[Tensor], Any] = Tensor.backward,
    autocast: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
    score: Callable[[Any, Any], Mapping[str, float]] = hits,
) -> Step:
    """One step of gradient descent on (input, target) batches; gradients longer than `clip` are shortened to it.

    `clip` 0 is off, exactly. The outputs are taken back to float32 before the loss. `score(outputs, target)` is what
    a person who waits sees besides the loss.
    """

    def step(batch: tuple[Tensor, Any]) -> dict[str, float]:
        image, target = batch
        optimizer.zero_grad()
        with autocast():
            outputs = model(image)
        outputs = in_float32(outputs)
        value = loss(outputs, target)
        backward(value)
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        return {"loss": float(value.detach()), **score(outputs, target)}

    return step


class Guard:
    """Stops at a loss that is not a number or has grown to several times its start."""

    def __init__(self, *, factor: float = 4.0, patience: int = 50) -> None:
        self.factor, self.patience = factor, patience
        self.first, self.recent, self.seen = 0.0, 0.0, 0

    def __call__(self, count: int, scores: Mapping[str, float]) -> None:
        loss = scores["loss"]
        if not math.isfinite(loss):
            raise DivergedError(
                f"the loss became {loss} at step {count}: lower --lr (a tenth is a good try) or set --clip 1; "
                "the last good checkpoint is kept"
            )
        self.seen += 1
        self.recent = loss if self.seen == 1 else 0.95 * self.recent + 0.05 * loss
        if self.seen <= 10:
            self.first = max(self.first, loss)
        elif self.seen > self.patience and self.recent > self.factor * max(self.first, 0.1):
            raise DivergedError(
                f"the loss grew from {self.first:.3g} to {self.recent:.3g} by step {count}: lower --lr (a tenth is a "
                "good try) or set --clip 1; the last good checkpoint is kept"
            )


def reseed(model: nn.Module, seed: int, step: int) -> torch.Generator:
    """The generator of step `step`; torch's own and those that layers hold are set from it as well.

    Every step's randomness is a function of the seed and its number, so that a resumed run needs no history.
    """
    mixed = (seed * 1_000_003 + step * 7_919 + 12_345) % (2**63 - 1)
    torch.manual_seed(mixed)
    for layer in model.modules():
        generator = getattr(layer, "generator", None)
        if isinstance(generator, torch.Generator):
            generator.manual_seed(mixed + 1)
    return torch.Generator().manual_seed(mixed + 2)
