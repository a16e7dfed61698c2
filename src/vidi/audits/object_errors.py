"""Which drawn objects are probably wrong, and which were probably forgotten?"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Shaped

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.data.drawn.detections import annotated
from vidi.ops.bootstrap import ratio_of
from vidi.ops.detected import Detected
from vidi.ops.matching import pairs_of
from vidi.ops.object_errors import KINDS, SURE, WEAK, Doubt, confidence, doubts

CARD = Card(
    title="Object errors",
    idea="A detector that did not learn from these images contradicts what is drawn on them: a confident find where "
    "nothing is drawn, one of another label or beside the drawn place, and a drawn object where nothing is found.",
    paper="Tkachenko, Thyagarajan & Mueller 2023, ObjectLab, arXiv:2309.00832; thresholds: Northcutt, Jiang & Chuang "
    "2021, arXiv:1911.00068, eq. 2",
    differs="Confident is as sure as the detector is on average of what it finds of the class, where ObjectLab takes "
    "0.95; objects are named, not only images ranked; what nothing is found at is named too.",
    serves=("detection", "instances"),
)
TRIAL = Trial(
    n=100, fault="objects left out, named otherwise, drawn beside their place, or where nothing is", rate=0.1
)
ALARM = 0.01  # of the objects: a decent detector is confidently wrong that often
FEWEST = 20  # drawn objects without which no threshold can be trusted
NOTE = "named by the detector; its own confident mistakes count too"


@dataclass(frozen=True)
class Suspect:
    """An object in doubt: its image's id, what is wrong, the label given and the one suggested ("" where none is).

    `box` is what is drawn, or what was found where nothing is; `suggested_box` where the detector finds it otherwise.
    `score` is the detector's, nan without one; `overlap` that of both boxes. `suspicion` orders suspects of one kind.
    """

    id: str
    kind: str
    given: str
    suggested: str
    box: tuple[float, ...]
    suggested_box: tuple[float, ...] | None
    score: float
    overlap: float
    suspicion: float

    def record(self) -> dict[str, Any]:
        return {key: None if value != value else value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class ObjectErrors:
    """Suspects by kind, the most suspicious first; images, the most suspicious first; the share that is in doubt.

    What is not found counts neither in the share nor in the order of images: the detector may as well not see it. It is
    not looked for among the labels `unjudged`, of which too little is found.
    """

    suspects: tuple[Suspect, ...]
    images: tuple[tuple[str, float], ...]
    share: Measured
    counts: dict[str, int]
    unjudged: tuple[str, ...]
    sentences: tuple[str, ...]


def audit(detected: Detected, *, ids: Shaped[np.ndarray, " n"]) -> ObjectErrors:
    """What a detector says of the annotations of `n` images that it did not learn from; `ids` name the images."""
    if len(ids) != detected.images:
        raise ValueError(f"an id for each image was wanted; got {len(ids)} for {detected.images} images")
    found = doubts(detected)
    sure = confidence(detected)
    drawn = np.bincount(detected.truth.label[~detected.truth.is_crowd], minlength=len(detected.labels))
    unjudged = tuple(
        label
        for label, n, seen in zip(detected.labels, drawn, sure.share_seen, strict=True)
        if n and seen < SURE
    )
    counts = {kind: sum(each.kind == kind for each in found) for kind in KINDS}
    share = named_share(detected, found)
    return ObjectErrors(
        tuple(suspect(detected, each, ids) for each in found),
        ranked(detected, found, ids),
        share,
        counts,
        unjudged,
        sentences(share, counts, unjudged),
    )


def image_of(detected: Detected, doubt: Doubt) -> int:
    return int(detected.found.image[doubt.found] if doubt.true < 0 else detected.truth.image[doubt.true])


def suspect(detected: Detected, doubt: Doubt, ids: Shaped[np.ndarray, " n"]) -> Suspect:
    """A doubt in words and corners."""
    truth, found, near = detected.truth, detected.found, pairs_of(detected)
    given = "" if doubt.true < 0 else detected.labels[int(truth.label[doubt.true])]
    suggested = "" if doubt.found < 0 else detected.labels[int(found.label[doubt.found])]
    boxes = [
        None if number < 0 else tuple(round(float(value), 2) for value in objects.box[number])
        for objects, number in ((truth, doubt.true), (found, doubt.found))
    ]
    both = (near.true == doubt.true) & (near.found == doubt.found)
    return Suspect(
        id=str(ids[image_of(detected, doubt)]),
        kind=doubt.kind,
        given=given,
        suggested=suggested,
        box=boxes[0] or boxes[1] or (),
        suggested_box=boxes[1] if boxes[0] else None,
        score=float("nan") if doubt.found < 0 else round(float(detected.score[doubt.found]), 4),
        overlap=round(float(near.iou[both].max(initial=0.0)), 4),
        suspicion=round(doubt.suspicion, 4),
    )


def ranked(
    detected: Detected, found: Sequence[Doubt], ids: Shaped[np.ndarray, " n"]
) -> tuple[tuple[str, float], ...]:
    """Images with suspects by the chance that one of them is right, were suspicions independent chances."""
    clean = np.ones(detected.images)
    for each in found:
        if each.kind == WEAK:
            continue
        clean[image_of(detected, each)] *= 1 - min(each.suspicion, 0.999)
    rows = np.flatnonzero(clean < 1)
    rows = rows[np.argsort(clean[rows], kind="stable")]
    return tuple((str(ids[row]), round(float(1 - clean[row]), 4)) for row in rows)


def named_share(detected: Detected, found: Sequence[Doubt]) -> Measured:
    """Suspects of all objects that are drawn or missing; its interval by drawing images (or groups) again."""
    named, missing = (
        np.bincount(np.array([image_of(detected, d) for d in of], np.int64), minlength=detected.images)
        for of in ([d for d in found if d.kind != WEAK], [d for d in found if d.true < 0])
    )
    drawn = np.bincount(detected.truth.image[~detected.truth.is_crowd], minlength=detected.images)
    whole = drawn + missing
    return ratio_of("objects in doubt", named, whole, detected, n=int(whole.sum()), note=NOTE)


def sentences(share: Measured, counts: dict[str, int], unjudged: tuple[str, ...]) -> tuple[str, ...]:
    """What a reader should take from it."""
    if share.n < FEWEST:
        return (f"{share.n} objects are drawn or found: too few to say which are wrong.",)
    strong = {kind: count for kind, count in counts.items() if kind != WEAK}
    named = ", ".join(f"{count:,} {kind}" for kind, count in strong.items())
    interval = f" ({share.low:.1%} to {share.high:.1%})" if share.low == share.low else ""
    said = [
        f"Of {share.n:,} objects {share.value:.1%}{interval} are in doubt: {named}. The detector's own mistakes count "
        "too: look at them before any is changed."
        if any(strong.values())
        else f"None of {share.n:,} objects is in doubt."
    ]
    if counts[WEAK]:
        said.append(
            f"At {counts[WEAK]:,} drawn objects nothing is found: they are badly drawn, or the detector does not see "
            "them."
        )
    if unjudged:
        said.append(f"It finds too little of {', '.join(unjudged)} for that to say anything.")
    return tuple(said)


def trial(*, planted: bool, seed: int) -> bool:
    """Annotations of images with three to six objects, and what a decent detector finds on them.

    The alarm: the interval of the share in doubt lies above one in a hundred.
    """
    detected, _ = annotated(TRIAL.n, rate=TRIAL.rate if planted else 0.0, seed=seed)
    return audit(detected, ids=np.arange(TRIAL.n)).share.low > ALARM
