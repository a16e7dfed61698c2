"""Who is rare, and what goes together with the label that should not?"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, Shaped

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.data.drawn.examples import dataset
from vidi.data.drawn.labels import imbalance, label_numbers
from vidi.ops.association import chi_square, cramers_v, cross_table, expected, freedom, shuffled_tables
from vidi.ops.intervals import clopper_pearson
from vidi.ops.multiple import holm
from vidi.ops.shuffled import permutation_p, shuffles

CARD = Card(
    title="Imbalance",
    idea="Count labels and attributes, and ask of every attribute whether it goes together with the label: a model "
    "then learns one for the other, and an audit by it measures both.",
    paper="Bergsma 2013, Journal of the Korean Statistical Society 42, 323-328",
    differs="p values come from shuffles that keep groups whole, and are adjusted for the number of attributes.",
    serves=("classification", "multilabel"),
)
TRIAL = Trial(n=600, fault="images of one label missing from one of three sites", rate=0.8)
LEVEL = 0.01  # more would be found, and more often where there is nothing
ASSOCIATED = (
    0.1  # Cramér's V below which two things hardly go together (Cohen 1988, Statistical Power Analysis, 7.2)
)
UNEVEN = 3.0  # times as many images as the rarest has
FEWEST = 10  # examples without which nothing can be said of a level
MOST_LEVELS, QUARTERS = 50, 4
NUMBERS = 12  # different numbers beyond which they are put into four classes
SHUFFLES, MOST = 999, 5000
MISSING = "(missing)"


@dataclass(frozen=True)
class Counted:
    """A column's levels, the most frequent first: how many examples have each; `skipped` says why none are counted."""

    name: str
    levels: tuple[tuple[str, int], ...]
    skipped: str = ""

    def record(self) -> dict[str, Any]:
        whole = max(1, sum(n for _, n in self.levels))
        levels = [{"level": level, "n": n, "share": n / whole} for level, n in self.levels]
        missing = dict(self.levels).get(MISSING, 0)
        return {"name": self.name, "levels": levels, "missing": missing, "skipped": self.skipped}


@dataclass(frozen=True)
class Association:
    """How an attribute goes together with the label: Cramér's V, and p before and after Holm."""

    attribute: str
    measured: Measured
    p: float
    adjusted: float
    flagged: bool
    sentence: str

    def record(self) -> dict[str, Any]:
        return vars(self) | {"measured": self.measured.record()}


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


def counted(name: str, count: Int[np.ndarray, " k"], names: Sequence[str]) -> Counted:
    order = np.lexsort((np.arange(len(names)), -count))
    return Counted(name, tuple((names[place], int(count[place])) for place in order))


def levels_of(values: Shaped[np.ndarray, " n"]) -> tuple[Int[np.ndarray, " n"], tuple[str, ...], str]:
    """Each value's number among the levels, the levels' names (none if there are too many), and why there are none."""
    missing = np.array(
        [value is None or value != value or str(value).strip() == "" for value in values], bool
    )
    numeric = np.issubdtype(values.dtype, np.number) and not np.issubdtype(values.dtype, np.bool_)
    text = np.full(len(values), MISSING, dtype=object)
    if numeric and len(np.unique(values[~missing])) > NUMBERS:
        number = values[~missing].astype(np.float64)
        cut = np.quantile(number, np.linspace(0, 1, QUARTERS + 1))
        place = np.clip(np.searchsorted(cut[1:-1], number, side="left"), 0, QUARTERS - 1)
        names = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(cut)]
        text[~missing] = np.array(names, dtype=object)[place]
    else:
        text[~missing] = [
            f"{value:g}" if isinstance(value, float | np.floating) else str(value)
            for value in values[~missing]
        ]
    levels, code = np.unique(text.astype(str), return_inverse=True)
    if len(levels) > MOST_LEVELS:
        return code, (), f"{len(levels):,} different values"
    return code, tuple(levels.tolist()), ""


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


