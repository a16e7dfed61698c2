"""Which drawn objects are probably wrong, and which were left out, as a detector that never saw them says.

Thresholds of each class are confident learning's (Northcutt, Jiang & Chuang 2021, arXiv:1911.00068, eq. 2); the sorts
of error are ObjectLab's (Tkachenko, Thyagarajan & Mueller 2023, arXiv:2309.00832, section 3): overlooked, swapped and
badly located; and with them what is drawn where nothing is found.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.ops.average_precision import FIFTY
from vidi.ops.detected import Detected, Objects
from vidi.ops.matching import Pairs, matches_of, pairs, pairs_of

KINDS = ("missing", "mislabelled", "badly placed", "not found")
WEAK = "not found"  # the detector may as well not see it: no ground for a share
SAME = 0.5  # an overlap that makes two objects one
BESIDE = 0.3  # what overlaps a found object by more is a part of it, or it again
LOW = 0.05  # a score that still says something was seen
SURE = 0.9  # the share of a class that is seen at low scores, without which not to be seen says nothing


@dataclass(frozen=True)
class Doubt:
    """One object in doubt: `true` numbers the drawn one (-1: missing), `found` what speaks against it (-1: nothing).

    `suspicion`, in [0, 1], orders doubts of one kind.
    """

    kind: str
    true: int
    found: int
    suspicion: float


@dataclass(frozen=True)
class Confidence:
    """How sure the model is of each drawn object's label, each class's threshold, and how much of it is seen at all."""

    own: Float[np.ndarray, " g"]
    threshold: Float[np.ndarray, " k"]
    seen: Bool[np.ndarray, " g"]
    share_seen: Float[np.ndarray, " k"]


def confidence(detected: Detected) -> Confidence:
    """`own` is the highest score of a found object of the drawn one's label with an overlap of 0.5 or more; 0 for none.

    A class's threshold is the mean of it over the objects that are found, infinite if none is. An object is seen if
    anything of a score of 0.05 or more overlaps it by 0.3.
    """
    near, truth = pairs_of(detected), detected.truth
    score, label = detected.score[near.found], detected.found.label[near.found]
    own = np.zeros(len(truth))
    mine = (label == truth.label[near.true]) & (near.iou >= SAME)
    np.maximum.at(own, near.true[mine], score[mine])
    seen = np.zeros(len(truth), bool)
    seen[near.true[(score >= LOW) & (near.iou >= BESIDE)]] = True
    counted = ~truth.is_crowd
    return Confidence(
        own,
        _mean_by(truth.label, own, counted & (own > 0), len(detected.labels), np.inf),
        seen,
        _mean_by(truth.label, seen.astype(np.float64), counted, len(detected.labels), 0.0),
    )


def _mean_by(
    label: Int[np.ndarray, " g"], values: Float[np.ndarray, " g"], rows: np.ndarray, classes: int, none: float
) -> Float[np.ndarray, " k"]:
    total = np.bincount(label[rows], values[rows], minlength=classes)
    count = np.bincount(label[rows], minlength=classes)
    return np.where(count > 0, total / np.maximum(count, 1), none)


def doubts(detected: Detected) -> list[Doubt]:
    """Every object in doubt, each drawn one once, the most suspicious of each kind first. Crowds are not judged."""
    sure = confidence(detected)
    confident = detected.score >= sure.threshold[detected.found.label]
    free = _unmatched(detected) & confident
    found = [*_mislabelled(detected, sure, free)]
    taken = {each.true for each in found}
    found += [each for each in _badly_placed(detected, sure, free) if each.true not in taken]
    taken |= {each.true for each in found}
    found += [each for each in _not_found(detected, sure) if each.true not in taken]
    found += _missing(detected, free)
    return sorted(found, key=lambda each: (KINDS.index(each.kind), -each.suspicion, each.true, each.found))


def _unmatched(detected: Detected) -> Bool[np.ndarray, " m"]:
    """Found objects that are judged and found no drawn one of their label, nor a crowd."""
    matches = matches_of(detected)
    free = np.zeros(len(detected.found), bool)
    free[matches.ranked] = (matches.true[FIFTY] < 0) & ~matches.ignored[FIFTY]
    return free


def _of(detected: Detected, able: Bool[np.ndarray, " p"], order: Float[np.ndarray, " p"]) -> Pairs:
    """Pairs, the highest `order` first, in which no found and no drawn object comes again."""
    near = pairs_of(detected)
    rows = np.flatnonzero(able)
    rows = rows[np.lexsort((near.true[rows], near.found[rows], -order[rows]))]
    used_f, used_t, kept = set[int](), set[int](), list[int]()
    for row in rows.tolist():
        f, t = int(near.found[row]), int(near.true[row])
        if f not in used_f and t not in used_t:
            used_f.add(f)
            used_t.add(t)
            kept.append(row)
    return Pairs(near.found[kept], near.true[kept], near.iou[kept])


def _mislabelled(detected: Detected, sure: Confidence, free: Bool[np.ndarray, " m"]) -> Iterator[Doubt]:
    """Drawn objects of which the model is confidently of another mind, and not confident of the label that is given."""
    near, truth = pairs_of(detected), detected.truth
    score, own = detected.score[near.found], sure.own[near.true]
    able = free[near.found] & (near.iou >= SAME) & ~truth.is_crowd[near.true]
    able &= (detected.found.label[near.found] != truth.label[near.true]) & (score > own)
    able &= own < sure.threshold[truth.label[near.true]]
    best = _of(detected, able, score - own)
    for f, t in zip(best.found.tolist(), best.true.tolist(), strict=True):
        yield Doubt("mislabelled", t, f, float(detected.score[f] - sure.own[t]))


def _badly_placed(detected: Detected, sure: Confidence, free: Bool[np.ndarray, " m"]) -> Iterator[Doubt]:
    """Drawn objects beside which one of their label is confidently found, that overlaps none better."""
    near, truth = pairs_of(detected), detected.truth
    score = detected.score[near.found]
    able = free[near.found] & (near.iou < SAME) & ~truth.is_crowd[near.true]
    able &= (detected.found.label[near.found] == truth.label[near.true]) & (score > sure.own[near.true])
    able &= ~_matched(detected)[near.true]
    best = _of(detected, able, near.iou)
    for f, t, iou in zip(best.found.tolist(), best.true.tolist(), best.iou.tolist(), strict=True):
        yield Doubt("badly placed", t, f, float(detected.score[f] * (1 - iou)))


def _matched(detected: Detected) -> Bool[np.ndarray, " g"]:
    """Drawn objects that one of their label found."""
    matches = matches_of(detected)
    found = np.zeros(len(detected.truth), bool)
    found[matches.true[FIFTY][matches.true[FIFTY] >= 0]] = True
    return found


def _not_found(detected: Detected, sure: Confidence) -> Iterator[Doubt]:
    """Drawn objects where nothing is seen, of classes of which nearly everything is."""
    truth = detected.truth
    share = sure.share_seen[truth.label]
    for t in np.flatnonzero(~sure.seen & ~truth.is_crowd & (share >= SURE)).tolist():
        yield Doubt(WEAK, t, -1, float(share[t]))


def _missing(detected: Detected, free: Bool[np.ndarray, " m"]) -> Iterator[Doubt]:
    """Confident finds where nothing is drawn: nothing that no other find explains touches them. One a place."""
    near = pairs_of(detected)
    limit = np.where(_matched(detected)[near.true] | detected.truth.is_crowd[near.true], BESIDE, 0.0)
    there = np.zeros(len(detected.found), bool)
    there[near.found[near.iou >= limit]] = True
    rows = np.flatnonzero(free & ~there)
    rows = rows[np.argsort(-detected.score[rows], kind="stable")]
    for f in _apart(detected, rows):
        yield Doubt("missing", -1, f, float(detected.score[f]))


def _apart(detected: Detected, rows: Int[np.ndarray, " r"]) -> list[int]:
    """Of found objects that overlap by half, whatever their labels, the first."""
    mine = detected.found.take(rows)
    plain = Objects(mine.image, mine.label, mine.box, mask=mine.mask)
    near = pairs(Detected(plain, mine, detected.images, detected.labels))
    close = near.iou >= SAME
    behind: dict[int, set[int]] = {}
    for a, b in zip(near.true[close].tolist(), near.found[close].tolist(), strict=True):
        if a < b:
            behind.setdefault(b, set()).add(a)
    kept = set[int]()
    for place in range(len(rows)):
        if not behind.get(place, set()) & kept:
            kept.add(place)
    return [int(rows[place]) for place in sorted(kept)]
