"""Predictions made up for a data set, right as often as asked in each group, and as sure as asked."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from vidi.core.answers import Answers
from vidi.core.dataset import Dataset
from vidi.core.scores import Scores
from vidi.data.drawn.labels import label_numbers

SPREAD = 4.0  # of the probabilities: the two parameters of their Beta distribution add up to this

ByGroup = float | Mapping[str, float]


def simulated_predictions(
    dataset: Dataset,
    *,
    accuracy: ByGroup,
    by: str | None = None,
    temperature: ByGroup = 1.0,
    seed: int = 0,
) -> Scores:
    """Scores whose expected accuracy is `accuracy`, for each level of attribute `by` its own if it is a mapping.

    At temperature 1 they are calibrated: of the rows that give their label c, a share c is right in expectation
    (for every label, if all are equally frequent). Below 1 they are surer than they should be, above 1 less sure;
    what is predicted does not depend on it. Accuracy lies between chance, 1 / labels, and 1.
    """
    truth, classes = label_numbers(dataset), len(dataset.labels)
    wanted = _for_each_row(dataset, accuracy, by, "accuracy")
    heat = _for_each_row(dataset, temperature, by, "temperature")
    if classes < 2:
        raise ValueError(f"predictions want two labels or more; got {classes}")
    if not ((wanted >= 1 / classes) & (wanted <= 1)).all():
        raise ValueError(f"accuracy lies between chance, {1 / classes:.3g} here, and 1; got {accuracy}")
    if not (np.isfinite(heat) & (heat > 0)).all():
        raise ValueError(f"temperature is finite and above 0; got {temperature}")
    random = np.random.default_rng([seed, len(dataset)])
    probability = simulated(truth, wanted, classes, random) ** (1 / heat)[:, None]
    probability /= probability.sum(axis=1, keepdims=True)
    return Scores(truth=truth, probability=probability, labels=dataset.labels, seed=seed)


def simulated_answers(n: int, *, accuracy: Mapping[str, float], seed: int = 0) -> Answers:
    """`n` calibrated answers with labels `no` and `yes`, as many of each level of the attribute `group`.

    `accuracy` names the levels and how often each is right in expectation. No picture is drawn: for audits that look
    at answers alone.
    """
    random = np.random.default_rng([seed, n])
    level = np.array(list(accuracy), dtype=object)[random.permutation(n) % len(accuracy)]
    truth = random.integers(2, size=n)
    wanted = np.array([accuracy[name] for name in level], dtype=np.float64)
    probability = simulated(truth, wanted, 2, random)
    return Answers(
        truth=truth,
        prediction=probability.argmax(axis=1),
        labels=("no", "yes"),
        attributes={"group": level},
        probability=probability,
        ids=[f"simulated-{row:05}" for row in range(n)],
        where="simulated",
    )


def simulated(
    truth: Int[np.ndarray, " n"],
    accuracy: Float[np.ndarray, " n"],
    classes: int,
    random: np.random.Generator,
) -> Float[np.ndarray, "n c"]:
    """Calibrated probabilities whose greatest is the true label's with the probability `accuracy`, row by row."""
    return _assigned(_ranked_probabilities(accuracy, classes, random), truth, random)


def _for_each_row(dataset: Dataset, given: ByGroup, by: str | None, name: str) -> Float[np.ndarray, " n"]:
    if not isinstance(given, Mapping):
        return np.full(len(dataset), float(given))
    if by is None or by not in dataset.attributes:
        raise ValueError(
            f"{name} by group wants `by`, one of the attributes {', '.join(dataset.attributes)}; got {by!r}"
        )
    groups, number = dataset.column(by).astype(str), dict(given)
    missing = sorted(set(groups) - set(number))
    if missing:
        raise ValueError(f"{name} wants a number for every {by}; {', '.join(missing)} has none")
    return np.array([number[group] for group in groups], dtype=np.float64)


def _ranked_probabilities(
    accuracy: Float[np.ndarray, " n"], classes: int, random: np.random.Generator
) -> Float[np.ndarray, "n c"]:
    """Rows that sum to 1, the first number the greatest; its mean is `accuracy`, a Beta between chance and 1."""
    share = (accuracy - 1 / classes) / (1 - 1 / classes)
    inner = (share > 0) & (share < 1)
    safe = np.where(inner, share, 0.5)
    drawn = random.beta(SPREAD * safe, SPREAD * (1 - safe))
    top = 1 / classes + (1 - 1 / classes) * np.where(inner, drawn, share)
    even = (1 - top) / (classes - 1)
    uneven = random.dirichlet(np.ones(classes - 1), size=len(top)) * (1 - top)[:, None]
    room, excess = top - even, np.maximum(uneven.max(axis=1) - even, np.finfo(np.float64).tiny)
    mixed = np.minimum(1.0, 0.99 * room / excess)[:, None]  # so far from even that none exceeds the first
    return np.concatenate([top[:, None], mixed * uneven + (1 - mixed) * even[:, None]], axis=1)


def _assigned(
    ranked: Float[np.ndarray, "n c"], truth: Int[np.ndarray, " n"], random: np.random.Generator
) -> Float[np.ndarray, "n c"]:
    """The numbers of each row given to the labels: the true one gets number k with the probability it says."""
    n, classes = ranked.shape
    chance = random.random((n, 1))
    passed = np.count_nonzero(ranked.cumsum(axis=1) < chance, axis=1)
    rank = np.minimum(passed, classes - 1)  # a row's sum may round to less than 1
    order = random.random((n, classes)).argsort(axis=1)  # order[i, label] is the place of its number
    place = np.argmax(order == rank[:, None], axis=1)  # the label that got the true one's number by chance
    rows = np.arange(n)
    order[rows, place] = order[rows, truth]
    order[rows, truth] = rank
    return np.take_along_axis(ranked, order, axis=1)
