"""Who is rare, and what goes together with the label that should not?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, Shaped

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.data.drawn.examples import dataset
from vidi.data.drawn.labels import imbalance, label_numbers
from vidi.ops.intervals import clopper_pearson
from vidi.ops.label_association import Association, associations
from vidi.ops.levels import MISSING, Counted, counted, levels_of

CARD = Card(
    title="Imbalance",
    idea="Count labels and attributes, and ask of every attribute whether it goes together with the label: a model "
    "then learns one for the other, and an audit by it measures both.",
    paper="Bergsma 2013, Journal of the Korean Statistical Society 42, 323-328",
    differs="p values come from shuffles that keep groups whole, and are adjusted for the number of attributes.",
    serves=("classification", "multilabel"),
)
TRIAL = Trial(n=600, fault="images of one label missing from one of three sites", rate=0.8)
UNEVEN = 3.0  # times as many images as the rarest has
FEWEST = 10  # examples without which nothing can be said of a level


@dataclass(frozen=True)
class Imbalance:
    """Labels and attributes counted, how uneven the labels are, what goes together with them, and what to think of it.

    `flagged` if a label is rare or an attribute goes together with the label.
    """

    classes: Counted
    attributes: tuple[Counted, ...]
    uneven: Measured
    associations: tuple[Association, ...]
    flagged: bool
    sentences: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        return {
            "classes": [
                {"label": level["level"], "n": level["n"], "share": level["share"]}
                for level in self.classes.record()["levels"]
            ],
            "attributes": [each.record() for each in self.attributes],
            "measured": [self.uneven.record(), *(each.measured.record() for each in self.associations)],
            "associations": [each.record() for each in self.associations],
            "flagged": self.flagged,
            "sentences": list(self.sentences),
        }


def audit(
    label: Int[np.ndarray, " n"] | Bool[np.ndarray, "n c"],
    attributes: Mapping[str, Shaped[np.ndarray, " n"]],
    *,
    labels: tuple[str, ...],
    ids: Shaped[np.ndarray, " n"],
    group: Shaped[np.ndarray, " n"] | None = None,
    seed: int = 0,
) -> Imbalance:
    """Counts and associations; `label` is a number for each example, or a row of booleans where there are several.

    Numbers of many values are put into quarters; columns of more than 50 names are named and left out. `ids` are
    unique: the order of rows changes nothing.
    """
    order = np.argsort(ids)
    label = label[order]
    held = label if label.ndim == 2 else np.eye(len(labels), dtype=bool)[label]
    classes = counted("label", held.sum(axis=0), labels)
    uneven = unevenness(classes, len(label))
    member = None if group is None else np.unique(group[order], return_inverse=True)[1]
    columns = {name: levels_of(values[order]) for name, values in attributes.items()}
    told = [
        counted(name, np.bincount(code, minlength=len(names)), names) if names else Counted(name, (), why)
        for name, (code, names, why) in columns.items()
    ]
    asked = {name: (code, names) for name, (code, names, _) in columns.items() if len(names) > 1}
    found = associations(label, asked, labels, member, seed) if len(label) >= FEWEST else []
    rare = bool(uneven.low >= UNEVEN)
    said = [class_sentence(classes, uneven), *filter(None, (attribute_sentence(each) for each in told))]
    return Imbalance(
        classes,
        tuple(told),
        uneven,
        tuple(found),
        rare or any(each.flagged for each in found),
        (*said, *(each.sentence for each in found)),
    )


def unevenness(classes: Counted, n: int) -> Measured:
    """How many times as many examples the most frequent label has as the rarest that occurs.

    The interval is that of the share of the one among both, Clopper & Pearson's, at a confidence that allows for the
    rarest having been looked for among all.
    """
    present = [count for _, count in classes.levels if count]
    method = "Clopper-Pearson of the one among both, Bonferroni over the labels"
    if len(present) < 2:
        nan = float("nan")
        return Measured(
            "most frequent to rarest label", nan, nan, nan, n, method, unit="times", note="one label"
        )
    most, least = present[0], present[-1]
    low, high = clopper_pearson(most, most + least, 1 - 0.05 / len(present))
    return Measured(
        "most frequent to rarest label",
        most / least,
        low / (1 - low),
        float("inf") if high == 1 else high / (1 - high),
        n,
        method,
        unit="times",
    )


def class_sentence(classes: Counted, uneven: Measured) -> str:
    """How the labels are spread."""
    present = [(level, n) for level, n in classes.levels if n]
    if len(present) < 2:
        return "There is one label only: nothing to be uneven." if present else "There are no examples."
    (most, many), (least, few) = present[0], present[-1]
    said = f"{most} has {many:,} images, {least} {few:,}"
    if uneven.low >= UNEVEN:
        return (
            f"Labels are uneven: {said}, {uneven.value:.1f} times as many; look at balanced accuracy and at each "
            "label's recall, not at accuracy alone."
        )
    return f"Labels are about even: {said}." if uneven.value < UNEVEN else f"Labels may be uneven: {said}."


def attribute_sentence(found: Counted) -> str:
    """What is rare or missing in an attribute; empty if nothing is."""
    if found.skipped:
        return f"{found.name} is not counted: {found.skipped}."
    parts = []
    rare = [f"{level} ({n:,})" for level, n in found.levels if 0 < n < FEWEST and level != MISSING]
    if rare:
        parts.append(f"too rare to say anything of: {', '.join(rare[:8])}{', …' if len(rare) > 8 else ''}")
    missing = dict(found.levels).get(MISSING, 0)
    if missing:
        parts.append(f"missing in {missing:,}")
    return f"{found.name}: {'; '.join(parts)}." if parts else ""


def trial(*, planted: bool, seed: int) -> bool:
    """Of one label most images of one site are gone; the alarm is that the audit flags anything."""
    drawn = dataset(TRIAL.n, size_px=4, seed=seed)
    if planted:
        where = {"target": drawn.dataset.labels[seed % len(drawn.dataset.labels)], "site": "south"}
        drawn = imbalance(drawn, where=where, rate=TRIAL.rate, seed=seed).drawn
    data = drawn.dataset
    columns = {name: data.column(name) for name in ("site", "camera")}
    ids = data.column("id").astype(str)
    return audit(label_numbers(data), columns, labels=data.labels, ids=ids, seed=seed).flagged
