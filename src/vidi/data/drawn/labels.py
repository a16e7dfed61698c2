"""Faults of the table: labels that are wrong, and values that are rare."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from vidi.core.dataset import SPLITS, Dataset
from vidi.data.drawn.examples import Drawn
from vidi.data.drawn.planting import Planted, Where, chosen, clean, eligible, generator, replaced
from vidi.data.drawn.scene import one_of

CONFUSIONS = ("uniform", "pairs")


def wrong_labels(
    drawn: Drawn,
    *,
    rate: float,
    seed: int = 0,
    confusion: str = "uniform",
    where: Where | None = None,
    splits: Sequence[str] = SPLITS,
) -> Planted:
    """`rate` of the rows (in `splits`, with the attributes of `where`) have another label; `what` says the true one.

    `uniform`: any other label alike. `pairs`: always the next label in order, and the first after the last.
    """
    one_of("confusion", confusion, CONFUSIONS)
    dataset, random = drawn.dataset, generator("wrong-labels", seed)
    truth = label_numbers(dataset)
    classes = len(dataset.labels)
    if classes < 2:
        raise ValueError(f"wrong labels want two labels or more; got {classes}")
    candidates = eligible(dataset, where=where, splits=splits)
    rows = chosen(candidates, rate, random)
    if not len(rows):
        return clean("wrong-labels", drawn)
    step = random.integers(1, classes, size=len(candidates))[: len(rows)] if confusion == "uniform" else 1
    targets = dataset.column("target").astype(object)
    true_labels = tuple(targets[rows])
    targets[rows] = np.array(dataset.labels, dtype=object)[(truth[rows] + step) % classes]
    wrong = Drawn(replaced(dataset, target=targets.tolist()), drawn.images)
    return Planted("wrong-labels", wrong, rows, true_labels, np.arange(len(targets)))


def imbalance(
    drawn: Drawn, *, where: Where, rate: float, seed: int = 0, splits: Sequence[str] = SPLITS
) -> Planted:
    """`rate` of the rows with these values (of `target` or attributes) are removed; `rows` are those that remain."""
    if not where:
        raise ValueError("where says whose rows become rare, as in {'target': 'disc'}; got nothing")
    candidates = eligible(drawn.dataset, where=where, splits=splits)
    removed = np.sort(chosen(candidates, rate, generator("imbalance", seed)))
    if not len(removed):
        return clean("imbalance", drawn)
    source = np.setdiff1d(np.arange(len(drawn.images)), removed)
    rows = np.flatnonzero(np.isin(source, candidates))
    left = Drawn(drawn.dataset.take(source), drawn.images[source])
    return Planted("imbalance", left, rows, ("rare",) * len(rows), source, removed)


def label_numbers(dataset: Dataset) -> Int[np.ndarray, " n"]:
    """Each row's label as its number in `labels`; raises ValueError where rows have several labels."""
    if dataset.task != "classification":
        raise ValueError(f"one label for each row was wanted; {dataset.name} is for {dataset.task}")
    number = {label: place for place, label in enumerate(dataset.labels)}
    return np.array([number[target] for target in dataset.column("target")], dtype=np.int64)
