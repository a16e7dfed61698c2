"""Which given labels are wrong, as probabilities from elsewhere say: confident learning.

Northcutt, Jiang & Chuang 2021, Journal of Artificial Intelligence Research 70, 1373-1411 (arXiv:1911.00068). The
probabilities must be out of sample: of a model that did not learn from the very label it is asked about. Equations
are the paper's; matrices have a row for each given label and a column for each true one.

On 285 drawn sets of 20 to 500 examples cleanlab 2.9 names the same ones, except where its rounding meets two equal
remainders, or leaves a class without one right example.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.ops.reliability import check_probabilities

FILTERS = ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning")
ROUNDING = 1e-6  # probabilities that miss a threshold by less have reached it
LEAST_THRESHOLD = 2e-6  # a class to which its own examples give 0 is not thereby everybody's


@dataclass(frozen=True)
class NoiseRates:
    """Shares estimated from a joint distribution.

    `given_of_true[i, j]` is how often class j is labelled i (columns sum to 1), `true_of_given[i, j]` how often what
    is labelled i is truly j (rows sum to 1); all 0 for a class without examples. `wrong` is the share of all labels.
    """

    given_of_true: Float[np.ndarray, "c c"]
    true_of_given: Float[np.ndarray, "c c"]
    wrong: float


def thresholds(
    probability: Float[np.ndarray, "n c"],
    given: Int[np.ndarray, " n"],
    weight: Float[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, " c"]:
    """Each class's mean probability among the examples that are labelled so (eq. 2); infinite if there are none."""
    weight = np.ones(len(given)) if weight is None else weight
    classes = probability.shape[1]
    total = np.bincount(given, weight, minlength=classes)
    said = np.bincount(given, weight * self_confidence(probability, given), minlength=classes)
    mean = np.maximum(said / np.where(total > 0, total, 1.0), LEAST_THRESHOLD)
    return np.where(total > 0, mean, np.inf)


def confident_labels(
    probability: Float[np.ndarray, "n c"], threshold: Float[np.ndarray, " c"]
) -> Int[np.ndarray, " n"]:
    """The class whose threshold an example reaches; -1 if it reaches none.

    If it reaches several, its most probable class: in eq. 1 that is sought among those reached only, which makes a
    difference where the most probable class of all is not among them; here, as in cleanlab, it counts.
    """
    reached = probability >= threshold - ROUNDING
    count = reached.sum(axis=1)
    one = np.where(count > 1, probability.argmax(axis=1), reached.argmax(axis=1))
    return np.where(count > 0, one, -1)


