"""Who gets the good outcome, at which threshold, and who pays for the errors? Allocative harms, group by group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.core.answers import Answers
from vidi.core.card import Card, Trial
from vidi.core.errors import UsageError, check_option, nearest_names
from vidi.core.measured import Measured
from vidi.data.drawn.simulated import simulated_answers
from vidi.ops.cells import Attribute, Cells, count, replicate
from vidi.ops.gaps import gap_of_draws, gap_of_shares
from vidi.ops.intersections import Groups, groups, rate_counts, rates, share_in

CARD = Card(
    title="Outcomes",
    idea="Where a prediction gives or denies something, say who is given it at each threshold, who deserves it and is "
    "denied, who is given it undeserved, and which group bears how much of that.",
    paper="Barocas et al. 2017, The problem with bias; Hardt, Price & Srebro 2016, arXiv:1610.02413; Corbett-Davies & "
    "Goel 2018, arXiv:1808.00023",
    differs="Every rate has its interval, and a group's share of those who pay stands beside its share of those who "
    "could.",
    serves=("classification",),
)
TRIAL = Trial(n=1000, fault="of one of two groups' deserved good outcomes, lost beside one in ten", rate=0.15)
SMALLEST = 10
MOST_THRESHOLDS = 20
RATES = {  # the key in the record: the rate with `given the good outcome` as what is predicted
    "selection_rate": "selection rate",
    "good_outcomes_lost": "false negative rate",
    "good_outcomes_undeserved": "false positive rate",
}
NAMES = {
    "selection_rate": "given the good outcome",
    "good_outcomes_lost": "deserved it and lost it",
    "good_outcomes_undeserved": "given it undeserved",
}


@dataclass(frozen=True)
class Allocation:
    """All groups at one threshold: `threshold` is None where the answers are taken as they stand.

    `groups` holds each group's name, n and rates; `gaps` how far the groups of an attribute are apart in each rate.
    `burden` holds for each group its share of those who lost a deserved outcome, and of those who deserved one.
    """

    threshold: float | None
    groups: tuple[tuple[str, int, dict[str, Measured]], ...]
    gaps: tuple[Measured, ...]
    burden: tuple[tuple[str, float, float], ...]

    def record(self) -> dict[str, Any]:
        return {
            "threshold": self.threshold,
            "groups": [
                {"of": of, "n": n} | {key: number.record() for key, number in numbers.items()}
                for of, n, numbers in self.groups
            ],
            "gaps": [number.record() for number in self.gaps],
            "burden": [
                {"of": of, "of_those_who_lost": lost, "of_those_who_deserved": deserved}
                for of, lost, deserved in self.burden
            ],
        }

    def gap(self, key: str, attribute: str) -> Measured | None:
        name = f"gap({NAMES[key]}, {attribute})"
        return next((number for number in self.gaps if number.name == name), None)


@dataclass(frozen=True)
class Outcomes:
    """The allocation at every threshold; `at` is the one that the sentences speak of."""

    good: str
    at: float | None
    allocations: tuple[Allocation, ...]
    sentences: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        return {
            "good": self.good,
            "at": self.at,
            "thresholds": [each.record() for each in self.allocations],
            "sentences": list(self.sentences),
        }


def audit(
    answers: Answers,
    *,
    by: Sequence[str],
    good: str,
    score: Float[np.ndarray, " n"] | None = None,
    positive: str | None = None,
    thresholds: Sequence[float] = (),
    smallest: int = SMALLEST,
    replicates: int = 1000,
    seed: int = 0,
) -> Outcomes:
    """Who is given the outcome `good`, in every group of `by`, at every threshold.

    With `score`, an example is called `positive` where its score is at least the threshold, and gets the good outcome
    if that is `good`, or if it is not called so and `good` is the other label. Without, the answers stand as they are.
    Who deserves it is whoever truly has the label `good`. The first threshold is the one that is told. Raises
    UsageError for a label that is not there, thresholds without a score, or more than 20.
    """
    check_option("smallest group", smallest, holds=smallest >= 1, wanted="1 or more")
    check_option(
        "threshold",
        list(thresholds),
        holds=len(thresholds) <= MOST_THRESHOLDS,
        wanted=f"{MOST_THRESHOLDS} at most",
    )
    if good not in answers.labels:
        raise UsageError(
            f"--good wants a label; {good!r} is none of {', '.join(answers.labels[:20])}"
            f"{nearest_names(good, list(answers.labels))}"
        )
    if thresholds and score is None:
        raise UsageError(
            "--threshold wants scores to cut: columns p(label) with probabilities, or a column named with --score"
        )
    deserves = answers.truth == answers.labels.index(good)
    given = decisions(answers, good, score, positive or good, thresholds)
    allocations = [
        allocated(answers, by, deserves, each, threshold, smallest, replicates, seed)
        for threshold, each in given.items()
    ]
    at = next(iter(given))
    return Outcomes(good, at, tuple(allocations), tuple(sentences(allocations[0], by, good)))


def decisions(
    answers: Answers,
    good: str,
    score: Float[np.ndarray, " n"] | None,
    positive: str,
    thresholds: Sequence[float],
) -> dict[float | None, Bool[np.ndarray, " n"]]:
    """Who is given the good outcome at each threshold; None: by the answers as they stand."""
    if score is None or not thresholds:
        return {None: answers.prediction == answers.labels.index(good)}
    if not np.isfinite(score).all():
        raise UsageError("a score is a number for every example; some are missing or not finite")
    if good != positive and len(answers.labels) != 2:
        raise UsageError(
            f"with {len(answers.labels)} labels a score speaks of one; the good outcome {good!r} is not {positive!r}"
        )
    return {float(cut): (score >= cut) == (good == positive) for cut in thresholds}


def allocated(
    answers: Answers,
    by: Sequence[str],
    deserves: Bool[np.ndarray, " n"],
    given: Bool[np.ndarray, " n"],
    threshold: float | None,
    smallest: int,
    replicates: int,
    seed: int,
) -> Allocation:
    """Every group's rates, the gaps between them, and who bears the losses."""
    codes, levels = answers.codes(by)
    cells = count(
        codes,
        deserves.astype(np.int64),
        given.astype(np.int64),
        attributes=[Attribute(name, values) for name, values in zip(by, levels, strict=True)],
        unit=answers.group,
    )
    members = groups(cells, smallest=smallest)
    drawn = None if cells.units is None else draws(cells, members, replicates, seed)
    numbers: list[dict[str, Measured]] = [{} for _ in members.n]
    gaps: list[Measured] = []
    for place, (key, rate) in enumerate(RATES.items()):
        part, whole = rate_counts(cells, members, rate)
        mine = None if drawn is None else drawn[:, place * len(members.n) : (place + 1) * len(members.n)]
        for number, found in enumerate(numbers):
            counts = int(part[number]), int(whole[number])
            column = None if mine is None else mine[:, number]
            found[key] = share_in(NAMES[key], members.name(number), *counts, column)
        for name in by:
            gaps += gap(key, name, members, part, whole, mine)
    lost, deserving = rate_counts(cells, members, RATES["good_outcomes_lost"])
    burden = [
        (members.name(row), float(lost[row] / lost[0]), float(deserving[row] / deserving[0]))
        for name in by
        for row in members.subset(name).tolist()
        if lost[0] and deserving[0]
    ]
    rows = [(members.name(row), int(n), numbers[row]) for row, n in enumerate(members.n)]
    return Allocation(threshold, tuple(rows), tuple(gaps), tuple(burden))


