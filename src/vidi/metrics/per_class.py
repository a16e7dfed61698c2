"""Precision, recall and F1 of every label, and their means."""

import math
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.bootstrap import bootstrapped, mean_defined, ratio
from vidi.ops.intervals import score_interval

CARD = Card(
    title="Precision, recall, F1",
    idea="Of what was called a label, how much is; of what is a label, how much was found; their harmonic mean.",
    paper="van Rijsbergen 1979, Information Retrieval, chapter 7",
    differs="0/0 is not a number and is left out of the means, with a note; it never counts as 0.",
    serves=("classification", "multilabel"),
)
THRESHOLD = 0.5


def measure(scores: Scores) -> list[Measured]:
    """Three numbers for each label, their means over labels, and for several labels at once the micro F1."""
    several = scores.truth.ndim == 2
    count = len(scores.labels)
    truth = scores.truth.astype(np.float64) if several else np.eye(count)[scores.truth]
    called = (
        (scores.probability >= THRESHOLD).astype(np.float64) if several else np.eye(count)[scores.prediction]
    )
    values = np.concatenate([truth * called, called, truth], axis=1)
    cell = None if several else scores.truth.astype(np.int64) * count + scores.prediction
    sums = values.sum(axis=0, keepdims=True)
    support = sums[0, 2 * count :].astype(int).tolist()

    said = sums[0, count : 2 * count].astype(int).tolist()
    value = numbers(sums)[0]
    empty = ["" if n else "undefined: no example has this label" for n in support]
    uncalled = ["" if n else "undefined: nothing was called so" for n in said]
    means = [
        f"mean over {'the' if known == count else f'{known} of the {count}'} labels"
        for known in (int((~np.isnan(part)).sum()) for part in np.split(value[: 3 * count], 3))
    ]
    total, smallest = len(values), min(filter(None, support), default=0)
    found = bootstrapped(
        "",
        values,
        numbers,
        scores=scores,
        cell=cell,
        of=[*scores.labels * 3, "", "", "", ""],
        n=[*said, *support, *support, total, total, total, total],
        effective=[*said, *support, *support, smallest, smallest, smallest, total],
        notes=[*uncalled, *empty, *empty, *means, "all labels together"],
    )
    names = [name for name in ("precision", "recall", "F1") for _ in range(count)]
    names += ["precision", "recall", "F1", "micro F1"]
    found = [named(entry, name, scores) for entry, name in zip(found, names, strict=True)]
    by_label = [found[part * count + number] for number in range(count) for part in range(3)]
    return [*found[3 * count : 3 * count + 3], *(found[-1:] if several else []), *by_label]


def numbers(sums: Float[np.ndarray, "r k"]) -> Float[np.ndarray, "r m"]:
    """Precision, recall and F1 of each label, their means, and micro F1; from hits, what was called, what is true."""
    hit, said, true = np.split(sums, 3, axis=1)
    precision, recall = ratio(hit, said), ratio(hit, true)
    f1 = np.where(true > 0, ratio(2 * hit, said + true), math.nan)
    means = [mean_defined(each) for each in (precision, recall, f1)]
    micro = ratio(2 * hit.sum(axis=1, keepdims=True), (said + true).sum(axis=1, keepdims=True))
    return np.concatenate([precision, recall, f1, *means, micro], axis=1)


def named(entry: Measured, name: str, scores: Scores) -> Measured:
    """The entry under its name; precision and recall of a label are shares of examples, so Wilson's interval holds."""
    if entry.of and name != "F1" and scores.group is None and entry.n:
        low, high = score_interval(entry.value, entry.n)
        return replace(entry, name=name, low=low, high=high, method="Wilson", note="")
    return replace(entry, name=name)
