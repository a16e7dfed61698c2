"""From a network and a source of batches to a trained network: devices, budget, checkpoints, history."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vidi.core.device import native_bf16, tune_memory
from vidi.core.errors import UsageError
from vidi.core.job import Budget, Job
from vidi.core.processes import agreed
from vidi.ops.depthwise import quicken
from vidi.training.average import Average
from vidi.training.checkpoint import copied
from vidi.training.descent import Descent, resume
from vidi.training.hooks import Checkpoints, History, Interruptible, Repace
from vidi.training.loop import Guard, Hook, descend, fit, hits, reseed
from vidi.training.optimisers import layer_groups, optimiser
from vidi.training.pace import Pace
from vidi.training.schedules import schedule
from vidi.training.settings import Settings

# Batches by row number: the input, and the target of the rows (possibly soft; a list with one entry an image where
# images have a target each).
Source = Callable[[NDArray[np.int64], torch.Generator], tuple[Tensor, Any]]


def rows_of_step(count: int, rows: NDArray[np.int64], batch: int, seed: int) -> NDArray[np.int64]:
    """The rows of step `count` (from 0): each epoch is a new order, and what is left over waits for another epoch."""
    batch = min(batch, len(rows))
    epoch, place = divmod(count, len(rows) // batch)
    order = np.random.default_rng([seed, epoch]).permutation(len(rows))
    return np.asarray(rows[order[place * batch : (place + 1) * batch]])


def accelerator() -> Any:
    """Accelerate's view of the devices: CPU, one GPU or many processes.

    Its own mixed precision is off: that is one setting for a whole process, and stages differ.
    """
    from accelerate import Accelerator

    return Accelerator(mixed_precision="no", cpu=not torch.cuda.is_available())


def halved(precision: str) -> bool:
    """Whether training multiplies in bf16: `auto` means where that is native."""
    if precision == "auto":
        return torch.cuda.is_bf16_supported() if torch.cuda.is_available() else native_bf16()
    return precision == "bf16"


def train(
    model: nn.Module,
    source: Source,
    rows: NDArray[np.int64],
    job: Job,
    *,
    settings: Settings,
    loss: Callable[[Any, Any], Tensor],
    name: str = "train",
    stages: Sequence[nn.Module] = (),
    budget: Budget | None = None,
    validate: Callable[[nn.Module], Mapping[str, float]] | None = None,
    score: Callable[[Any, Any], Mapping[str, float]] = hits,
    still: Sequence[nn.Module] = (),
) -> nn.Module:
    """The trained network (its average, if one is kept), in evaluation mode, on the CPU.

    Resumes from the run folder's checkpoint `name` where there is one. `stages` are the parts that get rates of
    their own, first to last; the batch norms of the parts in `still` keep their statistics, as `freeze_norm` keeps
    those of all. With `budget.seconds` the number of steps is fitted to the time left.
    """
    tune_memory()
    devices = accelerator()
    model = model.to(memory_format=torch.channels_last).to(devices.device).train()  # type: ignore[call-overload]
    for part in [model] if settings.freeze_norm else still:
        freeze_norm(part)
    if halved(settings.precision) and devices.device.type == "cpu":
        quicken(model)
    descent = _beginning(model, rows, settings, stages)
    budget = budget or job.budget
    step = _step(descent, devices, settings, loss, score, batch=min(settings.batch, len(rows)))
    batches = _batches(descent, source, rows, settings, job.seed, devices)
    path = job.folder.path / "checkpoints" / f"{name}.safetensors"
    if path.exists():
        resume(descent, path)
        job.say(f"resuming {name} at step {descent.step:,} of {descent.pace.total:,}")
    elif budget.seconds is not None:
        _fit_pace(descent, step, batches, budget, settings, job)
    with Interruptible() as interruptible:
        saver = Checkpoints(path, descent, every_seconds=job.checkpoint_seconds, main=devices.is_main_process)
        hooks: list[Hook] = [
            Guard(),
            _follow(descent),
            History(job, descent, name, len(rows), settings.batch, validate, main=devices.is_main_process),
            *([Repace(descent, budget)] if budget.seconds is not None else []),
            saver,
            interruptible.hook(saver),
        ]
        fit(step, batches, start=descent.step, hooks=hooks)
    saver.save()
    devices.wait_for_everyone()
    finished = descent.average.model if descent.average.decay else model
    return finished.eval().to("cpu").requires_grad_(False)


def _beginning(
    model: nn.Module, rows: NDArray[np.int64], settings: Settings, stages: Sequence[nn.Module]
) -> Descent:
    """Before the first step: an optimiser with the rates of its stages, and a pace by epochs."""
    groups = layer_groups(
        stages or [model], lr=settings.lr, decay=settings.layer_decay, weight_decay=settings.weight_decay
    )
    optimizer = optimiser(settings.optimizer, groups, lr=settings.lr, **_options(settings))
    return Descent(
        model=model,
        optimizer=optimizer,
        average=Average(model, settings.average),
        pace=Pace(max(1, round(settings.epochs * steps_per_epoch(rows, settings.batch)))),
        rates=tuple(group["lr"] for group in optimizer.param_groups),
    )


def freeze_norm(model: nn.Module) -> None:
    """Batch norm in evaluation mode, for good."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def steps_per_epoch(rows: NDArray[np.int64], batch: int) -> int:
    return max(1, len(rows) // min(batch, len(rows)))


def _options(settings: Settings) -> dict[str, Any]:
    options = dict(settings.options)
    if settings.momentum is not None:
        options["momentum"] = settings.momentum
    if settings.nesterov:
        options["nesterov"] = True
    return options


def _step(
    descent: Descent,
    devices: Any,
    settings: Settings,
    loss: Callable[[Any, Any], Tensor],
    score: Callable[[Any, Any], Mapping[str, float]],
    *,
    batch: int,
) -> Any:
    count = devices.num_processes
    if batch < count:
        raise UsageError(f"{count} processes want a batch of at least {count} images; got {batch}")
    prepared = devices.prepare_model(descent.model) if count > 1 else descent.model
    # Gradients are averaged over processes; where one has an image more than another, that is made up for here.
    weight = len(range(devices.process_index, batch, count)) * count / batch
    return descend(
        prepared,
        loss,
        descent.optimizer,
        clip=settings.clip,
        score=score,
        backward=devices.backward if weight == 1 else lambda value: devices.backward(value * weight),
        autocast=lambda: torch.autocast(
            devices.device.type, torch.bfloat16, enabled=halved(settings.precision)
        ),
    )


def _batches(
    descent: Descent, source: Source, rows: NDArray[np.int64], settings: Settings, seed: int, devices: Any
) -> Iterator[tuple[Tensor, Any]]:
    """Batches until the pace is at its end. Every process makes the whole batch and takes its share of it:
    the same randomness however many there are."""
    rate, base = schedule(settings.schedule), descent.rates
    while descent.step < descent.pace.total:
        generator = reseed(descent.model, seed, descent.step)
        factor = rate(descent.pace.progress(descent.step))
        for group, lr in zip(descent.optimizer.param_groups, base, strict=True):
            group["lr"] = lr * factor
        image, target = source(rows_of_step(descent.step, rows, settings.batch, seed), generator)
        share = slice(devices.process_index, None, devices.num_processes)
        image, target = image[share].to(devices.device), moved(target[share], devices.device)
        if image.ndim == 4:
            image = image.contiguous(memory_format=torch.channels_last)
        yield image, target


def moved(target: Any, device: torch.device) -> Any:
    """A target (a tensor or what else can go `to` a device, or a list or mapping of targets) on a device."""
    if isinstance(target, Mapping):
        return {name: moved(value, device) for name, value in target.items()}
    if isinstance(target, list):
        return [moved(value, device) for value in target]
    return target.to(device) if hasattr(target, "to") else target


def _follow(descent: Descent) -> Callable[[int, Mapping[str, float]], None]:
    def hook(count: int, scores: Mapping[str, float]) -> None:
        descent.step = count
        descent.average.update(descent.model, count)

    return hook


def _fit_pace(
    descent: Descent,
    step: Any,
    batches: Iterator[Any],
    budget: Budget,
    settings: Settings,
    job: Job,
) -> None:
    """Take a few real steps, see how long they are, take them back, and plan as many as fit."""
    before, times = copied(descent.state()), []
    for count in range(8):
        began = time.monotonic()
        step(next(batches))
        times.append(time.monotonic() - began)
        if count >= 2 and agreed(lambda: sum(times) > 0.05 * budget.left):
            break
    descent.restore(before)
    seconds = float(np.median(times[2:] or times))
    total = agreed(lambda: max(1, int(budget.left / seconds)))
    descent.pace = Pace(total)
    job.say(
        f"{seconds * 1000:.0f} ms a step: {total:,} steps of {settings.batch} fit the {budget.left:.0f} s left"
    )
