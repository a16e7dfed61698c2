"""How often a model is wrong if it may stay silent where it is least sure."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.core.measured import Measured
from vidi.ops.bootstrap import BLOCK, percentile
from vidi.ops.intervals import NO_INTERVAL, clopper_pearson, score_interval

OPTIMISTIC = "the threshold is chosen on the same examples, so new ones have a somewhat higher risk"


@dataclass(frozen=True)
class RiskCoverage:
    """One point for each distinct confidence, from the highest down: answer from `threshold` up.

    `coverage` is the share that is answered, in (0, 1], `risk` the mean loss of those, `n` their number.
    """

    threshold: Float[np.ndarray, " t"]
    coverage: Float[np.ndarray, " t"]
    risk: Float[np.ndarray, " t"]
    n: Int[np.ndarray, " t"]


def risk_coverage(confidence: Float[np.ndarray, " n"], loss: Float[np.ndarray, " n"]) -> RiskCoverage:
    """Risk against coverage; examples with equal confidence are answered together or not at all.

    El-Yaniv & Wiener 2010, JMLR 11, 1605-1641. `loss` is 1 for a wrong answer and 0 for a right one, or any number.
    """
    check_pairs(confidence, loss)
    level, tie = np.unique(-confidence, return_inverse=True)
    answered = np.cumsum(np.bincount(tie, minlength=len(level)))
    total = np.cumsum(np.bincount(tie, loss, minlength=len(level)))
    return RiskCoverage(-level, answered / max(len(loss), 1), total / np.maximum(answered, 1), answered)


def aurc(confidence: Float[np.ndarray, " n"], loss: Float[np.ndarray, " n"]) -> float:
    """Area under the risk-coverage curve: the mean risk over the coverages 1/n, 2/n, ..., 1; nan without examples.

    Geifman, Uziel & El-Yaniv 2019, arXiv:1805.08206. Among equal confidences it is the mean over all
    their orders, so that the order of rows does not matter.
    """
    check_pairs(confidence, loss)
    if not len(loss):
        return math.nan
    _, tie = np.unique(-confidence, return_inverse=True)
    size, total = np.bincount(tie), np.bincount(tie, loss)
    expected = np.repeat(total / size, size)  # of each place in the order, if ties are drawn by lot
    return float((np.cumsum(expected) / np.arange(1, len(loss) + 1)).mean())


def excess_aurc(confidence: Float[np.ndarray, " n"], loss: Float[np.ndarray, " n"]) -> float:
    """How far the area lies above that of the best order of the same answers, >= 0; nan without examples.

    Geifman, Uziel & El-Yaniv 2019, with the best order's area summed exactly where the paper gives its limit
    for many examples, r + (1 - r) ln(1 - r).
    """
    return aurc(confidence, loss) - aurc(-loss.astype(np.float64), loss)


def coverage_at_risk(
    confidence: Float[np.ndarray, " n"],
    loss: Float[np.ndarray, " n"],
    risk: float,
    *,
    group: Int[np.ndarray, " n"] | None = None,
    replicates: int = 1000,
    seed: int = 0,
) -> Measured:
    """The largest share that can be answered with a mean loss of `risk` at most, its interval by a bootstrap.

    0 if not even the surest answers are good enough. With `group`, whole groups are drawn.
    """
    check_pairs(confidence, loss)

    def largest(answered: Float[np.ndarray, "r t"], total: Float[np.ndarray, "r t"]) -> np.ndarray:
        good = (answered > 0) & (total <= risk * answered + 1e-9)
        return np.asarray(np.where(good, answered, 0).max(axis=1) / answered[:, -1])

    again = Redrawn(confidence, loss, group, replicates, seed)
    value = again.value(largest)
    drawn, units = again.drawn(largest), again.units
    what = "examples" if group is None else "groups"
    low, high, method, note = NO_INTERVAL[0], NO_INTERVAL[1], "", OPTIMISTIC
    if len(drawn) and drawn.min() < drawn.max():
        low, high = percentile(drawn)
        low, high, method = min(low, value), max(high, value), f"bootstrap over {what}, percentile"
    elif len(drawn) and value in (0.0, 1.0):
        (low, high), method = score_interval(value, units), f"Wilson with {units} {what}"
    else:
        note = f"no interval: too few {what} to draw again"
    name = f"coverage at risk {risk:g}"
    return Measured(name, value, low, high, len(loss), method, seeds=(seed,), note=note)


@dataclass(frozen=True)
class Redrawn:
    """Risk-coverage curves of the examples (or whole groups) drawn again with replacement, a block at a time.

    A statistic takes, for each distinct confidence from the highest down, the weight that is `answered` and its
    `total` loss, both (r, t), and gives a number for each of r drawings.
    """

    confidence: Float[np.ndarray, " n"]
    loss: Float[np.ndarray, " n"]
    group: Int[np.ndarray, " n"] | None
    replicates: int
    seed: int

    @property
    def unit(self) -> Int[np.ndarray, " n"]:
        if self.group is None:
            return np.arange(len(self.loss))
        return np.asarray(np.unique(self.group, return_inverse=True)[1])

    @property
    def units(self) -> int:
        return int(self.unit.max(initial=-1)) + 1

    def value(self, statistic: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
        """Of the examples as they are; nan without any."""
        if not len(self.loss):
            return math.nan
        return float(statistic(*self.summed(np.ones((1, len(self.loss)))))[0])

    def drawn(self, statistic: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Float[np.ndarray, "r ..."]:
        """Of every drawing; empty where there are fewer than two units to draw."""
        units, unit, generator = self.units, self.unit, np.random.default_rng(self.seed)
        left, found = self.replicates if units > 1 else 0, []
        while left:
            rows = min(left, max(1, BLOCK // len(self.loss)))
            picked = generator.integers(units, size=(rows, units)) + units * np.arange(rows)[:, None]
            count = np.bincount(picked.ravel(), minlength=rows * units).reshape(rows, units)
            found.append(statistic(*self.summed(count[:, unit].astype(np.float64))))
            left -= rows
        return np.concatenate(found) if found else np.zeros(0)

    def summed(self, weight: Float[np.ndarray, "r n"]) -> tuple[np.ndarray, np.ndarray]:
        """Weight and loss from the surest example down to the end of each tie."""
        order = np.argsort(-self.confidence, kind="stable")
        ordered = self.confidence[order]
        last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        weight = weight[:, order]
        total = np.cumsum(weight * self.loss[order], axis=1)
        return np.cumsum(weight, axis=1)[:, last], total[:, last]


def measured_aurc(
    confidence: Float[np.ndarray, " n"],
    loss: Float[np.ndarray, " n"],
    *,
    group: Int[np.ndarray, " n"] | None = None,
    replicates: int = 1000,
    seed: int = 0,
) -> Measured:
    """`aurc` with the interval of a bootstrap over examples, or over whole groups."""
    check_pairs(confidence, loss)

    def area(answered: Float[np.ndarray, "r t"], total: Float[np.ndarray, "r t"]) -> np.ndarray:
        risk = total / np.maximum(answered, 1e-12)
        return np.asarray((np.diff(answered, axis=1, prepend=0) * risk).sum(axis=1) / answered[:, -1])

    again, what = (
        Redrawn(confidence, loss, group, replicates, seed),
        "examples" if group is None else "groups",
    )
    value, drawn = aurc(confidence, loss), again.drawn(area)
    if not len(drawn) or drawn.min() == drawn.max():
        note = f"no interval: too few {what} to draw again, or all alike"
        return Measured("AURC", value, *NO_INTERVAL, len(loss), "", seeds=(seed,), note=note)
    low, high = (
        end + value - again.value(area) for end in percentile(drawn)
    )  # a drawing has ties of its own
    method = f"bootstrap over {what}, percentile, {replicates} replicates"
    return Measured(
        "AURC", value, max(0.0, min(low, value)), max(high, value), len(loss), method, seeds=(seed,)
    )


def measured_curve(
    confidence: Float[np.ndarray, " n"],
    wrong: Bool[np.ndarray, " n"],
    *,
    points: int = 60,
    group: Int[np.ndarray, " n"] | None = None,
    replicates: int = 1000,
    seed: int = 0,
) -> list[dict[str, float]]:
    """At most `points` points of the risk-coverage curve, each with its risk's 95 % interval at that threshold.

    Wilson's interval, or a bootstrap over whole groups. Evenly apart in coverage; the last answers everything.
    """
    curve = risk_coverage(confidence, wrong.astype(np.float64))
    if not len(curve.n):
        return []
    wanted = np.searchsorted(curve.coverage, np.arange(1, points + 1) / points - 1e-12)
    places = np.unique(np.minimum(wanted, len(curve.n) - 1))
    if group is None:
        ends = [score_interval(float(curve.risk[place]), int(curve.n[place])) for place in places]
    else:

        def risks(answered: Float[np.ndarray, "r t"], total: Float[np.ndarray, "r t"]) -> np.ndarray:
            with np.errstate(invalid="ignore"):
                return np.asarray(total[:, places] / answered[:, places])

        drawn = Redrawn(confidence, wrong.astype(np.float64), group, replicates, seed).drawn(risks)
        ends = [percentile(column) for column in drawn.T] if len(drawn) else [NO_INTERVAL] * len(places)
        units = len(np.unique(group))
        ends = [  # a risk of exactly 0 or 1 has no spread in any drawing
            score_interval(float(curve.risk[place]), min(units, int(curve.n[place])))
            if low == high
            else (low, high)
            for place, (low, high) in zip(places, ends, strict=True)
        ]
    return [
        {
            "coverage": float(curve.coverage[place]),
            "risk": float(curve.risk[place]),
            "low": float(low),
            "high": float(high),
            "threshold": float(curve.threshold[place]),
        }
        for place, (low, high) in zip(places, ends, strict=True)
    ]


def guaranteed_threshold(
    confidence: Float[np.ndarray, " n"], wrong: Bool[np.ndarray, " n"], risk: float, *, doubt: float = 0.05
) -> float | None:
    """A confidence from which answers are wrong in a share of `risk` at most, but for a chance of `doubt`; None: none.

    A search by halves, with an exact binomial bound at each step, the doubt shared out among the steps: "selection
    with guaranteed risk", Geifman & El-Yaniv 2017, arXiv:1705.08500, algorithm 1. Examples must be independent and
    none of those that the model or its temperature was fitted on.
    """
    if not (0 < risk < 1 and 0 < doubt < 1):
        raise ValueError(f"risk and doubt are shares between 0 and 1; got {risk} and {doubt}")
    curve = risk_coverage(confidence, wrong.astype(np.float64))
    steps = max(1, math.ceil(math.log2(max(len(wrong), 2))))
    good, bad, chosen = -1, len(curve.n), None
    for _ in range(steps):
        if bad - good < 2:
            break
        middle = (good + bad) // 2
        errors, n = round(curve.risk[middle] * curve.n[middle]), int(curve.n[middle])
        if clopper_pearson(errors, n, 1 - 2 * doubt / steps)[1] <= risk:  # its upper end alone
            good, chosen = middle, float(curve.threshold[middle])
        else:
            bad = middle
    return chosen


def check_pairs(confidence: Float[np.ndarray, " n"], loss: Float[np.ndarray, " n"]) -> None:
    if not (np.isfinite(confidence).all() and np.isfinite(loss).all()):
        raise ValueError("confidences and losses are finite numbers; some are nan or infinite")
