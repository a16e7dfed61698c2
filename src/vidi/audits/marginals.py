"""Do the totals say what the cells say? Every marginal added up again, and gaps that turn around within the cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.core.answers import Answers
from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.ops.cells import Attribute, count
from vidi.ops.differences import newcombe
from vidi.ops.intersections import Groups, groups, rate_counts
from vidi.ops.intervals import normal_quantile

CARD = Card(
    title="Totals against cells",
    idea="Add every total up again from its cells, and name the groups that do better in total and worse within the "
    "parts: there their mix speaks, not the model.",
    paper="Simpson 1951, JRSS B 13, 238-241; Bickel, Hammel & O'Connell 1975, Science 187, 398-404; Agresti 2013, "
    "Categorical Data Analysis, section 2.2",
    differs="Named only where both the total's gap and that of the parts, weighted alike, can be told from luck.",
    serves=("classification",),
)
TRIAL = Trial(
    n=2000, fault="answers of a group that is better in total, more of them wrong in every part", rate=0.1
)
ROUNDING = 1e-9


@dataclass(frozen=True)
class Reversal:
    """A gap between two groups of `attribute` that turns around when the parts of `within` are weighted alike.

    `total` and `standardised` are the first group's accuracy minus the second's: over all, and the mean over the parts
    weighted by all their examples.
    """

    attribute: str
    within: str
    better: str
    worse: str
    total: Measured
    standardised: Measured

    @property
    def sentence(self) -> str:
        return (
            f"{self.better} is answered right more often than {self.worse} in total ({signed(self.total)}), but less "
            f"often when the levels of {self.within} are weighted alike ({signed(self.standardised)}): the two are "
            "mixed otherwise"
        )

    def record(self) -> dict[str, Any]:
        numbers = {"total": self.total.record(), "standardised": self.standardised.record()}
        return vars(self) | numbers | {"sentence": self.sentence}


@dataclass(frozen=True)
class Marginals:
    """How many totals were added up again, those that differ from what was stated, and every reversal."""

    checked: int
    differ: tuple[str, ...]
    reversals: tuple[Reversal, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        return (*self.differ, *(each.sentence for each in self.reversals))

    def record(self) -> dict[str, Any]:
        return {
            "checked": self.checked,
            "differ": list(self.differ),
            "reversals": [each.record() for each in self.reversals],
            "sentences": list(self.sentences),
        }


def audit(answers: Answers, *, by: Sequence[str], stated: Sequence[Measured] = ()) -> Marginals:
    """Every accuracy of `stated` (with `of` as groups are named) against that of its cells, and reversals in pairs
    of `by`.

    A reversal wants both intervals (Newcombe's in total; a normal one for the weighted mean) to leave out 0, on
    different sides; parts without both groups are left out of both. Nothing depends on the order of rows.
    """
    codes, levels = answers.codes(by)
    attributes = [Attribute(name, values) for name, values in zip(by, levels, strict=True)]
    cells = count(codes, answers.truth, answers.prediction, attributes=attributes)
    members = groups(cells)
    part, whole = rate_counts(cells, members, "accuracy")
    derived = {members.name(row): (int(part[row]), int(whole[row])) for row in range(len(whole))}
    told = [each for each in stated if each.name == "accuracy" and (each.of or "all") in derived]
    return Marginals(
        checked=len(told),
        differ=tuple(differing(told, derived)),
        reversals=tuple(
            found for pair in permutations(by, 2) for found in reversals(members, part, whole, *pair)
        ),
    )


def differing(told: Sequence[Measured], derived: dict[str, tuple[int, int]]) -> Iterator[str]:
    for each in told:
        part, whole = derived[each.of or "all"]
        if whole != each.n or abs(part / max(1, whole) - each.value) > ROUNDING:
            yield (
                f"the accuracy of {each.of or 'all'} is stated as {each.value:.4g} of {each.n:,}, and its cells add up "
                f"to {part / max(1, whole):.4g} of {whole:,}"
            )


def reversals(
    members: Groups, part: Int[np.ndarray, " g"], whole: Int[np.ndarray, " g"], attribute: str, within: str
) -> Iterator[Reversal]:
    """Pairs of groups of `attribute` whose gap turns around within the levels of `within`."""
    places = [each.name for each in members.attributes]
    one, other = places.index(attribute), places.index(within)
    both = members.subset(attribute, within)
    for first, second in combinations(np.unique(members.level[both, one]).tolist(), 2):
        k, n = table(members, part, whole, both, (one, other), (first, second))
        common = (n > 0).all(axis=0)
        if common.sum() < 2:
            continue
        found = turned(attribute, within, [members.attributes[one].levels[each] for each in (first, second)],
                       k[:, common], n[:, common])  # fmt: skip
        if found is not None:
            yield found


def table(
    members: Groups,
    part: Int[np.ndarray, " g"],
    whole: Int[np.ndarray, " g"],
    both: Int[np.ndarray, " k"],
    places: tuple[int, int],
    pair: tuple[int, int],
) -> tuple[Int[np.ndarray, "2 p"], Int[np.ndarray, "2 p"]]:
    """Right answers and examples of the two groups, in every level of the other attribute."""
    one, other = places
    size = len(members.attributes[other].levels)
    k, n = np.zeros((2, size), dtype=np.int64), np.zeros((2, size), dtype=np.int64)
    for row in both.tolist():
        if members.level[row, one] in pair:
            place = pair.index(members.level[row, one]), members.level[row, other]
            k[place], n[place] = part[row], whole[row]
    return k, n


def turned(
    attribute: str, within: str, names: Sequence[str], k: Int[np.ndarray, "2 p"], n: Int[np.ndarray, "2 p"]
) -> Reversal | None:
    """The reversal, the group that is better in total first; None if there is none."""
    (k1, k2), (n1, n2) = k.sum(axis=1).tolist(), n.sum(axis=1).tolist()
    if k1 * n2 < k2 * n1:
        k, n, names = k[::-1], n[::-1], list(names)[::-1]
        k1, k2, n1, n2 = k2, k1, n2, n1
    total = Measured(
        "difference", k1 / n1 - k2 / n2, *newcombe(k1, n1, k2, n2), n1 + n2, "Newcombe", unit="difference"
    )
    mixed = standardised(k, n)
    if not (total.low > 0 and mixed.high < 0):
        return None
    better, worse = (f"{attribute}={name}" for name in names)
    return Reversal(attribute, within, better, worse, total, mixed)


def standardised(k: Int[np.ndarray, "2 p"], n: Int[np.ndarray, "2 p"], confidence: float = 0.95) -> Measured:
    """The mean over the parts of the differences of shares, weighted by all examples of the part.

    Variances take each share a little towards a half (Agresti & Caffo 2000, American Statistician 54, 280-288: one
    right and one wrong more), so that a part without errors does not pass for certain.
    """
    weight: Float[np.ndarray, " p"] = n.sum(axis=0) / n.sum()
    smooth = (k + 1) / (n + 2)
    value = float(weight @ (k[0] / n[0] - k[1] / n[1]))
    error = float(np.sqrt(weight**2 @ (smooth * (1 - smooth) / (n + 2)).sum(axis=0)))
    half = normal_quantile((1 + confidence) / 2) * error
    return Measured(
        "difference",
        value,
        value - half,
        value + half,
        int(n.sum()),
        "directly standardised, normal",
        unit="difference",
    )


def signed(number: Measured) -> str:
    return f"{number.value:+.3f} [{number.low:+.3f}, {number.high:+.3f}]"


def trial(*, planted: bool, seed: int) -> bool:
    """Easy examples (95 % right) and hard ones (60 %); the second group has mostly easy ones. Where it is planted it is
    answered worse in both parts. The alarm: a reversal is named."""
    random = np.random.default_rng([seed, TRIAL.n])
    second = random.random(TRIAL.n) < 0.5
    easy = random.random(TRIAL.n) < np.where(second, 0.8, 0.2)
    right: Bool[np.ndarray, " n"] = (
        random.random(TRIAL.n) < np.where(easy, 0.95, 0.6) - (TRIAL.rate if planted else 0.0) * second
    )
    truth = random.integers(2, size=TRIAL.n)
    attributes = {
        "group": np.where(second, "second", "first").astype(object),
        "part": np.where(easy, "easy", "hard").astype(object),
    }
    answers = Answers(truth, np.where(right, truth, 1 - truth), ("no", "yes"), attributes)
    return bool(audit(answers, by=["group", "part"]).reversals)