def associations(
    label: Int[np.ndarray, " n"] | Bool[np.ndarray, "n c"],
    asked: Mapping[str, tuple[Int[np.ndarray, " n"], tuple[str, ...]]],
    labels: tuple[str, ...],
    member: Int[np.ndarray, " n"] | None,
    seed: int,
) -> list[Association]:
    """Every attribute with the label; where examples have several labels, with that one that it goes with most."""
    rows = np.arange(len(label))
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(seed).choice(len(rows), MOST, replace=False))
    units = None if member is None else np.unique(member[rows], return_inverse=True)[1]
    orders = shuffles(len(rows), count=SHUFFLES, seed=seed, group=units)
    found = []
    for name, (code, names) in asked.items():
        if label.ndim == 1:
            found.append(association(name, label[rows], labels, code[rows], names, orders))
        else:
            each = [
                association(
                    name, label[rows, place].astype(np.int64), (f"no {text}", text), code[rows], names, orders
                )
                for place, text in enumerate(labels)
            ]
            best = min(each, key=lambda one: (one.p, -one.measured.value))
            found.append(replace(best, p=min(1.0, best.p * len(each))))
    adjusted = holm(np.array([each.p for each in found]))
    return [concluded(each, float(p)) for each, p in zip(found, adjusted, strict=True)]


def association(
    name: str,
    label: Int[np.ndarray, " n"],
    labels: tuple[str, ...],
    code: Int[np.ndarray, " n"],
    names: tuple[str, ...],
    orders: Int[np.ndarray, "k n"],
) -> Association:
    """One attribute's table with the label, tested by shuffles.

    Where groups make chance larger than the chi-square distribution has it, chi-square is divided by as much (Rao &
    Scott 1981, JASA 76, 221-230, first order).
    """
    sizes = {"rows": len(labels), "columns": len(names)}
    table = cross_table(label, code, **sizes)
    df, least = freedom(table)
    value = float(chi_square(table))
    drawn = chi_square(shuffled_tables(label, code, orders, **sizes))
    inflation = max(1.0, float(drawn.mean()) / df) if df else 1.0
    number, low, high = cramers_v(value / inflation, len(label), df=df, least=least)
    measured = Measured(
        "Cramér's V", number, low, high, len(label), "noncentral chi-square", of=name, unit="V"
    )
    p = permutation_p(value, drawn) if df else float("nan")
    return Association(name, measured, p, p, False, cell_sentence(table, labels, names, name))


def cell_sentence(
    table: Int[np.ndarray, "r c"], labels: Sequence[str], names: Sequence[str], name: str
) -> str:
    """The cell that is furthest from what it would be by chance, in words."""
    wanted = expected(table)
    away = np.abs(table - wanted) / np.sqrt(np.where(wanted > 0, wanted, np.inf))
    row, column = divmod(int(away.argmax()), away.shape[1])
    have, whole = int(table[row, column]), int(table[:, column].sum())
    everywhere = table[row].sum() / max(1, table.sum())
    return (
        f"{have:,} of {whole:,} with {name} {names[column]} are labelled {labels[row]} ({have / max(1, whole):.0%}), "
        f"{everywhere:.0%} overall"
    )


def concluded(found: Association, adjusted: float) -> Association:
    """With its p adjusted, in a sentence."""
    low, high = found.measured.low, found.measured.high
    number = f"Cramér's V {found.measured.value:.2f} [{low:.2f}, {high:.2f}]"
    clear = adjusted <= LEVEL
    flagged = bool(clear and found.measured.value >= ASSOCIATED)
    if flagged:
        said = (
            f"{found.attribute} goes together with the label ({number}): {found.sentence}; a model can take the one "
            "for the other, and rates by it are rates by label too."
        )
    elif clear:
        said = f"{found.attribute} goes together with the label a little ({number}): {found.sentence}."
    else:
        said = f"{found.attribute} and the label: no more together than chance can be ({number})."
    return replace(found, adjusted=adjusted, flagged=flagged, sentence=said)


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
