"""Runs that are asked about images they did not learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.run_folder import RunFolder
from vidi.evaluation.dense_model import DenseModel
from vidi.verbs.evaluate import unseen
from vidi.verbs.load import Loaded
from vidi.verbs.open import open_model


@dataclass(frozen=True)
class Witness:
    """A run that answers for these rows, which it did not learn from."""

    run: Path
    model: DenseModel
    rows: NDArray[np.int64]


def witnesses(loaded: Loaded, runs: Sequence[Path]) -> list[Witness]:
    """Every image that some run did not learn from goes to the first such run."""
    rest, found = np.arange(len(loaded)), list[Witness]()
    for run in runs:
        model = witness(run, loaded.dataset)
        if found and model.labels != found[0].model.labels:
            raise UsageError(
                f"{run} and {found[0].run} answer with other labels, or in another order: ask them one by one"
            )
        mine, _ = unseen(loaded.dataset, rest, RunFolder(run))
        rest = np.setdiff1d(rest, mine)
        found += [Witness(run, model, mine)] if len(mine) else []
    if not found:
        raise UsageError(
            f"all {len(loaded):,} images were in the training or validation splits of {', '.join(map(str, runs))}: a "
            "run is asked about images it did not learn from, so train one with another --seed, or check other data"
        )
    return found


def witness(run: Path, dataset: Dataset) -> DenseModel:
    """The run's model, which answers on the image and knows the data's labels."""
    model = open_model(run)
    if not isinstance(model, DenseModel):
        raise UsageError(
            f"--against wants runs of detection, instances or segmentation; {run} is of the task {model.task.name}, "
            "whose wrong labels are found without a run"
        )
    if model.task.name != dataset.task:
        raise UsageError(
            f"{run} is a run of the task {model.task.name}, the data is read for {dataset.task}: say --task "
            f"{model.task.name}, or give another run"
        )
    unknown = sorted(set(dataset.labels) - set(model.labels))
    if unknown:
        raise UsageError(f"{run} does not know the labels {', '.join(unknown[:8])} of the data")
    return model
