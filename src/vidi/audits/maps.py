"""Where are pixels called by the wrong class? Mean overlap by groups of images, by class, and by place in the image."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from vidi.core.card import Card, Trial
from vidi.core.errors import UsageError, check_option, nearest_names
from vidi.ops.group_rates import GroupRates, Member, Texts, members, subsets, told
from vidi.ops.grouped_maps import rates_of_classes, rates_of_images, rates_of_parts
from vidi.ops.segmented import Segmented, confusion, segmented

CARD = Card(
    title="Class maps by group",
    idea="Mean overlap and pixel accuracy in every group of images, at the border and in the middle, and how far they "
    "are apart.",
    paper="Everingham et al. 2010, The Pascal VOC challenge, section 4.1.3; Buolamwini & Gebru 2018, PMLR 81",
    differs="Intervals are over images: pixels of one image are not independent.",
    serves=("segmentation",),
)
TRIAL = Trial(n=120, fault="pixels called by the wrong class on one of two groups of images", rate=0.05)
LABEL, PLACE = "class", "pixel place"
SMALLEST, MOST_BY = 10, 6
BORDER = 0.1  # of each side
INNER = 0.5
Maps = tuple[NDArray[np.integer], NDArray[np.integer]]


def audit(
    judged: Segmented,
    maps: Sequence[Maps] = (),
    *,
    ignore: int | None = None,
    images: Mapping[str, Texts] | None = None,
    by: Sequence[str] = (),
    smallest: int = SMALLEST,
) -> GroupRates:
    """mIoU and pixel accuracy in every group of every subset of the attributes `by`, IoU by class, and with `maps`, the
    (true, predicted) numbers of each image's pixels, at the border, in the middle and between.

    `images` are the attributes of each image by name, as texts. Groups of fewer than `smallest` images are named and
    have no rates. Raises UsageError for attributes that are not there.
    """
    images = dict(images or {})
    check(by, list(images), smallest)
    rates = [*rates_of_images(judged, (), [Member("all", np.ones(len(judged.confusion), dtype=bool))])]
    small: list[tuple[str, int]] = []
    for subset in subsets(by):
        groups, few = members(subset, [images[name] for name in subset], smallest=smallest)
        small += few
        rates += rates_of_images(judged, subset, groups)
    own = [name for name in (LABEL, *([PLACE] if len(maps) else [])) if name not in images]
    if LABEL in own:
        rates += rates_of_classes(judged, (LABEL,))
    if PLACE in own:
        rates += rates_of_parts((PLACE,), by_place(judged, maps, ignore))
    return GroupRates((*by, *own), smallest, told(rates, judged), tuple(small))


def check(by: Sequence[str], known: list[str], smallest: int) -> None:
    """Raises UsageError for attributes that are not there, named twice or too many."""
    check_option("smallest group", smallest, holds=smallest >= 1, wanted="1 or more")
    check_option("by", list(by), holds=len(by) <= MOST_BY, wanted=f"{MOST_BY} attributes at most")
    if len(set(by)) < len(by):
        raise UsageError(f"--by names each attribute once; got {', '.join(by)}")
    for name in by:
        if name not in known:
            there = f"there are {', '.join(known)}{nearest_names(name, known)}" if known else "they have none"
            raise UsageError(f"the images have no attribute {name!r}; {there}")


def by_place(judged: Segmented, maps: Sequence[Maps], ignore: int | None) -> list[tuple[str, Segmented]]:
    """The pixels of each part of the images, counted apart."""
    k = len(judged.labels)
    counts: dict[str, list[NDArray[np.int64]]] = {}
    for true, predicted in maps:
        for name, part in parts_of(true.shape).items():
            here = confusion(true[part][None], predicted[part][None], k, ignore=ignore)
            counts.setdefault(name, []).append(here)
    none = np.full((len(maps), k), np.nan)
    return [
        (
            f"{PLACE}={name}",
            Segmented(np.array(each), none, judged.labels, judged.replicates, judged.seed, judged.group),
        )
        for name, each in counts.items()
    ]


def parts_of(shape: tuple[int, ...]) -> dict[str, Bool[np.ndarray, "h w"]]:
    """At the border (a tenth of each side), in the middle (the inner half of both sides), and between."""
    across = [np.abs((np.arange(side) + 0.5) / side - 0.5) * 2 for side in shape]
    outward = np.maximum(across[0][:, None], across[1][None, :])
    border, middle = outward >= 1 - 2 * BORDER, outward <= INNER
    return {"at the border": border, "between": ~border & ~middle, "in the middle": middle}


def trial(*, planted: bool, seed: int) -> bool:
    """Maps of stripes with one pixel in ten wrong, and where it is planted more of them on the second half.

    The alarm: the interval of gap(mIoU, group) leaves out 0.
    """
    random = np.random.default_rng([seed, planted])
    half = np.arange(TRIAL.n) >= TRIAL.n // 2
    pairs = []
    for late in half:
        true = (np.arange(12)[:, None] // 4 + np.zeros((1, 12), dtype=int)) % 3
        rate = random.uniform(0.05, 0.15) + (TRIAL.rate if late and planted else 0)
        pairs.append((true, np.where(random.random(true.shape) < rate, (true + 1) % 3, true)))
    judged = segmented(pairs, ("a", "b", "c"), replicates=100, seed=seed)
    groups = {"group": np.where(half, "second", "first").astype(object)}
    gap = audit(judged, images=groups, by=["group"]).find("gap(mIoU, group)")
    return gap is not None and gap.low > 0
