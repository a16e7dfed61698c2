"""Rates of found objects in groups: average precision and calibration of images' groups, recall of objects'."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.ops.average_precision import FIFTY, Ranking, average_precision, once, ranking
from vidi.ops.bootstrap import ratio
from vidi.ops.detected import Detected
from vidi.ops.detection_calibration import binned, error
from vidi.ops.group_rates import Member, Rate
from vidi.ops.matching import Matches, match, matches_of, pairs_of
from vidi.ops.resampled import counts_of, mean_of

LEAST = 0.3  # a found object with a lower score is not kept by who predicts
SEEN = f"found with a score of {LEAST} or more, at an overlap of 0.5"
Numbers = tuple[Float[np.ndarray, " k"], Float[np.ndarray, "r k"]]


def precision_of_images(detected: Detected, subset: tuple[str, ...], groups: Sequence[Member]) -> list[Rate]:
    """AP and AP50 of each group of images: what COCO's evaluation gives for these images alone."""
    whole = ranking(detected, matches_of(detected))
    numbers = [_precision(detected, among(whole, group.rows)) for group in groups]
    units = [drawn_units(detected, group.rows) for group in groups]
    notes = [without(detected, group) for group in groups]
    return _rates(subset, groups, numbers, [group.n for group in groups], units, notes)


def without(detected: Detected, group: Member) -> str:
    """A note on labels that objects elsewhere have, and none on these images: the mean is over others; else empty."""
    counts = matches_of(detected).counted
    here = counts & group.rows[detected.truth.image]
    missing = sorted(set(detected.truth.label[counts].tolist()) - set(detected.truth.label[here].tolist()))
    named = ", ".join(detected.labels[number] for number in missing[:5])
    return f"a mean without {len(missing)} labels that are not here: {named}" if missing else ""


def precision_of_labels(detected: Detected, subset: tuple[str, ...], groups: Sequence[Member]) -> list[Rate]:
    """AP and AP50 of each label's objects; `groups` are objects of one label each."""
    value = average_precision(ranking(detected, matches_of(detected)), drawings(detected))
    label = [int(detected.truth.label[np.argmax(group.rows)]) for group in groups]
    numbers = [(_both(value[:, [k]])[0], _both(value[:, [k]])[1:]) for k in label]
    return _rates(subset, groups, numbers, [group.n for group in groups], _units(detected, groups))


def precision_of_sizes(
    detected: Detected,
    subset: tuple[str, ...],
    groups: Sequence[Member],
    bounds: Sequence[tuple[float, float]],
) -> list[Rate]:
    """AP and AP50 of objects whose area is in a range of `bounds`, one for each group: COCO's rule for its sizes."""
    numbers = []
    for size in bounds:
        found: Matches = match(detected, pairs_of(detected), size)
        numbers.append(_precision(detected, ranking(detected, found)))
    return _rates(subset, groups, numbers, [group.n for group in groups], _units(detected, groups))


def precision_drawn(detected: Detected) -> Float[np.ndarray, " r1"]:
    """AP of the sample itself, then of its replicates."""
    return mean_of(average_precision(ranking(detected, matches_of(detected)), drawings(detected)))


def recall_of_objects(detected: Detected, subset: tuple[str, ...], groups: Sequence[Member]) -> Rate:
    """The share of each group's true objects that are `SEEN`; crowds do not count."""
    matches, seen = matches_of(detected), seen_objects(detected)
    hits, there = (np.zeros((detected.images, len(groups))) for _ in range(2))
    for column, group in enumerate(groups):
        rows = np.flatnonzero(group.rows & matches.counted)
        np.add.at(there[:, column], detected.truth.image[rows], 1)
        np.add.at(hits[:, column], detected.truth.image[rows], seen[rows])
    counts = drawings(detected).astype(np.float64)
    share = ratio(counts @ hits, counts @ there)
    n = there.sum(axis=0).astype(int).tolist()
    names, units = tuple(group.name for group in groups), _units(detected, groups)
    return Rate("recall", subset, names, share[0], share[1:], n, units, [SEEN] * len(groups))


