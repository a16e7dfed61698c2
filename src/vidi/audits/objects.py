"""Which objects go unseen? Precision and recall by groups of images, and of objects by label, size and place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vidi.core.card import Card, Trial
from vidi.core.errors import UsageError, check_option, nearest_names
from vidi.ops import grouped_objects as measure
from vidi.ops.detected import Detected, gathered
from vidi.ops.group_rates import GroupRates, Member, Rate, Texts, members, subsets, told
from vidi.ops.matching import matches_of
from vidi.ops.object_traits import places, size_bounds, sizes

CARD = Card(
    title="Objects by group",
    idea="Average precision and recall in every group of images, recall of objects by label, size and place, and how "
    "far the groups are apart.",
    paper="Lin et al. 2014, arXiv:1405.0312 (matching, average precision); Buolamwini & Gebru 2018, PMLR 81",
    differs="Recall counts what is found with a score of 0.3 or more, which is what predictions keep; intervals are "
    "over images, whose objects are drawn together.",
    serves=("detection", "instances"),
)
TRIAL = Trial(
    n=100, fault="objects that go unseen in one of two groups of images, and not in the other", rate=0.2
)
LABEL, SIZE, PLACE = "class", "object size", "object place"
SMALLEST, MOST_BY = 10, 6


def audit(
    detected: Detected,
    *,
    image_hw: Sequence[tuple[int, int]],
    images: Mapping[str, Texts] | None = None,
    by: Sequence[str] = (),
    smallest: int = SMALLEST,
) -> GroupRates:
    """AP, AP50, recall and D-ECE in every group of every subset of the attributes `by`, and by label, size and place of
    the objects; gaps, ratios and worst groups for each.

    `images` are the attributes of each image by name, as texts. `by` may also name `class`, `object size` and `object
    place`: then they are crossed with the others, and there only recall is told. Groups of fewer than `smallest`
    images, or objects, are named and have no rates. Raises UsageError for attributes that are not there.
    """
    look = Look(detected, dict(images or {}), traits_of(detected, image_hw))
    check(by, look, smallest)
    everything = tuple(dict.fromkeys([*by, *look.own]))
    rates, small = list(of_images(detected, (), [Member("all", np.ones(detected.images, dtype=bool))])), []
    for subset in [*subsets(by), *((name,) for name in everything if name not in by)]:
        groups, few = look.groups(subset, smallest)
        small += few
        told_of = of_objects if look.objects(subset) else of_images
        rates += told_of(detected, subset, groups)
    return GroupRates(everything, smallest, told(rates, detected), tuple(small), tuple(said(detected)))


@dataclass(frozen=True)
class Look:
    """What was found, the attributes of each image, and those of each true object."""

    detected: Detected
    images: Mapping[str, Texts]
    traits: Mapping[str, Texts]

    @property
    def own(self) -> list[str]:
        """The objects' attributes, but for those whose name an attribute of images has."""
        return [name for name in self.traits if name not in self.images]

    def objects(self, subset: Sequence[str]) -> bool:
        """Whether these attributes make groups of objects, not of images."""
        return any(name in self.own for name in subset)

    def groups(self, subset: tuple[str, ...], smallest: int) -> tuple[list[Member], list[tuple[str, int]]]:
        """The groups of images, or of the true objects that count, and those that are too small."""
        if not self.objects(subset):
            return members(subset, [self.images[name] for name in subset], smallest=smallest)
        rows = np.flatnonzero(matches_of(self.detected).counted)
        image = self.detected.truth.image
        values = [
            self.traits[name][rows] if name in self.own else self.images[name][image[rows]] for name in subset
        ]
        found, small = members(subset, values, smallest=smallest)
        spread = np.zeros((len(found), len(image)), dtype=bool)
        for place, group in enumerate(found):
            spread[place, rows] = group.rows
        return [Member(group.name, spread[place]) for place, group in enumerate(found)], small


