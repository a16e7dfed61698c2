"""Two runs on the same images: is one better, or is it luck?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from vidi.core.errors import UsageError
from vidi.ops.multiple import holm
from vidi.ops.paired import PairedDifference
from vidi.verbs.form import comparison_of
from vidi.verbs.sides import Compared, Difference, Side, refuse_other_truths, refuse_strangers, side

LEVEL = 0.05
FEWEST = 10
SHOWN = 5  # images that got better, and that got worse


@dataclass(frozen=True)
class Pair:
    """Second minus first on the images that both held out, and what to make of it.

    `differences` begin with the one that decides. `counts` are images: of labels who was right, else which were
    answered better. `better` and `worse` are those whose answers moved the most: path, and how good each answer is.
    """

    first: str
    second: str
    n: int
    differences: tuple[Difference, ...]
    counts: Mapping[str, int]
    p: float
    adjusted: float
    sentence: str
    better: tuple[Mapping[str, Any], ...] = ()
    worse: tuple[Mapping[str, Any], ...] = ()

    def difference(self, name: str, of: str = "") -> PairedDifference:
        """One metric's; raises KeyError for one that was not compared."""
        return {(each.name, each.of): each.paired for each in self.differences}[name, of]

    def record(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "second": self.second,
            "n": self.n,
            "images": dict(self.counts),
            "differences": [each.record() for each in self.differences],
            "p": self.p,
            "p_adjusted": self.adjusted,
            "sentence": self.sentence,
            "better": list(self.better),
            "worse": list(self.worse),
        }


@dataclass(frozen=True)
class Comparison:
    """Every pair of runs, and how many images they were compared on."""

    pairs: tuple[Pair, ...]
    left_out: int

    def record(self) -> dict[str, Any]:
        return {"left_out": self.left_out, "pairs": [pair.record() for pair in self.pairs]}


def compare(runs: Sequence[str | Path], *, seed: int = 0) -> Comparison:
    """Paired differences (second minus first) with intervals, p values (Holm's of several pairs), which images moved.

    Of labels accuracy (McNemar) and log loss; of objects AP, of maps mIoU (a swap test), and those of each label.
    Compared on images that all runs held out, and none was trained, chosen or calibrated on. Raises UsageError if fewer
    than ten are left, or if the runs' tasks, labels or truths differ.
    """
    if len(runs) < 2:
        raise UsageError("vidi compare wants two runs or more")
    sides = [side(Path(run)) for run in runs]
    refuse_strangers(sides)
    anywhere = set().union(*(each.answers for each in sides))
    shared = sorted(set(sides[0].answers).intersection(*(each.answers for each in sides[1:])))
    shared = [key for key in shared if not any(key in each.seen for each in sides)]
    if len(shared) < FEWEST:
        raise UsageError(
            f"the runs share {len(shared)} images that all of them held out, and {FEWEST} are the fewest to compare "
            "on: train them on the same data with the same --seed"
        )
    for other in sides[1:]:
        refuse_other_truths(sides[0], other, shared)
    compared = comparison_of(sides[0].task)
    found = [(a, b, compared(a, b, shared, seed=seed)) for a, b in combinations(sides, 2)]
    adjusted = holm(np.asarray([each.p for _, _, each in found]))
    pairs = [pair(*each, shared, float(p)) for each, p in zip(found, adjusted, strict=True)]
    return Comparison(tuple(pairs), len(anywhere) - len(shared))


def pair(first: Side, second: Side, found: Compared, shared: Sequence[str], adjusted: float) -> Pair:
    """What a reader wants of two runs."""
    better, worse = moved(first, found, shared)
    return Pair(
        str(first.path),
        str(second.path),
        len(shared),
        found.differences,
        found.counts,
        found.p,
        adjusted,
        sentence(first, second, found.differences[0].paired, adjusted),
        better,
        worse,
    )


def moved(
    side: Side, found: Compared, shared: Sequence[str]
) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
    """The images whose answers got better the most, and those that got worse."""
    before, after = found.quality
    apart = after - before
    order = np.argsort(-apart, kind="stable").tolist()

    def told(place: int) -> Mapping[str, Any]:
        quality = {"first": round(float(before[place]), 4), "second": round(float(after[place]), 4)}
        return {"path": str(side.answers[shared[place]]["path"]), **quality}

    better = tuple(told(place) for place in order[:SHOWN] if apart[place] > 0)
    return better, tuple(told(place) for place in order[: -SHOWN - 1 : -1] if apart[place] < 0)


def sentence(first: Side, second: Side, decisive: PairedDifference, p: float) -> str:
    """Better, worse, or luck."""
    if not p < LEVEL:
        return f"cannot tell {second.path} from {first.path}: the difference is within what luck does (p = {p:.3g})"
    better, worse = (second, first) if decisive.difference > 0 else (first, second)
    return f"{better.path} is better than {worse.path} (p = {p:.2g})"
