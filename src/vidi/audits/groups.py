"""For whom does it work? Every group and every intersection, with its n, its interval, and how far groups are apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vidi.core.answers import Answers
from vidi.core.card import Card, Trial
from vidi.core.errors import UsageError, check_option, nearest_names
from vidi.core.measured import Measured
from vidi.data.drawn.simulated import simulated_answers
from vidi.ops.bootstrap import percentile
from vidi.ops.cells import Attribute, Cells, count, replicate
from vidi.ops.gaps import gap_of_draws, gap_of_shares, ratio_of_shares, worst_share
from vidi.ops.group_rates import subsets
from vidi.ops.intersections import Groups, groups, means, name_of, rate_counts, rates, share_in

CARD = Card(
    title="Groups and intersections",
    idea="What holds for women and for darker skin says little about darker women: count every intersection of the "
    "named attributes, and say how far the groups are apart.",
    paper="Buolamwini & Gebru 2018, Gender Shades, PMLR 81; Hardt, Price & Srebro 2016, arXiv:1610.02413",
    differs="The end of a gap's interval that chance pushes outwards is corrected for the number of groups.",
    serves=("classification",),
)
TRIAL = Trial(n=1000, fault="accuracy lower in one of two groups", rate=0.1)
BINARY = (
    "selection rate",
    "true positive rate",
    "false positive rate",
    "positive predictive value",
)
ERRORS = ("false positive rate",)  # the worst group is where these are largest
NEUTRAL = ("selection rate",)  # neither large nor small is worse
SMALLEST = 10
MOST_BY = 6


@dataclass(frozen=True)
class GroupAudit:
    """Every number of every group, the gaps between them, groups that were too small to speak of, and what was chosen.

    `positive` is the label whose rates are told, None where there is none. Gaps are named as a requirement names
    them: `gap(accuracy, sex)`.
    """

    by: tuple[str, ...]
    positive: str | None
    smallest: int
    measured: tuple[Measured, ...]
    small: tuple[tuple[str, int], ...]
    sentences: tuple[str, ...]

    def find(self, name: str, of: str = "all") -> Measured | None:
        return next((m for m in self.measured if m.name == name and m.of == of), None)


def audit(
    answers: Answers,
    *,
    by: Sequence[str],
    positive: str | None = None,
    only_accuracy: bool = False,
    smallest: int = SMALLEST,
    replicates: int = 1000,
    seed: int = 0,
) -> GroupAudit:
    """Accuracy in every group of every subset of the attributes `by`; with two labels, or a `positive` one, also the
    rates of that label, unless `only_accuracy`. Each with an interval; gaps, ratios and worst groups for every subset.

    Groups of fewer than `smallest` examples are named and have no rates. Where examples come in units (`answers.group`)
    those are drawn whole. Raises UsageError for attributes or labels that are not there.
    """
    check_option("smallest group", smallest, holds=smallest >= 1, wanted="1 or more")
    check_option("by", list(by), holds=0 < len(by) <= MOST_BY, wanted=f"one to {MOST_BY} attributes")
    if len(set(by)) < len(by):
        raise UsageError(f"--by names each attribute once; got {', '.join(by)}")
    chosen = None if only_accuracy else positive_label(answers, positive)
    codes, levels = answers.codes(by)
    cells = count(
        codes,
        answers.truth,
        answers.prediction,
        attributes=[Attribute(name, values) for name, values in zip(by, levels, strict=True)],
        values=confidence_of(answers),
        unit=answers.group,
    )
    members = groups(cells, smallest=smallest)
    names = ("accuracy", *(BINARY if chosen is not None else ()))
    place = answers.labels.index(chosen) if chosen is not None else 0
    tally = Tally(cells, members, names, place, replicates, seed)
    measured = [*shares(tally), *overconfidence(tally, answers)]
    for subset in subsets(by):
        measured += list(apart(tally, subset))
    return GroupAudit(
        by=tuple(by),
        positive=chosen,
        smallest=smallest,
        measured=tuple(measured),
        small=tuple(
            (name_of(level, cells.attributes), int(n))
            for level, n in zip(members.small_level, members.small_n, strict=True)
        ),
        sentences=tuple(sentences(answers, chosen, positive or only_accuracy, members, measured)),
    )


def positive_label(answers: Answers, asked: str | None) -> str | None:
    """The label whose rates are told: the one asked for; of two, the last in alphabetical order; else none."""
    if asked is not None and asked not in answers.labels:
        raise UsageError(
            f"--positive wants a label; {asked!r} is none of {', '.join(answers.labels[:20])}"
            f"{nearest_names(asked, list(answers.labels))}"
        )
    return asked if asked is not None else answers.labels[-1] if len(answers.labels) == 2 else None


def confidence_of(answers: Answers) -> Float[np.ndarray, "n v"] | None:
    """Confidence minus correctness of each example, one column; None without probabilities."""
    if answers.probability is None:
        return None
    return np.asarray(answers.probability.max(axis=1) - answers.correct)[:, None]


@dataclass(frozen=True)
class Tally:
    """The cells, the groups they add up to, and how to draw them again."""

    cells: Cells
    members: Groups
    names: tuple[str, ...]
    positive: int
    replicates: int
    seed: int

    def counts(self, name: str) -> tuple[Int[np.ndarray, " g"], Int[np.ndarray, " g"]]:
        return rate_counts(self.cells, self.members, name, positive=self.positive)

    def drawn(self, name: str) -> Float[np.ndarray, "r g"]:
        """Replicates of a rate in every group, units drawn whole."""
        statistic = rates(self.cells, self.members, (name,), positive=self.positive)
        return replicate(self.cells, statistic, replicates=self.replicates, seed=self.seed)

    @property
    def method(self) -> str:
        return f"bootstrap over groups, percentile, {self.replicates} replicates"


def shares(tally: Tally) -> Iterator[Measured]:
    """Every rate in every group: Wilson's interval, or the percentiles of replicates where units are drawn whole."""
    for name in tally.names:
        part, whole = tally.counts(name)
        drawn = None if tally.cells.units is None else tally.drawn(name)
        for number in range(len(tally.members.n)):
            of, counts = tally.members.name(number), (int(part[number]), int(whole[number]))
            yield share_in(name, of, *counts, None if drawn is None else drawn[:, number])


