"""A trained model from its run folder."""

from pathlib import Path

from vidi import catalog
from vidi.core.errors import UsageError
from vidi.evaluation.model import Model, load_model
from vidi.verbs.train import task_named


def open_model(run: str | Path) -> Model:
    """The model in a run folder; raises UsageError if it is missing, damaged or from a newer version."""
    try:
        return load_model(Path(run), build=catalog.network, task=task_named)
    except UsageError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # JSON that no run wrote
        raise UsageError(
            f"{Path(run) / 'model.json'} is not as a run writes it ({error!r}); restore it or train again"
        ) from error
