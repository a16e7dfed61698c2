"""A trained model from its run folder."""

from pathlib import Path

from vidi import catalog
from vidi.evaluation.model import Model, load_model
from vidi.verbs.train import task_named


def open_model(run: str | Path) -> Model:
    """The model in a run folder; raises UsageError if it is missing, damaged or from a newer version."""
    return load_model(Path(run), build=catalog.network, task=task_named)