def draws(cells: Cells, members: Groups, replicates: int, seed: int) -> Float[np.ndarray, "r m"]:
    return replicate(cells, rates(cells, members, list(RATES.values())), replicates=replicates, seed=seed)


def gap(
    key: str,
    attribute: str,
    members: Groups,
    part: Int[np.ndarray, " g"],
    whole: Int[np.ndarray, " g"],
    drawn: Float[np.ndarray, "r g"] | None,
) -> Iterator[Measured]:
    """How far the groups of one attribute are apart; nothing where fewer than two can be divided."""
    here = members.subset(attribute)
    here = here[whole[here] > 0]
    if len(here) < 2:
        return
    share = part[here] / whole[here]
    most, least = (members.name(int(here[place])) for place in (share.argmax(), share.argmin()))
    low, high = (
        gap_of_shares(part[here], whole[here]) if drawn is None else gap_of_draws(share, drawn[:, here])
    )
    method = (
        "score intervals, the outer end simultaneous over groups"
        if drawn is None
        else "bootstrap over groups"
    )
    yield Measured(
        f"gap({NAMES[key]}, {attribute})",
        float(share.max() - share.min()),
        low,
        high,
        int(whole[here].sum()),
        method,
        of="all",
        note=f"{most} {share.max():.3f}, {least} {share.min():.3f}",
    )


def sentences(found: Allocation, by: Sequence[str], good: str) -> Iterator[str]:
    """Who gets it, and who pays."""
    where = (
        "by the answers as they stand" if found.threshold is None else f"at the threshold {found.threshold:g}"
    )
    for attribute in by:
        given, lost = (found.gap(key, attribute) for key in ("selection_rate", "good_outcomes_lost"))
        if given is not None:
            yield f"Given {good!r} {where}: {said(given)}"
        if lost is None:
            continue
        yield f"Of those who deserve {good!r}, denied it: {said(lost)}"
        here = [entry for entry in found.burden if entry[0].startswith(f"{attribute}=")]
        if lost.low > 0 and here:
            of, bears, could = max(here, key=lambda entry: entry[1] - entry[2])
            yield f"{of}: {could:.0%} of those who deserve it, and {bears:.0%} of those who are denied it"


def said(gap: Measured) -> str:
    verdict = "" if gap.low > 0 else "; luck could make that"
    return f"{gap.note} (gap {gap.value:.3f} [{gap.low:.3f}, {gap.high:.3f}]{verdict})"


def trial(*, planted: bool, seed: int) -> bool:
    """Two groups, one deserved good outcome in ten lost; where it is planted, in the second group one in four.

    The alarm: the interval of the gap in lost good outcomes leaves out 0.
    """
    random = np.random.default_rng([seed, TRIAL.n])
    answers = simulated_answers(TRIAL.n, accuracy={"first": 0.9, "second": 0.9}, seed=seed)
    second = answers.attributes["group"] == "second"
    wrong = random.random(TRIAL.n) < 0.1 + (TRIAL.rate if planted else 0.0) * (second & (answers.truth == 1))
    prediction = np.where(wrong, 1 - answers.truth, answers.truth)
    asked = Answers(answers.truth, prediction, answers.labels, answers.attributes, where="simulated")
    found = audit(asked, by=["group"], good="yes", seed=seed).allocations[0]
    lost = found.gap("good_outcomes_lost", "group")
    return lost is not None and lost.low > 0
