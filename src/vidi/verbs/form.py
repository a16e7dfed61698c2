"""The shape of a task's answer: which file of verbs judges, opens and writes it. Nothing else asks what a task is."""

from types import ModuleType

from vidi import catalog
from vidi.core.task import Task
from vidi.verbs import labels


def task_named(name: str) -> Task:
    """A task by its name."""
    task: Task = catalog.load("tasks", name).TASK
    return task


def form_of(task: Task) -> ModuleType:
    """A module with `opened`, `judged`, `assessed` and `again`, as `verbs.labels` has them."""
    return labels
