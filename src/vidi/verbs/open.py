"""A trained model from its run folder."""

from pathlib import Path

from vidi.core.errors import UsageError
from vidi.evaluation.dense_model import DenseModel
from vidi.evaluation.model import Model
from vidi.evaluation.saved import read_about
from vidi.verbs.form import form_of, task_named


def open_labelled(run: str | Path) -> Model:
    """The same, of models whose answers are labels; raises UsageError for another."""
    model = open_model(run)
    if isinstance(model, Model):
        return model
    raise UsageError(f"a model whose answers are labels was wanted; the task of {run} is {model.task.name}")


def open_model(run: str | Path) -> Model | DenseModel:
    """The model in a run folder; raises UsageError if it is missing, damaged or from a newer version."""
    try:
        task = task_named(read_about(Path(run))["task"])
        model: Model | DenseModel = form_of(task).opened(Path(run), task)
        return model
    except UsageError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # JSON that no run wrote
        raise UsageError(
            f"{Path(run) / 'model.json'} is not as a run writes it ({error!r}); restore it or train again"
        ) from error
