"""What the attributes that came with the data say of a run, without being asked: each by itself."""

from typing import Any

import numpy as np

from vidi.audits.groups import SMALLEST
from vidi.audits.groups import audit as audit_groups
from vidi.core.answers import Answers
from vidi.core.dataset import Dataset
from vidi.evaluation.model import Model
from vidi.evaluation.score import Predictions, scores_of

MOST_LEVELS = 12  # an attribute with more values names images rather than groups of them
MOST_ATTRIBUTES = 4


def by_attribute(
    model: Model, dataset: Dataset, predictions: Predictions, *, seed: int, replicates: int = 500
) -> dict[str, Any]:
    """`groups` for results.json, with the keys of an audit: accuracy by each attribute of 2 to 12 values.

    Empty where there is none. Intersections and demands are an audit's.
    """
    scores = scores_of(dataset, predictions, model, seed=seed)
    columns = {name: texts_of(dataset, name)[predictions.rows] for name in dataset.attributes}
    columns = {name: values for name, values in columns.items() if 2 <= levels(values) <= MOST_LEVELS}
    names = list(columns)[:MOST_ATTRIBUTES]
    if not names or not len(scores.truth):
        return {}
    answers = Answers(
        truth=np.asarray(scores.truth),
        prediction=scores.prediction,
        labels=model.labels,
        attributes=columns,
        probability=scores.probability,
        group=scores.group,
        where=dataset.name,
    )
    found = [audit_groups(answers, by=[name], replicates=replicates, seed=seed) for name in names]
    told: dict[tuple[str, str], Any] = {}
    for number in (number for each in found for number in each.measured):
        if number.name in ("accuracy", "overconfidence") or number.name.startswith("gap(accuracy"):
            told.setdefault((number.name, number.of), number.record())
    return {
        "groups": {
            "of": dataset.name,
            "n": len(answers),
            "by": names,
            "groups": list(told.values()),
            "small": [[name, n] for each in found for name, n in each.small],
            "smallest": SMALLEST,
        }
    }


def texts_of(dataset: Dataset, name: str) -> np.ndarray:
    """An attribute's values as texts, None where missing."""
    values = dataset.table.column(name).to_pylist()
    return np.array([None if value is None else str(value) for value in values], dtype=object)


def levels(values: np.ndarray) -> int:
    return len({value for value in values if value is not None and value != ""})
