"""What a recipe is given, and what it gives back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8
from numpy.typing import NDArray

from vidi.core.dataset import Dataset, numbered
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, NetworkSpec
from vidi.core.progress import Quiet, Say
from vidi.core.run_folder import RunFolder
from vidi.core.task import DenseTask, Task


@dataclass(frozen=True)
class Budget:
    """How long the whole run may take, counted from `began` (a monotonic clock, moved back when a run resumes).

    `reserve` seconds of it are for what comes after training: evaluation and documents. No `seconds`: no limit.
    """

    seconds: float | None = None
    began: float = field(default_factory=time.monotonic)
    reserve: float = 0.0

    @property
    def left(self) -> float:
        """Seconds that training may still take; infinite without a limit, never below 0."""
        if self.seconds is None:
            return float("inf")
        return max(0.0, self.began + self.seconds - self.reserve - time.monotonic())


@runtime_checkable
class Pixels(Protocol):
    """Decoded images of a dataset's rows: shape (n, size, size, 3), uint8, memory-mapped where it is large."""

    def __call__(
        self, rows: NDArray[np.int64], *, size_px: int, fit: str = "squash"
    ) -> UInt8[np.ndarray, "n s s 3"]: ...


@runtime_checkable
class FeatureSource(Protocol):
    """Frozen features of a dataset's rows, computed once for each image content and kept."""

    def __call__(
        self, network: Classifier, key: str, rows: NDArray[np.int64]
    ) -> Float[np.ndarray, "n d"]: ...


@dataclass(frozen=True)
class Fitted:
    """A trained network, how to build it again, and what was decided on the way.

    `validation` is the measured accuracy (or mean average precision) on the validation split, where one exists.
    """

    network: Any  # a Classifier, or a detector or segmenter
    spec: NetworkSpec
    decisions: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    validation: float | None = None
    recipe: str = ""


@dataclass(frozen=True)
class Job:
    """Everything a recipe works with. `build(name, classes=…, …)` makes a network by any of its names.

    `recipes` is for recipes that choose among others. What a recipe measures and then relies on goes through
    `folder.decide`, so that a resumed run takes the same way.
    """

    dataset: Dataset
    task: Task | DenseTask
    pixels: Pixels
    features: FeatureSource
    build: Callable[..., Any]
    folder: RunFolder
    budget: Budget = field(default_factory=Budget)
    seed: int = 0
    say: Say = field(default_factory=Quiet)
    recipes: Mapping[str, Callable[..., Fitted]] = field(default_factory=dict)
    checkpoint_seconds: float = 30.0

    @property
    def labelled(self) -> Task:
        """The task, if its answers are labels; raises UsageError if not: this recipe does not serve it."""
        if isinstance(self.task, Task):
            return self.task
        raise UsageError(
            f"this recipe answers with labels, and the task is {self.task.name}; see vidi list recipes for those that "
            f"serve it, or name --task multilabel"
        )

    def target(self, rows: NDArray[np.int64]) -> Float[np.ndarray, "n c"]:
        """The rows' targets as the task's numbers; of tasks whose answers are labels."""
        return self.labelled.encode(list(self.dataset.column("target")[rows]), self.dataset.labels)

    def groups(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """A number for each row; rows that must stay on one side of any split (same group, same picture) share it."""
        return numbered(self.dataset.column(self.dataset.group or "hash")[rows])
