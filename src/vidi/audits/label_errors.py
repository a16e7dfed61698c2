"""Which labels are probably wrong?"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.ops.bootstrap import percentile
from vidi.ops.confident import (
    NoiseRates,
    estimated_joint,
    label_issues,
    noise_rates,
    normalised_margin,
    self_confidence,
    share_wrong,
)
from vidi.ops.intervals import NO_INTERVAL, score_interval
from vidi.training.folds import out_of_fold

CARD = Card(
    title="Label errors",
    idea="A probe on frozen features, asked about examples it did not learn from, contradicts their labels.",
    paper="Northcutt, Jiang & Chuang 2021, JAIR 70, 1373-1411, arXiv:1911.00068",
    differs="Groups stay together in the folds; the share of wrong labels has an interval; ties are left out.",
    serves=("classification",),
)
TRIAL = Trial(n=200, fault="labels exchanged for another", rate=0.1)
ALARM = 0.01  # of the labels: as many come out wrong where a good probe errs
FEWEST = 2  # units of a label without which nothing is left to judge it by
NOTE = (
    "confident learning's estimate; the probe's own mistakes count too, so the true share is probably lower"
)


@dataclass(frozen=True)
class Suspect:
    """An example whose label is probably wrong: its id, the label given, the most probable one, and how sure that is.

    `score` is the probability of the given label out of sample, in [0, 1], and `margin` its lead over the best
    other, moved to [0, 1]; low is suspicious in both.
    """

    id: str
    given: str
    suggested: str
    score: float
    margin: float


@dataclass(frozen=True)
class LabelErrors:
    """Suspects, the most suspicious first; the estimated share of wrong labels; rates by class; what was not judged.

    `rates` has a row and a column for each of `labels`. `unjudged` are labels with too few examples. `agreement` is how
    often the most probable label is the one given.
    """

    suspects: tuple[Suspect, ...]
    share: Measured
    rates: NoiseRates
    labels: tuple[str, ...]
    unjudged: tuple[str, ...]
    agreement: float
    sentence: str


def audit(
    features: Float[np.ndarray, "n d"],
    label: Int[np.ndarray, " n"],
    *,
    labels: tuple[str, ...],
    ids: Shaped[np.ndarray, " n"],
    group: Shaped[np.ndarray, " n"] | None = None,
    by: str = "prune_by_noise_rate",
    folds: int = 5,
    replicates: int = 200,
    seed: int = 0,
) -> LabelErrors:
    """Suspected wrong labels among `n` examples with frozen features, and how many there may be.

    `group` keeps what belongs together (a patient, near copies) on one side, in the folds and in the bootstrap.
    `ids` are unique and decide what goes where, so that the order of rows changes nothing.
    """
    if len(np.unique(ids)) != len(ids):
        raise ValueError(f"ids are unique; {len(ids) - len(np.unique(ids)):,} of {len(ids):,} come again")
    if not np.isfinite(features).all():
        raise ValueError("features are finite numbers; some are nan or infinite: leave those examples out")
    order = np.argsort(ids)
    ids, label, features = ids[order], label[order], features[order]
    member = None if group is None else np.unique(group[order], return_inverse=True)[1]
    scarce = too_few(label, member, len(labels))
    probability = out_of_fold(features, label, classes=len(labels), group=member, folds=folds, seed=seed)
    return judged(
        probability, label, labels=labels, ids=ids, group=member, scarce=scarce, by=by,
        replicates=replicates, seed=seed,
    )  # fmt: skip


def too_few(
    label: Int[np.ndarray, " n"], member: Int[np.ndarray, " n"] | None, classes: int
) -> tuple[int, ...]:
    """Labels that stand in one group only (or on one example): held out, nothing is left to know them by."""
    unit = np.arange(len(label)) if member is None else member
    return tuple(number for number in range(classes) if 0 < len(np.unique(unit[label == number])) < FEWEST)


def judged(
    probability: Float[np.ndarray, "n c"],
    label: Int[np.ndarray, " n"],
    *,
    labels: tuple[str, ...],
    ids: Shaped[np.ndarray, " n"],
    group: Int[np.ndarray, " n"] | None = None,
    scarce: tuple[int, ...] = (),
    by: str = "prune_by_noise_rate",
    replicates: int = 200,
    seed: int = 0,
) -> LabelErrors:
    """The same from probabilities that somebody else's model gave out of sample; `scarce` labels are not judged."""
    kept = ~np.isin(label, scarce)
    probability, label, ids = probability[kept], label[kept], ids[kept]
    group = None if group is None else group[kept]
    suspected = np.flatnonzero(label_issues(probability, label, by=by))
    score, margin = self_confidence(probability, label), normalised_margin(probability, label)
    best = probability.argmax(axis=1)
    rows = sorted(suspected, key=lambda row: (score[row], str(ids[row])))
    share = estimated_share(probability, label, group=group, replicates=replicates, seed=seed)
    unjudged = tuple(labels[number] for number in scarce)
    agreement = float((best == label).mean()) if len(label) else 0.0
    return LabelErrors(
        suspects=tuple(
            Suspect(
                str(ids[row]), labels[label[row]], labels[best[row]], float(score[row]), float(margin[row])
            )
            for row in rows
        ),
        share=share,
        rates=noise_rates(estimated_joint(probability, label)),
        labels=labels,
        unjudged=unjudged,
        agreement=agreement,
        sentence=sentence(share, len(rows), unjudged, agreement=agreement),
    )


