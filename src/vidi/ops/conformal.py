"""Sets of labels that hold the true one as often as stated, whatever the model: split conformal prediction.

Vovk, Gammerman & Shafer 2005. The promise is about examples exchangeable with those the thresholds were taken from
(the same sort of pictures, none of them trained on), and about all of them together; by class with `by_class`. Where
examples come in groups (patients, students), it is about an example of a new group.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from vidi.ops.intervals import NO_INTERVAL, wilson


@dataclass(frozen=True)
class SetReport:
    """What sets of labels turned out to be: shares with Wilson's interval, and how large the sets are.

    `by_class` is each class's coverage (nan without examples); `sizes[k]` the number of sets with k labels.
    """

    n: int
    coverage: float
    low: float
    high: float
    by_class: Float[np.ndarray, " c"]
    mean_size: float
    sizes: Int[np.ndarray, " c1"]
    sentence: str

    @property
    def empty(self) -> int:
        return int(self.sizes[0])


def threshold_scores(probability: Float[np.ndarray, "n c"]) -> Float[np.ndarray, "n c"]:
    """How strange each label would be for each example: 1 - its probability, in [0, 1].

    The smallest sets on average at a given coverage (LAC: Sadinle, Lei & Wasserman 2019, JASA 114, 223-234); it is
    reached by leaving hard examples without.
    """
    return np.asarray(1 - probability.astype(np.float64))


def adaptive_scores(
    probability: Float[np.ndarray, "n c"], uniform: Float[np.ndarray, " n"] | None = None
) -> Float[np.ndarray, "n c"]:
    """How strange each label would be: the probability of all likelier ones, and a part of its own, in [0, 1].

    The part is `uniform` in [0, 1], drawn for each example (`uniform_by`); all of it without, and then the sets are
    larger than they need to be. Equally probable labels come in their order. Larger sets for harder examples:
    APS, Romano, Sesia & Candes 2020, arXiv:2006.02544.
    """
    probability = probability.astype(np.float64)
    order = np.argsort(-probability, axis=1, kind="stable")
    ordered = np.take_along_axis(probability, order, axis=1)
    before = np.cumsum(ordered, axis=1) - ordered
    part = np.ones(len(probability)) if uniform is None else uniform
    if len(part) and not (part.min() >= 0 and part.max() <= 1):
        raise ValueError(f"uniform holds draws from [0, 1]; got {part.min()} to {part.max()}")
    scores = np.empty_like(probability)
    np.put_along_axis(scores, order, before + part[:, None] * ordered, axis=1)
    return np.asarray(np.clip(scores, 0.0, 1.0))


def uniform_by(ids: Iterable[str], *, seed: int) -> Float[np.ndarray, " n"]:
    """A draw from [0, 1) for each id: the same id and seed, the same draw, in whatever order they come."""
    digests = [hashlib.sha256(f"{seed}:{name}".encode()).digest() for name in ids]
    return np.array([int.from_bytes(digest[:6], "big") / 2**48 for digest in digests], dtype=np.float64)


def conformal_quantile(
    scores: Float[np.ndarray, " n"], alpha: float, *, group: Shaped[np.ndarray, " n"] | None = None
) -> float:
    """The ceil((n + 1)(1 - alpha))-th smallest score: a new one exceeds it with probability alpha at most.

    Infinite where n is too small for that (below 1 / alpha - 1): then every label must be allowed. With `group` the
    promise is about an example of a new group, all groups weigh alike, and n is their number: the 1 - alpha quantile of
    sum_k sum_i delta(s_ki) / ((K + 1) n_k) + delta(infinity) / (K + 1) (Lee, Barber & Willett 2023, arXiv:2306.06342).
    """
    check_alpha(alpha)
    if group is not None:
        return grouped_quantile(scores, np.unique(group, return_inverse=True)[1], alpha)
    rank = math.ceil(round((len(scores) + 1) * (1 - alpha), 9))  # 0.9 x 10 is 9, not 9.000000000000002
    return math.inf if rank > len(scores) else float(np.partition(scores, rank - 1)[rank - 1])


def grouped_quantile(scores: Float[np.ndarray, " n"], member: Int[np.ndarray, " n"], alpha: float) -> float:
    """The same with a number from 0 to K - 1 for each example's group."""
    size = np.bincount(member)
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(1 / size[member[order]]) / (len(size) + 1)
    enough = np.flatnonzero(np.round(reached, 9) >= round(1 - alpha, 9))
    return float(scores[order[enough[0]]]) if len(enough) else math.inf


