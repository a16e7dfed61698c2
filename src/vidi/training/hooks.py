"""What happens after a step besides the step: history, checkpoints, the clock, Ctrl-C."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Protocol, runtime_checkable

from torch import nn

from vidi.core.job import Budget, Job
from vidi.core.processes import agreed
from vidi.training.checkpoint import save_state
from vidi.training.pace import Pace


@runtime_checkable
class Following(Protocol):
    """What hooks see of a descent."""

    model: nn.Module
    pace: Pace
    step: int
    seconds: float

    @property
    def optimizer(self) -> Any: ...

    @property
    def average(self) -> Any: ...

    def state(self) -> dict[str, Any]: ...


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """In evaluation mode inside; after it every module is in the mode it was in: some never leave evaluation."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


class Checkpoints:
    """Saves the whole state every so many seconds; only the main process writes."""

    def __init__(self, path: Path, descent: Following, *, every_seconds: float, main: bool) -> None:
        self.path, self.descent, self.every, self.main = path, descent, every_seconds, main
        self.saved = time.monotonic()

    def __call__(self, count: int, scores: Mapping[str, float]) -> None:
        if time.monotonic() - self.saved >= self.every:
            self.save()

    def save(self) -> None:
        if self.main:
            save_state(self.path, self.descent.state())
        self.saved = time.monotonic()


class History:
    """One JSON line for about every two-hundredth of training, and progress for the person who waits.

    Validation is measured about ten times, and only while it costs less than a tenth of the time.
    """

    def __init__(
        self,
        job: Job,
        descent: Following,
        name: str,
        examples: int,
        batch: int,
        validate: Callable[[nn.Module], Mapping[str, float]] | None,
        *,
        main: bool,
    ) -> None:
        self.job, self.descent, self.name, self.validate, self.main = job, descent, name, validate, main
        self.batch, self.per_epoch = min(batch, examples), max(1, examples // min(batch, examples))
        self.began = time.monotonic() - descent.seconds
        self.path = job.folder.path / "history.jsonl"
        self.sums: dict[str, float] = {}
        self.since, self.mark, self.validated, self.cost = (
            0,
            time.monotonic(),
            descent.pace.progress(descent.step),
            0.0,
        )
        if main:
            self._forget_after(descent.step)

    def __call__(self, count: int, scores: Mapping[str, float]) -> None:
        now = time.monotonic()
        self.descent.seconds = now - self.began
        self.since += 1
        for key, value in scores.items():
            self.sums[key] = self.sums.get(key, 0.0) + value
        total = self.descent.pace.total
        rate = self.since * self.batch / max(now - self.mark, 1e-9)
        means = "  ".join(f"{key} {value / self.since:.3f}" for key, value in self.sums.items())
        detail = f"{means}  {rate:,.0f} images/s"
        self.job.say.track(self.name, count, total, detail)
        if count % max(1, total // 200) == 0 or count == total:
            self._write(count, rate)
            self._validate(count)
            self.sums.clear()
            self.since, self.mark = 0, time.monotonic()

    def _write(self, count: int, rate: float) -> None:
        self._line(
            {
                "stage": self.name,
                "step": count,
                "epoch": round(count / self.per_epoch, 4),
                **{key: value / self.since for key, value in self.sums.items()},
                "learning_rate": self.descent.optimizer.param_groups[0]["lr"],
                "images_per_second": round(rate, 1),
                "seconds": round(self.descent.seconds, 3),
            }
        )

    def _validate(self, count: int) -> None:
        done = self.descent.pace.progress(count)
        if self.validate is None or not self.main or (done - self.validated < 0.1 and done < 1.0):
            return
        if self.cost > 0.1 * max(self.descent.seconds, 1e-9) and done < 1.0:
            return
        began, model = (
            time.monotonic(),
            self.descent.average.model if self.descent.average.decay else self.descent.model,
        )
        with evaluating(model):
            scores = {f"validation_{key}": value for key, value in self.validate(model).items()}
        self._line({"stage": self.name, "step": count, "epoch": round(count / self.per_epoch, 4), **scores})
        self.validated, self.cost = done, self.cost + time.monotonic() - began

    def _line(self, entry: Mapping[str, Any]) -> None:
        if self.main:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(entry) + "\n")

    def _forget_after(self, step: int) -> None:
        """Lines of steps that a killed run took after its last checkpoint are taken again."""
        if not self.path.exists():
            return
        kept = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:  # the line that was being written at the kill
                continue
            if entry.get("stage") != self.name or entry["step"] <= step:
                kept.append(line + "\n")
        self.path.write_text("".join(kept), encoding="utf-8")


class Repace:
    """Bends the pace to the clock a few times on the way, because a machine's speed drifts."""

    MARKS = (0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.85, 0.92, 0.97)

    def __init__(self, descent: Following, budget: Budget) -> None:
        self.descent, self.budget = descent, budget
        self.step, self.mark = descent.step, time.monotonic()
        self.next = [mark for mark in self.MARKS if mark > descent.pace.progress(descent.step)]

    def __call__(self, count: int, scores: Mapping[str, float]) -> None:
        pace = self.descent.pace
        if not self.next or pace.progress(count) < self.next[0]:
            return
        self.next.pop(0)
        now = time.monotonic()
        seconds, self.step, self.mark = (now - self.mark) / max(1, count - self.step), count, now
        pace.refit(count, *agreed(lambda: (seconds, self.budget.left)))


class Interruptible:
    """Ctrl-C and SIGTERM wait for the step to end and its checkpoint to be written; a second one does not wait."""

    def __init__(self) -> None:
        self.asked = False
        self.before: dict[int, Any] = {}

    def __enter__(self) -> "Interruptible":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self._ask)
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def hook(self, saver: Checkpoints) -> Callable[[int, Mapping[str, float]], None]:
        def after(count: int, scores: Mapping[str, float]) -> None:
            if self.asked:
                saver.save()
                raise KeyboardInterrupt

        return after

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
