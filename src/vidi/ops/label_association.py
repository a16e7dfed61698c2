"""How each attribute goes together with the label: Cramér's V with its interval, tested by shuffles, p adjusted.

Bergsma 2013, Journal of the Korean Statistical Society 42, 323-328; Holm 1979, Scandinavian Journal of Statistics 6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from vidi.core.measured import Measured
from vidi.ops.association import chi_square, cramers_v, cross_table, expected, freedom, shuffled_tables
from vidi.ops.multiple import holm
from vidi.ops.shuffled import permutation_p, shuffles

LEVEL = 0.01  # more would be found, and more often where there is nothing
ASSOCIATED = (
    0.1  # Cramér's V below which two things hardly go together (Cohen 1988, Statistical Power Analysis, 7.2)
)
SHUFFLES, MOST = 999, 5000


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
