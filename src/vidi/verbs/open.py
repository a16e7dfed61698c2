"""A trained model from its run folder."""

from pathlib import Path

from vidi.core.errors import UsageError
from vidi.evaluation.model import Model
from vidi.evaluation.saved import read_about
from vidi.verbs.form import form_of, task_named


def open_model(run: str | Path) -> Model:
    """The model in a run folder; raises UsageError if it is missing, damaged or from a newer version."""
    try:
        task = task_named(read_about(Path(run))["task"])
        model: Model = form_of(task).opened(Path(run), task)
        return model
    except UsageError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # JSON that no run wrote
        raise UsageError(
            f"{Path(run) / 'model.json'} is not as a run writes it ({error!r}); restore it or train again"
        ) from error
