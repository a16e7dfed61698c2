"""If examples are sorted by their score for a label, how early come those that have it?"""

import math

import numpy as np
from jaxtyping import Bool, Float

from vidi.core.card import Card
from vidi.core.measured import Measured
from vidi.core.scores import Scores
from vidi.ops.intervals import cluster_error, logit_interval

CARD = Card(
    title="Average precision",
    idea="The mean, over the examples that have the label, of the precision down to their place in the order.",
    paper="Salton & McGill 1983; interval: infinitesimal jackknife, Efron 1982, chapter 6",
    differs="No interpolation (unlike Pascal VOC 2007); equal scores have one place. Undefined labels are left out.",
    serves=("multilabel",),
)
METHOD = "infinitesimal jackknife, logit"


def measure(scores: Scores) -> list[Measured]:
    """The mean over labels (mAP), then each label's; a label that no example has is undefined."""
    pairs = [one_label(scores.probability[:, c], scores.truth[:, c]) for c in range(len(scores.labels))]
    value = np.array([pair[0] for pair in pairs])
    influence = np.stack([pair[1] for pair in pairs], axis=1)
    error = cluster_error(influence, scores.group)
    each = [
        measured(
            "average precision", float(value[c]), float(error[c]), int(scores.truth[:, c].sum()), of=label
        )
        for c, label in enumerate(scores.labels)
    ]
    known = ~np.isnan(value)
    if not known.any():
        return [measured("mean average precision", math.nan, math.nan, len(scores.truth)), *each]
    spread = float(cluster_error(influence[:, known].mean(axis=1, keepdims=True), scores.group)[0])
    note = f"mean over {'the' if known.all() else f'{known.sum()} of the {len(value)}'} labels"
    mean = measured(
        "mean average precision", float(value[known].mean()), spread, len(scores.truth), note=note
    )
    return [mean, *each]


def one_label(
    score: Float[np.ndarray, " n"], truth: Bool[np.ndarray, " n"]
) -> tuple[float, Float[np.ndarray, " n"]]:
    """The average precision and its derivative by each example's weight (they sum to 0).

    AP = sum_i w_i y_i T_i / N_i / sum_i w_i y_i, with T and N the weights of positive and of all examples that
    score at least as high as example i.
    """
    positives = int(truth.sum())
    if not positives:
        return math.nan, np.zeros(len(score))
    order = np.argsort(-score, kind="stable")
    y, ordered = truth[order].astype(np.float64), score[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))  # the end of each run of equal scores
    run = np.searchsorted(last, np.arange(len(y)))
    hits, seen = y.cumsum()[last], last + 1.0
    inside = np.diff(hits, prepend=0.0)
    precision = hits / seen
    area = float((inside * precision).sum() / positives)
    # An example moves the precision at its own place and at all later ones.
    by_positive = (inside / seen)[::-1].cumsum()[::-1]
    by_any = (inside * hits / seen**2)[::-1].cumsum()[::-1]
    derivative = np.empty(len(y))
    derivative[order] = (y * (precision[run] + by_positive[run] - area) - by_any[run]) / positives
    return area, derivative


def measured(name: str, area: float, error: float, n: int, *, of: str = "", note: str = "") -> Measured:
    """With an interval where there can be one; otherwise the note says why not."""
    low, high = logit_interval(area, error)
    if math.isnan(area):
        note = "undefined: no example has this label"
    elif math.isnan(low) or low == high:
        low, high = math.nan, math.nan
        note = "; ".join(filter(None, [note, "no interval: the examples given do not show how it varies"]))
    return Measured(name, area, low, high, n, METHOD, of=of, note=note)