def of_images(detected: Detected, subset: tuple[str, ...], groups: Sequence[Member]) -> Iterator[Rate]:
    """What can be told of groups of images."""
    yield from measure.precision_of_images(detected, subset, groups)
    yield measure.recall_of_objects(detected, subset, [with_objects(detected, group) for group in groups])
    yield measure.calibration_of_images(detected, subset, groups)


def of_objects(detected: Detected, subset: tuple[str, ...], groups: Sequence[Member]) -> Iterator[Rate]:
    """What can be told of groups of objects: only of a label, or of a size, is it known what a false alarm is."""
    if subset == (LABEL,):
        yield from measure.precision_of_labels(detected, subset, groups)
        yield measure.calibration_of_labels(detected, subset, groups)
    if subset == (SIZE,):
        bounds = size_bounds(detected.truth.size)
        ranges = [bounds[group.name.removeprefix(f"{SIZE}=")] for group in groups]
        yield from measure.precision_of_sizes(detected, subset, groups, ranges)
    yield measure.recall_of_objects(detected, subset, groups)


def with_objects(detected: Detected, group: Member) -> Member:
    """The true objects on a group's images."""
    return Member(group.name, group.rows[detected.truth.image])


def traits_of(detected: Detected, image_hw: Sequence[tuple[int, int]]) -> dict[str, Texts]:
    """Label, size and place of each true object in words."""
    truth = detected.truth
    return {
        LABEL: np.array(detected.labels, object)[truth.label],
        SIZE: sizes(truth.size, size_bounds(truth.size)),
        PLACE: places(truth.box, truth.image, image_hw),
    }


def check(by: Sequence[str], look: Look, smallest: int) -> None:
    """Raises UsageError for attributes that are not there, named twice or too many."""
    check_option("smallest group", smallest, holds=smallest >= 1, wanted="1 or more")
    check_option("by", list(by), holds=len(by) <= MOST_BY, wanted=f"{MOST_BY} attributes at most")
    if len(set(by)) < len(by):
        raise UsageError(f"--by names each attribute once; got {', '.join(by)}")
    known = [*look.images, *look.own]
    for name in by:
        if name not in known:
            raise UsageError(
                f"the images have no attribute {name!r}; there are {', '.join(known)}{nearest_names(name, known)}"
            )


def said(detected: Detected) -> Iterator[str]:
    """What a reader must know before the numbers."""
    bounds = size_bounds(detected.truth.size)
    if next(iter(bounds)) != "small":
        edges = [round(high**0.5) for _, high in list(bounds.values())[:2]]
        yield (
            "nearly all objects are of one of COCO's sizes, so their own thirds are compared: up to "
            f"{edges[0]} x {edges[0]} pixels, up to {edges[1]} x {edges[1]}, and larger"
        )
    empty = detected.images - len(np.unique(detected.truth.image))
    if empty:
        yield f"{empty:,} images have no object: they say something of false alarms, and nothing of recall"


def trial(*, planted: bool, seed: int) -> bool:
    """Two objects on each image; nine in ten are found, and where it is planted fewer on the second half.

    The alarm: the interval of gap(recall, group) leaves out 0.
    """
    random = np.random.default_rng([seed, planted])
    half = np.arange(TRIAL.n) >= TRIAL.n // 2
    chance = np.where(half & planted, 0.9 - TRIAL.rate, 0.9)
    box = np.array([[10.0, 10.0, 40.0, 40.0], [50.0, 10.0, 90.0, 60.0]])
    keep = [random.random(2) < share for share in chance]
    truth = gathered([box] * TRIAL.n, [np.array([0, 1])] * TRIAL.n)
    found = gathered(
        [box[each] for each in keep],
        [np.flatnonzero(each) for each in keep],
        scores=[0.5 + random.random(int(each.sum())) / 2 for each in keep],
    )
    detected = Detected(truth, found, TRIAL.n, ("disc", "square"), replicates=60, seed=seed)
    groups = {"group": np.where(half, "second", "first").astype(object)}
    found_gap = audit(detected, image_hw=[(100, 100)] * TRIAL.n, images=groups, by=["group"]).find(
        "gap(recall, group)"
    )
    return found_gap is not None and found_gap.low > 0
