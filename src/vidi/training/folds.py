"""What a probe says of examples that it did not learn from: every one of them, in turns."""

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped

from vidi.core.errors import check_option
from vidi.ops.intervals import sum_by
from vidi.ops.losses import cross_entropy
from vidi.training.logistic import STRENGTHS, fit_head


def stratified_folds(
    label: Int[np.ndarray, " n"],
    *,
    folds: int,
    seed: int,
    group: Shaped[np.ndarray, " n"] | None = None,
) -> Int[np.ndarray, " n"]:
    """A fold number for every example: each label in its share, and examples of one group in one fold.

    Without groups no two folds differ by more than one example of a label. With groups, the largest is placed
    first, and each goes into the fold that holds least of its labels so far.
    """
    check_option("folds", folds, holds=folds >= 2, wanted="2 or more")
    generator = np.random.default_rng(seed)
    if group is None or len(np.unique(group)) == len(group):
        return dealt(label, folds, generator)
    member = np.unique(group, return_inverse=True)[1]
    names, number = np.unique(label, return_inverse=True)
    counts = sum_by(np.eye(len(names))[number], member)
    return placed(counts, folds, generator)[member]


def dealt(label: Int[np.ndarray, " n"], folds: int, generator: np.random.Generator) -> Int[np.ndarray, " n"]:
    """Shuffled, sorted by label, and dealt like cards."""
    order = generator.permutation(len(label))
    order = order[np.argsort(label[order], kind="stable")]
    fold = np.empty(len(label), dtype=np.int64)
    fold[order] = np.arange(len(label)) % folds
    return fold


def placed(
    counts: Float[np.ndarray, "g c"], folds: int, generator: np.random.Generator
) -> Int[np.ndarray, " g"]:
    """A fold for every group, given how many of each label it holds: greedy, with labels weighed by rarity."""
    share = counts / np.maximum(counts.sum(axis=0), 1)
    shuffled = generator.permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    filled, fold = np.zeros((folds, counts.shape[1])), np.empty(len(counts), dtype=np.int64)
    for group in order:
        added = 2 * filled @ share[group]  # the sum of squares grows by this, and by the same for every fold
        fold[group] = np.lexsort((filled.sum(axis=1), np.round(added, 12)))[0]
        filled[fold[group]] += share[group]
    return fold


def out_of_fold(
    features: Float[np.ndarray, "n d"],
    label: Int[np.ndarray, " n"],
    *,
    classes: int,
    group: Shaped[np.ndarray, " n"] | None = None,
    folds: int = 5,
    seed: int = 0,
    strengths: tuple[float, ...] = STRENGTHS,
) -> Float[np.ndarray, "n c"]:
    """Probabilities of every example, by a probe that was fitted on the other folds; rows sum to 1.

    The probe's penalty is chosen inside the other folds too, groups kept together. With fewer groups than folds
    there are as many folds as groups. Raises ValueError with fewer than two groups: then nothing can be held out.
    """
    units = len(np.unique(group)) if group is not None else len(label)
    if units < 2:
        raise ValueError(f"two examples (or groups) or more can be told apart out of sample; got {units}")
    fold = stratified_folds(label, folds=min(folds, units), seed=seed, group=group)
    member = None if group is None else np.unique(group, return_inverse=True)[1]
    target = np.eye(classes, dtype=np.float32)[label]
    probability = np.empty((len(label), classes))
    for number in np.unique(fold):
        inside, outside = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        head = fit_head(
            features[inside],
            target[inside],
            cross_entropy,
            group=None if member is None else member[inside],
            strengths=strengths,
            seed=seed,
        ).head
        weight, bias = head.weight.numpy(), head.bias.numpy()
        # numpy's product: torch's takes several times as long with so few columns
        logits = np.asarray(features[outside], np.float32) @ weight.T + bias
        probability[outside] = torch.softmax(torch.from_numpy(logits).double(), dim=1).numpy()
    return probability