def calibration_of_images(detected: Detected, subset: tuple[str, ...], groups: Sequence[Member]) -> Rate:
    """The calibration error of the scores in each group of images; larger, by chance alone, where there are fewer."""
    values = binned(detected)
    tables = [values * group.rows[:, None, None] for group in groups]
    units = [drawn_units(detected, group.rows) for group in groups]
    return _calibration(detected, subset, groups, tables, units)


def calibration_of_labels(detected: Detected, subset: tuple[str, ...], groups: Sequence[Member]) -> Rate:
    """The calibration error of what is called by each label; `groups` are objects of one label each."""
    labels = [int(detected.truth.label[np.argmax(group.rows)]) for group in groups]
    tables = [binned(detected, label) for label in labels]
    units = [drawn_units(detected, table[..., 1].sum(axis=1) > 0) for table in tables]
    return _calibration(detected, subset, groups, tables, units)


def _calibration(
    detected: Detected,
    subset: tuple[str, ...],
    groups: Sequence[Member],
    tables: Sequence[Float[np.ndarray, "n b 2"]],
    units: Sequence[int],
) -> Rate:
    counts = drawings(detected).astype(np.float64)
    columns = [error(np.einsum("rn,nbk->rbk", counts, table, optimize=True)) for table in tables]
    both = np.stack(columns, axis=1) if columns else np.zeros((len(counts), 0))
    found = [int(table[..., 1].sum()) for table in tables]
    notes = [f"{count} found objects; biased upwards, the more so the fewer" for count in found]
    names, n = tuple(group.name for group in groups), [group.n for group in groups]
    name = "detection calibration error"
    return Rate(name, subset, names, both[0], both[1:], n, units, notes, errors=True)


def seen_objects(detected: Detected) -> Bool[np.ndarray, " g"]:
    """Whether each true object is `SEEN`."""
    matches = matches_of(detected)
    true = matches.true[FIFTY]
    seen = np.zeros(len(detected.truth), dtype=bool)
    seen[true[(true >= 0) & (detected.score[matches.ranked] >= LEAST)]] = True
    return seen


def drawings(detected: Detected) -> Int[np.ndarray, "r1 n"]:
    """The sample itself, then its replicates: how often each image is in each."""
    return np.concatenate([once(detected.images), counts_of(detected)])


def among(whole: Ranking, images: Bool[np.ndarray, " n"]) -> Ranking:
    """What was found and is to be found on these images."""
    judged, true = images[whole.image], images[whole.true_image]
    return replace(
        whole,
        image=whole.image[judged],
        label=whole.label[judged],
        score=whole.score[judged],
        hit=whole.hit[:, judged],
        ignored=whole.ignored[:, judged],
        true_image=whole.true_image[true],
        true_label=whole.true_label[true],
    )


def drawn_units(detected: Detected, images: Bool[np.ndarray, " n"]) -> int:
    """How many of these images, or of the groups that they are in, are drawn as wholes."""
    return int(images.sum()) if detected.group is None else len(np.unique(detected.group[images]))


def _units(detected: Detected, groups: Sequence[Member]) -> list[int]:
    found = []
    for group in groups:
        images = np.zeros(detected.images, dtype=bool)
        images[detected.truth.image[group.rows]] = True
        found.append(drawn_units(detected, images))
    return found


def _precision(detected: Detected, found: Ranking) -> Numbers:
    both = _both(average_precision(found, drawings(detected)))
    return both[0], both[1:]


def _both(value: Float[np.ndarray, "r k t"]) -> Float[np.ndarray, "r 2"]:
    """AP and AP50, means over the labels that are there."""
    return np.stack([mean_of(value), mean_of(value[:, :, FIFTY])], axis=1)


def _rates(
    subset: tuple[str, ...],
    groups: Sequence[Member],
    numbers: Sequence[Numbers],
    n: Sequence[int],
    units: Sequence[int],
    notes: Sequence[str] = (),
) -> list[Rate]:
    if not groups:
        return []
    names = tuple(group.name for group in groups)
    value, drawn = (np.stack([pair[which] for pair in numbers], axis=-1) for which in (0, 1))
    return [
        Rate(name, subset, names, value[column], drawn[:, column], n, units, notes)
        for column, name in enumerate(("AP", "AP50"))
    ]
