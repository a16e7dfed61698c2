"""A published table of errors by group: do its totals follow from its cells, and which circulating value fits?"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from vidi.core.card import Card, Trial

CARD = Card(
    title="A published table",
    idea="Add up a table's cells again: do its totals follow from them, and where two values circulate for a cell, "
    "which one fits?",
    paper="Buolamwini & Gebru 2018, Gender Shades, PMLR 81, Table 4: checked against it",
)
TRIAL = Trial(
    n=1000, fault="one of four cells misprinted by as many errors as this share of its examples", rate=0.1
)
TOLERANCE = 0.5  # points: shares and counts are both rounded
Cell = tuple[str, ...]


@dataclass(frozen=True)
class Total:
    """A stated total (`group` names the levels it adds up over), and what the cells make of it, both in percent."""

    group: Cell
    stated: float
    derived: float

    @property
    def apart(self) -> float:
        """Derived minus stated, in points."""
        return self.derived - self.stated


@dataclass(frozen=True)
class Reading:
    """One way to read the table: the value taken in each cell that has several, and every total derived again."""

    chosen: Mapping[Cell, float]
    totals: tuple[Total, ...]

    @property
    def furthest(self) -> float:
        """The largest disagreement, in points."""
        return max((abs(total.apart) for total in self.totals), default=0.0)

    def agrees(self, tolerance: float) -> bool:
        return self.furthest <= tolerance


def readings(
    n: Mapping[Cell, int],
    percent: Mapping[Cell, float | tuple[float, ...]],
    stated: Mapping[Cell, float],
) -> tuple[Reading, ...]:
    """Every way to read a table of cells, the one that agrees best with its totals first.

    `n` and `percent` are the examples and the error of each cell, a tuple where several values circulate. `stated` are
    totals; each adds up the cells that hold all of its levels, () all cells. Raises ValueError for a total without
    cells, or cells without a count.
    """
    if set(n) != set(percent):
        raise ValueError(f"every cell has a count and an error; only one of them for {set(n) ^ set(percent)}")
    candidates = {cell: value if isinstance(value, tuple) else (value,) for cell, value in percent.items()}
    found = []
    for values in product(*candidates.values()):
        errors = dict(zip(candidates, values, strict=True))
        totals = tuple(Total(group, value, derived(n, errors, group)) for group, value in stated.items())
        chosen = {cell: errors[cell] for cell, several in candidates.items() if len(several) > 1}
        found.append(Reading(chosen, totals))
    return tuple(sorted(found, key=lambda reading: reading.furthest))


def derived(n: Mapping[Cell, int], percent: Mapping[Cell, float], group: Cell) -> float:
    """The error in percent of the cells that hold all levels of `group`."""
    cells = [cell for cell in n if set(group) <= set(cell)]
    total = sum(n[cell] for cell in cells)
    if not total:
        raise ValueError(f"no cell belongs to the total {', '.join(group) or 'of all'}")
    return sum(n[cell] * percent[cell] for cell in cells) / total


def sentence(found: tuple[Reading, ...], *, tolerance: float = TOLERANCE) -> str:
    """What the totals say of the cells. `tolerance` is in points."""
    best = found[0]
    furthest = max(best.totals, key=lambda total: abs(total.apart))
    where = (
        f"{', '.join(furthest.group) or 'all'}: stated {furthest.stated:g}, derived {furthest.derived:.1f}"
    )
    if len(found) == 1:
        verb = "follow" if best.agrees(tolerance) else "do not follow"
        return f"the totals {verb} from the cells within {tolerance:g} points; furthest is {where}"
    cell, value = next(iter(best.chosen.items()))
    others = "; ".join(
        f"{reading.chosen[cell]:g} misses a total by {reading.furthest:.1f} points" for reading in found[1:]
    )
    verb = "agrees" if best.agrees(tolerance) else "does not agree either"
    return f"of the values for {', '.join(cell)}, {value:g} {verb} with the totals ({where}); {others}"


def trial(*, planted: bool, seed: int) -> bool:
    """A table of two attributes with two levels each, rounded to a tenth of a percent as papers do.

    The alarm: a total is further from its cells than the tolerance.
    """
    random = np.random.default_rng([seed, TRIAL.n])
    cells: list[Cell] = list(product(("darker", "lighter"), ("female", "male")))
    n = dict(zip(cells, random.multinomial(TRIAL.n, [0.25] * 4).tolist(), strict=True))
    percent = {cell: 100 * random.binomial(n[cell], 0.1) / n[cell] for cell in cells}
    groups: list[Cell] = [(), *((level,) for level in ("darker", "lighter", "female", "male"))]
    stated = {group: round(derived(n, percent, group), 1) for group in groups}
    printed = {cell: round(percent[cell], 1) for cell in cells}
    if planted:
        printed[cells[int(random.integers(4))]] += 100 * TRIAL.rate
    return not readings(n, printed, stated)[0].agrees(TOLERANCE)
