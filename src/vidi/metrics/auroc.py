"""Does an example with the label get a higher score than one without?"""

import math

import numpy as np
from jaxtyping import Bool, Float

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.intervals import cluster_error, logit_interval, midranks, normal_quantile

CARD = Card(
    title="AUROC",
    idea="The chance that an example with the label scores higher than one without; ties count half.",
    paper="Hanley & McNeil 1982; interval: DeLong et al. 1988, at 0 and 1 Newcombe 2006 (method 5)",
    differs="One label against the rest, and the mean over labels; with groups the components are summed by group.",
    serves=("classification", "multilabel"),
)


def measure(scores: Scores) -> list[Measured]:
    """The mean over labels, then each label's; labels that all or no examples have are undefined."""
    count = len(scores.labels)
    truth = scores.truth if scores.truth.ndim == 2 else np.arange(count) == scores.truth[:, None]
    pairs = [components(scores.probability[:, c], truth[:, c]) for c in range(count)]
    value = np.array([pair[0] for pair in pairs])
    influence = np.stack([pair[1] for pair in pairs], axis=1)
    each = [
        measured(scores, float(value[c]), influence[:, c], truth[:, c], of=label)
        for c, label in enumerate(scores.labels)
    ]
    known = ~np.isnan(value)
    mean = float(value[known].mean()) if known.any() else math.nan
    together = influence[:, known].mean(axis=1) if known.any() else np.zeros(len(truth))
    note = f"mean over {'the' if known.all() else f'{known.sum()} of the {count}'} labels"
    return [measured(scores, mean, together, None, note=note), *each]


def components(
    score: Float[np.ndarray, " n"], truth: Bool[np.ndarray, " n"]
) -> tuple[float, Float[np.ndarray, " n"]]:
    """The area and each example's influence on it (DeLong's structural components, centred, by class size).

    Their squares sum to DeLong's variance.
    """
    with_label, without = int(truth.sum()), int((~truth).sum())
    influence = np.zeros(len(score))
    if not with_label or not without:
        return math.nan, influence
    ranks = midranks(score)
    above = (ranks[truth] - midranks(score[truth])) / without
    below = 1 - (ranks[~truth] - midranks(score[~truth])) / with_label
    area = float(above.mean())
    for members, part, size in ((truth, above, with_label), (~truth, below, without)):
        influence[members] = (part - area) / math.sqrt(size * (size - 1)) if size > 1 else 0.0
    return area, influence


def measured(
    scores: Scores,
    area: float,
    influence: Float[np.ndarray, " n"],
    truth: Bool[np.ndarray, " n"] | None,
    *,
    of: str = "",
    note: str = "",
) -> Measured:
    """The area with its interval; what cannot have one says why."""
    method = "DeLong, logit" if scores.group is None else "DeLong summed by group, logit"
    n = len(scores.truth)
    sizes = (int(truth.sum()), int((~truth).sum())) if truth is not None else (n, n)
    if math.isnan(area):
        note = "undefined: " + ("no example" if not sizes[0] else "every example") + " has this label"
        return Measured("AUROC", area, math.nan, math.nan, n, method, of=of, note=note if of else "undefined")
    if min(sizes) < 2:
        note = "no interval: only one example " + ("has this label" if sizes[0] < 2 else "lacks this label")
        return Measured("AUROC", area, math.nan, math.nan, n, method, of=of, note=note)
    if scores.group is None:
        error = math.sqrt(float((influence**2).sum()))
    else:
        error = float(cluster_error(influence[:, None], scores.group)[0])
    low, high = logit_interval(area, error)
    if area in (0.0, 1.0) and truth is not None:
        sizes = units(truth, scores)
        low, high = newcombe(area, *sizes)
        method = f"Newcombe 2006, method 5, with {sizes[0]} and {sizes[1]}"
        note = "all in order: DeLong's variance is 0"
    elif math.isnan(low):
        note = "; ".join(filter(None, [note, "no interval: the variance cannot be told"]))
    return Measured("AUROC", area, low, high, n, method, of=of, note=note)


def units(truth: Bool[np.ndarray, " n"], scores: Scores) -> tuple[int, int]:
    """Independent examples with and without the label: groups, where there are groups."""
    if scores.group is None:
        return int(truth.sum()), int((~truth).sum())
    return len(np.unique(scores.group[truth])), len(np.unique(scores.group[~truth]))


def newcombe(area: float, with_label: int, without: int, confidence: float = 0.95) -> tuple[float, float]:
    """The areas whose own standard error reaches `area` (Newcombe 2006, Statistics in Medicine 25, 559-573)."""
    z = normal_quantile((1 + confidence) / 2)
    more = (with_label + without) / 2 - 1

    def far(theta: float) -> bool:
        spread = 1 + more * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return abs(theta - area) > z * math.sqrt(theta * (1 - theta) * spread / (with_label * without))

    end, inside = 1 - area, area
    for _ in range(60):
        middle = (end + inside) / 2
        end, inside = (middle, inside) if far(middle) else (end, middle)
    return (inside, 1.0) if area == 1 else (0.0, inside)