def overconfidence(tally: Tally, answers: Answers) -> Iterator[Measured]:
    """Mean confidence minus accuracy in every group, in points of probability: above 0 is too sure."""
    if answers.probability is None:
        return
    statistic = means(tally.cells, tally.members)
    value = statistic(tally.cells.sums[None])[0]
    drawn = replicate(tally.cells, statistic, replicates=tally.replicates, seed=tally.seed)
    method = f"bootstrap, percentile, {tally.replicates} replicates"
    for number, n in enumerate(tally.members.n):
        low, high = percentile(drawn[:, number])
        yield Measured(
            "overconfidence",
            float(value[number]),
            low,
            high,
            int(n),
            method,
            of=tally.members.name(number),
            unit="probability",
        )


def apart(tally: Tally, subset: tuple[str, ...]) -> Iterator[Measured]:
    """Gap, ratio and worst group of every rate over the groups of some attributes."""
    here = tally.members.subset(*subset)
    if len(here) < 2:
        return
    total = int(tally.members.n[here].sum())
    for name in tally.names:
        part, whole = (column[here] for column in tally.counts(name))
        known = whole > 0
        if known.sum() < 2:
            continue
        share = part[known] / whole[known]
        highest, lowest = (
            tally.members.name(int(here[known][place])) for place in (share.argmax(), share.argmin())
        )
        note = f"{highest} {share.max():.3f}, {lowest} {share.min():.3f}"
        words = ", ".join((name, *subset))
        gap, ratio, worst, method = bounds(tally, name, here[known], part[known], whole[known])
        value = float(share.max() - share.min())
        yield Measured(f"gap({words})", value, *gap, total, method, of="all", note=note)
        if share.max() > 0:
            value = float(share.min() / share.max())
            yield Measured(f"ratio({words})", value, *ratio, total, method, of="all", note=note)
        if name not in NEUTRAL:
            where, value = (highest, share.max()) if name in ERRORS else (lowest, share.min())
            yield Measured(f"worst({words})", float(value), *worst, total, method, of="all", note=where)


Bounds = tuple[float, float]


def bounds(
    tally: Tally,
    name: str,
    here: Int[np.ndarray, " k"],
    part: Int[np.ndarray, " k"],
    whole: Int[np.ndarray, " k"],
) -> tuple[Bounds, Bounds, Bounds, str]:
    """Intervals of gap, ratio and worst share, and how they were made."""
    if tally.cells.units is None:
        method = "score intervals, the outer end simultaneous over groups"
        low, high = worst_share(whole - part if name in ERRORS else part, whole)
        worst = (1 - high, 1 - low) if name in ERRORS else (low, high)
        return gap_of_shares(part, whole), ratio_of_shares(part, whole), worst, method
    drawn, share = tally.drawn(name)[:, here], part / whole
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = gap_of_draws(np.log(share), np.log(drawn)) if (share > 0).all() else (np.nan, np.nan)
    ratio = (float(np.exp(-high)), float(np.exp(-low)))
    worst = percentile(drawn[:, int(share.argmax() if name in ERRORS else share.argmin())])
    return gap_of_draws(share, drawn), ratio, worst, tally.method


def sentences(
    answers: Answers, chosen: str | None, asked: str | bool, members: Groups, measured: Sequence[Measured]
) -> Iterator[str]:
    """What a reader must know before the numbers."""
    if chosen is not None and not asked:
        yield f"{chosen!r} is taken as the positive label; --positive names another"
    if chosen is None and not asked:
        yield f"there are {len(answers.labels)} labels and none was named --positive, so only accuracy is told by group"
    if len(members.small_n):
        yield (
            f"{len(members.small_n):,} groups of fewer than {members.smallest} examples have no rates of their own; "
            "they are named below, and counted in the larger groups"
        )
    undefined = sum(1 for m in measured if m.value != m.value)
    if undefined:
        yield f"{undefined:,} rates have nothing to divide by (no example of that label in the group)"


def trial(*, planted: bool, seed: int) -> bool:
    """Nine answers in ten are right, and where it is planted, eight in ten of the second group.

    The alarm: the interval of gap(accuracy, group) leaves out 0.
    """
    accuracy = {"first": 0.9, "second": 0.9 - (TRIAL.rate if planted else 0.0)}
    answers = simulated_answers(TRIAL.n, accuracy=accuracy, seed=seed)
    found = audit(answers, by=["group"], replicates=100, seed=seed).find("gap(accuracy, group)")
    return found is not None and found.low > 0