def estimated_share(
    probability: Float[np.ndarray, "n c"],
    label: Int[np.ndarray, " n"],
    *,
    group: Int[np.ndarray, " n"] | None = None,
    replicates: int = 200,
    seed: int = 0,
) -> Measured:
    """The share of labels that are wrong; its interval by drawing examples (or groups) again; nan without examples.

    Thresholds and counts are taken anew in each replicate; the probabilities stay as they are. The interval says how
    the estimate would vary with other examples. It does not hold the truth where the probe itself errs.
    """
    unit = np.arange(len(label)) if group is None else np.unique(group, return_inverse=True)[1]
    units = int(unit.max(initial=-1)) + 1
    value = share_wrong(estimated_joint(probability, label)) if units else math.nan
    generator = np.random.default_rng(seed)
    drawn = np.array(
        [
            share_wrong(estimated_joint(probability, label, drawn_counts(units, generator)[unit]))
            for _ in range(replicates if units > 1 else 0)
        ]
    )
    what = "examples" if group is None else "groups"
    method, note = f"bootstrap over {what}, percentile, {replicates} replicates", NOTE
    low, high = NO_INTERVAL
    if len(drawn) and drawn.min() < drawn.max():
        low, high = percentile(drawn)
        low, high = min(low, value), max(high, value)
    elif len(drawn) and value in (0.0, 1.0):
        (low, high), method = score_interval(value, units), f"Wilson with {units} {what}"
    else:
        note = f"{NOTE}; no interval: too few {what} to draw again"
    return Measured("estimated wrong labels", value, low, high, len(label), method, seeds=(seed,), note=note)


def drawn_counts(units: int, generator: np.random.Generator) -> Float[np.ndarray, " u"]:
    """How often each unit comes when as many are drawn with replacement."""
    return np.bincount(generator.integers(units, size=units), minlength=units).astype(np.float64)


def sentence(share: Measured, suspects: int, unjudged: tuple[str, ...], *, agreement: float) -> str:
    """What a reader should take from it; `agreement` is how often the most probable label is the given one."""
    if not share.n:
        said = "No label could be judged."
    else:
        interval = f" ({share.low:.1%} to {share.high:.1%})" if share.low == share.low else ""
        said = (
            f"An estimated {share.value:.1%}{interval} of {share.n:,} labels are wrong, or far fewer: "
            f"the probe agrees with {agreement:.1%} of them, and what it mistakes itself counts too. "
            + named(suspects)
        )
    if unjudged:
        said += f" Not judged, for want of examples: {', '.join(unjudged)}."
    return said


def named(suspects: int) -> str:
    if not suspects:
        return "None is named as a suspect."
    if suspects == 1:
        return "One is named as a suspect; look at it before it is changed."
    return f"{suspects:,} are named as suspects; look at them before any is changed."


def trial(*, planted: bool, seed: int) -> bool:
    """Four clouds of features, far apart; where it is planted, some examples carry another cloud's label.

    The alarm: the interval of the share of wrong labels lies above one in a hundred.
    """
    random = np.random.default_rng([seed, TRIAL.n])
    true = random.integers(4, size=TRIAL.n)
    features = (5.0 * np.eye(8)[true] + random.normal(size=(TRIAL.n, 8))).astype(np.float32)
    wrong = random.random(TRIAL.n) < (TRIAL.rate if planted else 0.0)
    given = np.where(wrong, (true + random.integers(1, 4, size=TRIAL.n)) % 4, true)
    found = audit(
        features,
        given,
        labels=("ant", "bee", "cat", "dog"),
        ids=np.arange(TRIAL.n),
        replicates=100,
        seed=seed,
    )
    return found.share.low > ALARM
