"""A model's accuracy on images that were corrupted: what `under(accuracy, fog)` demands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vidi import catalog
from vidi.audits import robustness
from vidi.core.answers import Answers
from vidi.core.errors import UsageError
from vidi.core.measured import Measured
from vidi.core.progress import Say
from vidi.core.requirement import SEVERITIES, Requirement, known
from vidi.core.run_folder import RunFolder
from vidi.verbs.load import Loaded
from vidi.verbs.open import open_labelled
from vidi.verbs.verify import at_hand, held_out


@dataclass(frozen=True)
class Pictures:
    """The images behind a run's answers: loaded data and the rows, in the order of the answers."""

    loaded: Loaded
    rows: NDArray[np.int64]


def pictures(run: Path, loaded: Loaded | None, table: Path, say: Say) -> Pictures:
    """The images that a table of predictions speaks of; raises UsageError if they are not where the run found them."""
    if loaded is not None:
        place = {key: row for row, key in enumerate(loaded.dataset.column("id").tolist())}
        ids = pq.read_table(table, columns=["id"]).column("id").to_pylist()
        return Pictures(loaded, np.asarray([place[key] for key in ids], np.int64))
    folder = RunFolder.open(run)
    loaded = at_hand(folder, None, say)
    dataset, rows, stated = held_out(folder, loaded.dataset)
    if len(rows) < stated.num_rows:
        raise UsageError(
            f"{stated.num_rows - len(rows):,} of the {stated.num_rows:,} images that {run} held out are not in "
            f"{loaded.path} any more; name the data: vidi audit {run} DATA"
        )
    return Pictures(replace(loaded, dataset=dataset), rows)


def under(
    run: Path, found: Pictures, answers: Answers, demands: Sequence[Requirement], *, seed: int, say: Say
) -> list[Measured]:
    """The accuracy under every corruption that a demand names, as the demand names it.

    Images are corrupted at the size that the network takes. Raises UsageError for another metric, or an unknown
    corruption.
    """
    names = [*catalog.cards("corruptions"), *catalog.cards("dials")]
    demands = [known(demand, metrics=["accuracy"], corruptions=names) for demand in demands]
    model = open_labelled(run)
    wanted = list(dict.fromkeys(name for demand in demands for name in demand.arguments))
    say(f"predicting {len(found.rows):,} images under {', '.join(wanted)}")
    size = model.preprocessing
    images = np.asarray(found.loaded.pixels(found.rows, size_px=size.size_px, fit=size.fit))
    number = {label: place for place, label in enumerate(model.labels)}
    truth = np.asarray([number[answers.labels[label]] for label in answers.truth], np.int64)
    result = robustness.audit(
        lambda block: model.probability(model.logits(block)),
        images,
        truth,
        corruptions=wanted,
        severities=list(SEVERITIES),
        group=answers.group,
        seed=seed,
    )
    mean = {m.of: accuracy_of(m) for m in result.corruption_error}
    single = {m.of: m for m in result.accuracy}
    note = f"images corrupted at {size.size_px} px"
    return [
        replace(
            mean[name] if demand.severity is None else single[f"{name}, severity {demand.severity}"],
            name=demand.subject,
            of="all",
            note=note,
        )
        for demand in demands
        for name in demand.arguments
    ]


def accuracy_of(error: Measured) -> Measured:
    """One minus a share of errors."""
    return replace(error, value=1 - error.value, low=1 - error.high, high=1 - error.low)
