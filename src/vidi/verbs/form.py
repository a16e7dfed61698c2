"""The shape of a task's answer: which file of verbs judges, opens and writes it. Nothing else asks what a task is."""

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, TypeVar

from jaxtyping import UInt8
from torch import Tensor

from vidi import catalog
from vidi.core.task import DenseTask, Task
from vidi.verbs import dense, labels, paired_found, paired_labels
from vidi.verbs.posed import Asked, Posed
from vidi.verbs.sides import Compared

Value = TypeVar("Value")


def task_named(name: str) -> Task | DenseTask:
    """A task by its name."""
    task: Task | DenseTask = catalog.load("tasks", name).TASK
    return task


def form_of(task: Task | DenseTask) -> ModuleType:
    """A module with `opened`, `judged`, `assessed`, `again` and `picture_of`, as `verbs.labels` has them."""
    return either(task, labels=labels, dense=dense)


def either(task: Task | DenseTask, *, labels: Value, dense: Value) -> Value:
    """Of two things the one for the shape of this task's answers."""
    return dense if isinstance(task, DenseTask) else labels


def comparison_of(name: str) -> Callable[..., Compared]:
    """What puts two runs of a task side by side: takes both, the content of the images they share, and a seed."""
    task = task_named(name)
    return (
        partial(paired_found.compared, task=task) if isinstance(task, DenseTask) else paired_labels.compared
    )


def posed_of(model: Any, images: UInt8[Tensor, "n 3 s s"], wanted: Asked) -> Posed:
    """What is asked of a model about images, as its answers are: labels, boxes or pixels."""
    from vidi.verbs import asked_box, asked_label, asked_pixels

    if not isinstance(model.task, DenseTask):
        return asked_label.posed(model, images, wanted)
    if model.task.networks == "detectors":
        return asked_box.posed(model, images, wanted)
    return asked_pixels.posed(model, images, wanted)