def fit_thresholds(
    scores: Float[np.ndarray, "n c"],
    truth: Int[np.ndarray, " n"],
    *,
    alpha: float,
    by_class: bool = False,
    group: Shaped[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, " c"]:
    """The highest score that a label may have to be in a set, for each class: sets miss the truth in `alpha` of cases.

    With `by_class` every class has a threshold of its own, from its own examples, and the promise holds in each
    (Vovk 2012, arXiv:1209.2673: label-conditional); a class with fewer than 1 / alpha - 1 of them is then in every
    set. Otherwise all have the same. With `group` the promise is about examples of new groups (conformal_quantile).
    """
    of_truth = scores[np.arange(len(truth)), truth]
    classes = scores.shape[1]
    if not by_class:
        return np.full(classes, conformal_quantile(of_truth, alpha, group=group))
    chosen = (truth == label for label in range(classes))
    return np.array(
        [
            conformal_quantile(of_truth[part], alpha, group=None if group is None else group[part])
            for part in chosen
        ]
    )


def prediction_sets(
    scores: Float[np.ndarray, "n c"], thresholds: Float[np.ndarray, " c"], *, never_empty: bool = False
) -> Bool[np.ndarray, "n c"]:
    """Which labels are in each example's set: those whose score does not exceed their threshold.

    A set may be empty: no label is likely enough, and that says so ("I don't know"). With `never_empty` it gets the
    label with the lowest score instead; the coverage can only grow by that.
    """
    sets = scores <= thresholds
    if never_empty:
        empty = np.flatnonzero(~sets.any(axis=1))
        sets[empty, scores[empty].argmin(axis=1)] = True
    return np.asarray(sets)


def coverage_range(n: int, alpha: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Where the coverage of new examples lies, given the luck of drawing n to take the threshold from.

    Quantiles of Beta(k, n + 1 - k) with k = ceil((n + 1)(1 - alpha)): exact where scores have no ties, else the
    lower end holds (Vovk 2012, arXiv:1209.2673). (1, 1) where every label must be allowed.
    """
    from scipy.special import betaincinv

    check_alpha(alpha)
    rank = math.ceil(round((n + 1) * (1 - alpha), 9))
    if rank > n:
        return 1.0, 1.0
    tail = (1 - confidence) / 2
    low, high = (float(betaincinv(rank, n + 1 - rank, share)) for share in (tail, 1 - tail))
    return low, high


def measured_sets(sets: Bool[np.ndarray, "n c"], truth: Int[np.ndarray, " n"]) -> SetReport:
    """Coverage and sizes on examples that the thresholds were not taken from; nan without examples."""
    n, classes = sets.shape
    hit = sets[np.arange(n), truth]
    sizes = np.bincount(sets.sum(axis=1), minlength=classes + 1)
    count = np.bincount(truth, minlength=classes)
    with np.errstate(invalid="ignore"):
        by_class = np.bincount(truth, hit.astype(np.float64), minlength=classes) / count
    low, high = wilson(int(hit.sum()), n) if n else NO_INTERVAL
    coverage = float(hit.mean()) if n else math.nan
    mean_size = float(sizes @ np.arange(classes + 1)) / n if n else math.nan
    said = sentence(n, coverage, (low, high), mean_size, sizes)
    return SetReport(n, coverage, low, high, by_class, mean_size, sizes, said)


def sentence(
    n: int, coverage: float, interval: tuple[float, float], mean_size: float, sizes: Int[np.ndarray, " c1"]
) -> str:
    """What a reader should know of the sets, empty ones by number."""
    if not n:
        return "No example, so nothing is known of the sets."
    said = (
        f"The sets hold the true label for {coverage:.1%} of {n:,} examples ({interval[0]:.1%} to {interval[1]:.1%}); "
        f"they have {mean_size:.2f} labels on average, and {sizes[1] / n:.1%} have one."
    )
    return said + (f" {sizes[0]:,} are empty: there no label is likely enough." if sizes[0] else "")


def check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is the share of sets that may miss the truth, between 0 and 1; got {alpha}")