def confident_joint(
    confident: Int[np.ndarray, " n"],
    given: Int[np.ndarray, " n"],
    *,
    classes: int,
    weight: Float[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "c c"]:
    """How many examples labelled i are confidently j (eq. 1); at least 1 on the diagonal, also of empty classes."""
    weight = np.ones(len(given)) if weight is None else weight
    sure = confident >= 0
    cell = given[sure] * classes + confident[sure]
    counts = np.bincount(cell, weight[sure], minlength=classes * classes).astype(np.float64)
    counts = counts.reshape(classes, classes)
    np.fill_diagonal(counts, np.maximum(counts.diagonal(), 1))
    return counts


def joint_distribution(
    counts: Float[np.ndarray, "c c"], given: Float[np.ndarray, " c"]
) -> Float[np.ndarray, "c c"]:
    """The joint distribution of given and true labels (eq. 3): the counts, with rows in the shares of the labels.

    `given` is the number of examples with each label. Sums to 1; all 0 without examples.
    """
    rows = counts / np.maximum(counts.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(rows * given[:, None] / max(float(given.sum()), 1.0))


def noise_rates(joint: Float[np.ndarray, "c c"]) -> NoiseRates:
    """What the joint distribution says of labels in general."""
    tiny = np.finfo(np.float64).tiny
    return NoiseRates(
        given_of_true=joint / np.maximum(joint.sum(axis=0, keepdims=True), tiny),
        true_of_given=joint / np.maximum(joint.sum(axis=1, keepdims=True), tiny),
        wrong=share_wrong(joint),
    )


def share_wrong(joint: Float[np.ndarray, "c c"]) -> float:
    """The share of labels that are not the true ones, in [0, 1]: what is off the diagonal."""
    return float(np.clip(joint.sum() - np.trace(joint), 0.0, 1.0))


def estimated_joint(
    probability: Float[np.ndarray, "n c"],
    given: Int[np.ndarray, " n"],
    weight: Float[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "c c"]:
    """The joint distribution straight from probabilities and labels; `weight` counts examples more than once."""
    classes = probability.shape[1]
    confident = confident_labels(probability, thresholds(probability, given, weight))
    counts = confident_joint(confident, given, classes=classes, weight=weight)
    return joint_distribution(counts, np.bincount(given, weight, minlength=classes).astype(np.float64))


def label_issues(
    probability: Float[np.ndarray, "n c"], given: Int[np.ndarray, " n"], *, by: str = "prune_by_noise_rate"
) -> Bool[np.ndarray, " n"]:
    """Which labels are probably wrong; never one that is its example's most probable class.

    `by` (section 3.2): `prune_by_noise_rate` takes, for each pair of given and true label, as many examples as the
    joint distribution has there, those with the largest margin; `prune_by_class` for each given label as many as
    are wrong, those with the lowest probability of it; `both` what both take; `confident_learning` what is
    confidently of another class. Where the last to be taken is tied with the first to be left, neither is taken: so
    the order of rows doesn't matter.
    """
    if by not in FILTERS:
        raise ValueError(f"by is one of {', '.join(FILTERS)}; got {by!r}")
    check_probabilities(probability, given)
    probability = probability.astype(np.float64)
    if by == "confident_learning":
        confident = confident_labels(probability, thresholds(probability, given))
        found = (confident >= 0) & (confident != given)
    else:
        counts = rounded_rows(estimated_joint(probability, given) * len(given))
        found = np.ones(len(given), dtype=bool)
        if by in ("prune_by_class", "both"):
            found &= least_confident(probability, given, counts)
        if by in ("prune_by_noise_rate", "both"):
            found &= largest_margins(probability, given, counts)
    return np.asarray(found & (probability.argmax(axis=1) != given))


def least_confident(
    probability: Float[np.ndarray, "n c"], given: Int[np.ndarray, " n"], counts: Int[np.ndarray, "c c"]
) -> Bool[np.ndarray, " n"]:
    """Of each given label as many as the counts call wrong, those least probable; one example at least is left."""
    found = np.zeros(len(given), dtype=bool)
    for label in range(len(counts)):
        rows = np.flatnonzero(given == label)
        wrong = len(rows) - max(int(counts[label, label]), 1)
        if wrong > 0:
            found[rows[lowest(probability[rows, label], wrong)]] = True
    return found


def largest_margins(
    probability: Float[np.ndarray, "n c"], given: Int[np.ndarray, " n"], counts: Int[np.ndarray, "c c"]
) -> Bool[np.ndarray, " n"]:
    """For each given and each other label as many as the counts say, those whose other label leads the most.

    A class with a single example keeps it.
    """
    found = np.zeros(len(given), dtype=bool)
    for label in range(len(counts)):
        rows = np.flatnonzero(given == label)
        for other in np.flatnonzero(counts[label] if len(rows) > 1 else np.zeros(len(counts))):
            if other != label:
                behind = probability[rows, label] - probability[rows, other]
                found[rows[lowest(behind, int(counts[label, other]))]] = True
    return found


def lowest(values: Float[np.ndarray, " n"], count: int) -> Bool[np.ndarray, " n"]:
    """The `count` lowest values; fewer where the last of them is tied with the first that is left."""
    if count >= len(values):
        return np.ones(len(values), dtype=bool)
    return np.asarray(values < np.partition(values, count)[count])


def rounded_rows(values: Float[np.ndarray, "r c"]) -> Int[np.ndarray, "r c"]:
    """Whole numbers with the same row sums, which must be whole: the largest remainders are rounded up.

    Of equal remainders that of the last column, as in cleanlab.
    """
    near = np.round(values, 9)  # 2.9999999999 is 3
    floor = np.floor(near).astype(np.int64)
    missing = np.rint(values.sum(axis=1)).astype(np.int64) - floor.sum(axis=1)
    order = np.argsort(near - floor, axis=1, kind="stable")[:, ::-1]
    rank = np.argsort(order, axis=1, kind="stable")
    return np.asarray(floor + (rank < missing[:, None]))


def self_confidence(
    probability: Float[np.ndarray, "n c"], given: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """The probability of the given label, in [0, 1]; low is suspicious."""
    return np.asarray(probability[np.arange(len(given)), given])


def normalised_margin(
    probability: Float[np.ndarray, "n c"], given: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """(probability of the given label - the highest of the others + 1) / 2, in [0, 1]; low is suspicious."""
    others = probability.astype(np.float64, copy=True)
    others[np.arange(len(given)), given] = -np.inf
    return np.asarray((self_confidence(probability, given) - others.max(axis=1) + 1) / 2)
