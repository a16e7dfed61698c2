"""What is wrong with found objects that are wrong, and what each sort of error costs.

Bolya et al. 2020, TIDE, arXiv:2008.08115, section 2.2: overlaps of 0.5 (found) and 0.1 (background).
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.ops.average_precision import FIFTY, Ranking, average_precision, ranking
from vidi.ops.bootstrap import mean_defined
from vidi.ops.detected import Detected
from vidi.ops.matching import LEAST, OVERLAPS, Pairs, matches_of, pairs_of

SORTS = ("class", "localisation", "both", "duplicate", "background")
MISSED = "missed"


@dataclass(frozen=True)
class Errors:
    """The sort of error of each judged object, a row of `SORTS` (-1: right, or not counted), and the true one it meant.

    Objects stand as in `Matches.ranked`; `meant` is -1 where it meant none. `missed` are true objects that nothing
    found, not even under a wrong name or in a wrong place.
    """

    sort: Int[np.ndarray, " m"]
    meant: Int[np.ndarray, " m"]
    missed: Bool[np.ndarray, " g"]


def errors(detected: Detected) -> Errors:
    """Each wrong object's sort: the first of localisation, class, duplicate, background that it is, else both."""
    matches, near = matches_of(detected), pairs_of(detected)
    true, ignored = matches.true[FIFTY], matches.ignored[FIFTY]
    used = np.zeros(len(detected.truth), dtype=bool)
    used[true[true >= 0]] = True
    column = np.full(len(detected.found), -1)
    column[matches.ranked] = np.arange(len(matches.ranked))
    keep = (column[near.found] >= 0) & ~detected.truth.is_crowd[near.true]
    near = Pairs(column[near.found[keep]], near.true[keep], near.iou[keep])
    same = detected.found.label[matches.ranked][near.found] == detected.truth.label[near.true]
    close = near.iou >= OVERLAPS[FIFTY]
    count = len(true)
    placed = _best(near, same & ~close & (near.iou >= LEAST), count)
    named = _best(near, ~same & close, count)
    again = _best(near, same & close & used[near.true], count)
    anything = _best(near, near.iou > LEAST, count)
    # Who overlaps a free object of its own class well enough would have taken it, so "localisation" comes first.
    sort = np.select(
        [placed >= 0, named >= 0, again >= 0, anything < 0],
        [SORTS.index(name) for name in ("localisation", "class", "duplicate", "background")],
        SORTS.index("both"),
    )
    sort[(true >= 0) | ignored] = -1
    meant = np.where(sort == 1, placed, np.where(sort == 0, named, -1))
    missed = ~used & matches.counted
    missed[meant[meant >= 0]] = False
    return Errors(sort, meant, missed)


def errors_of(detected: Detected) -> Errors:
    """`errors`, computed once for a record."""
    return detected.remembered("errors", lambda: errors(detected))


def _best(near: Pairs, able: Bool[np.ndarray, " p"], count: int) -> Int[np.ndarray, " m"]:
    """For each found object the true one it overlaps most among these pairs; -1 for none."""
    found, true, iou = near.found[able], near.true[able], near.iou[able]
    order = np.argsort(iou, kind="stable")
    best = np.full(count, -1)
    best[found[order]] = true[order]  # the last that is written stays
    return best


def gains(detected: Detected, counts: Int[np.ndarray, "r n"]) -> Float[np.ndarray, "r 6"]:
    """What AP50 would gain if all errors of one sort were mended: a column for each of `SORTS`, then missed.

    A wrong class or place becomes right, if it is the surest that meant an object which nothing found; every other
    wrong object is taken away, and so is a true one that was missed (section 2.3).
    """
    found = errors_of(detected)
    plain = ranking(detected, matches_of(detected))
    plain = replace(plain, hit=plain.hit[:1], ignored=plain.ignored[:1])
    base = _mean_ap(plain, counts)
    gained = [
        _mean_ap(_mended(detected, plain, found, number), counts) - base for number in range(len(SORTS))
    ]
    matches = matches_of(detected)
    rest = ~found.missed[matches.counted]
    without = replace(plain, true_image=plain.true_image[rest], true_label=plain.true_label[rest])
    return np.concatenate([*gained, _mean_ap(without, counts) - base], axis=1)


def _mean_ap(found: Ranking, counts: Int[np.ndarray, "r n"]) -> Float[np.ndarray, "r 1"]:
    return mean_defined(average_precision(found, counts)[:, :, 0])


def _mended(detected: Detected, plain: Ranking, found: Errors, number: int) -> Ranking:
    """The ranking with this sort's errors mended."""
    mine = found.sort == number
    matches = matches_of(detected)
    free = np.ones(len(detected.truth), dtype=bool)
    true = matches.true[FIFTY]
    free[true[true >= 0]] = False
    able = np.flatnonzero(mine & (found.meant >= 0))
    able = able[free[found.meant[able]]]
    surest = able[np.argsort(-plain.score[able], kind="stable")]
    _, first = np.unique(found.meant[surest], return_index=True)
    right = surest[first]
    label, hit = plain.label.copy(), plain.hit.copy()
    label[right], hit[0, right] = detected.truth.label[found.meant[right]], True
    stay = ~mine
    stay[right] = True
    order = np.flatnonzero(stay)
    order = order[np.argsort(-plain.score[order], kind="stable")]  # by class comes later, stably
    return replace(
        plain,
        image=plain.image[order],
        label=label[order],
        score=plain.score[order],
        hit=hit[:, order],
        ignored=plain.ignored[:, order],
    )
