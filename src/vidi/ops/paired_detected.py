"""Two models that find objects on the same images: how far apart in average precision, and could it be luck?"""

from dataclasses import fields

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.ops.average_precision import (
    FIFTY,
    SEVENTY_FIVE,
    Ranking,
    average_precision,
    once,
    ranking,
    replicates_of,
)
from vidi.ops.detected import Detected
from vidi.ops.matching import matches_of
from vidi.ops.paired import PairedDifference, of_replicates
from vidi.ops.resampled import mean_of

BY_IMAGE, BY_TRUTH = ("image", "label", "score"), ("true_image", "true_label")


def differences(first: Detected, second: Detected) -> dict[tuple[str, str], PairedDifference]:
    """First minus second by name and label: AP, AP50 and AP75, then AP of each label that is there.

    Each replicate draws the same images of both (whole groups where there are groups). Raises ValueError unless
    both are of the same images.
    """
    _check(first, second)
    counts = np.concatenate([once(first.images), _counts(first, second)])
    one, other = (average_precision(ranking(each, matches_of(each)), counts) for each in (first, second))
    units = first.images if first.group is None else len(np.unique(first.group))
    what = "images" if first.group is None else "groups"

    def apart(a: Float[np.ndarray, "r k t"], b: Float[np.ndarray, "r k t"]) -> PairedDifference:
        apart = mean_of(a) - mean_of(b)
        return of_replicates(float(apart[0]), apart[1:], units, what=what)

    found = {
        ("AP", ""): apart(one, other),
        ("AP50", ""): apart(one[:, :, [FIFTY]], other[:, :, [FIFTY]]),
        ("AP75", ""): apart(one[:, :, [SEVENTY_FIVE]], other[:, :, [SEVENTY_FIVE]]),
    }
    there = np.flatnonzero(~np.isnan(one[0]).all(axis=1))
    labels = {("AP", first.labels[k]): apart(one[:, [k]], other[:, [k]]) for k in there.tolist()}
    return found | (labels if len(there) > 1 else {})


def swapped(first: Detected, second: Detected) -> float:
    """Two-sided p value in (0, 1] that it does not matter for AP which model answered for which image.

    The answers to each image (to a group's images together) are swapped or not by a coin, as in `ops.paired.swap_test`:
    it keeps its level however few the images. An image of each model's is one of 2n, which a coin counts once or not.
    """
    _check(first, second)
    both = joined(*(ranking(each, matches_of(each)) for each in (first, second)), images=first.images)
    coins = _coins(first, len(_counts(first, second)))
    plain = np.ones((1, first.images), bool)
    own = np.concatenate([plain, coins])
    one, other = (
        mean_of(average_precision(both, np.concatenate([who, ~who], axis=1).astype(np.int16)))
        for who in (own, ~own)
    )
    apart = np.abs(one - other)
    if np.isnan(apart[0]):
        return float("nan")
    return (int((apart[1:] >= apart[0] * (1 - 1e-9)).sum()) + 1) / len(apart)


def joined(one: Ranking, other: Ranking, *, images: int) -> Ranking:
    """Both rankings as one of twice as many images: those of `other` come after all of `one`."""
    told = {each.name: [getattr(r, each.name) for r in (one, other)] for each in fields(Ranking)}
    for name in ("image", "true_image"):
        told[name][1] = told[name][1] + images
    order = np.lexsort((-np.concatenate(told["score"]), np.concatenate(told["label"])))
    return Ranking(
        **{name: np.concatenate(told[name])[order] for name in BY_IMAGE},
        **{name: np.concatenate(told[name], axis=1)[:, order] for name in ("hit", "ignored")},
        **{name: np.concatenate(told[name]) for name in BY_TRUTH},
        labels=one.labels,
    )


def _counts(first: Detected, second: Detected) -> Int[np.ndarray, "r n"]:
    """The replicates of both: as many as the one with more objects can pay for."""
    return min((replicates_of(each) for each in (first, second)), key=len)


def _coins(detected: Detected, replicates: int) -> Bool[np.ndarray, "r n"]:
    """Heads or tails for each image, the same for images of one group."""
    member = np.arange(detected.images) if detected.group is None else detected.group
    number = np.unique(member, return_inverse=True)[1]
    flips = np.random.default_rng(detected.seed).integers(2, size=(replicates, int(number.max()) + 1))
    return np.asarray(flips[:, number], bool)


def _check(first: Detected, second: Detected) -> None:
    if (first.images, first.labels) != (second.images, second.labels):
        raise ValueError(
            f"a pair is of the same images and labels; got {first.images} images of {first.labels} and "
            f"{second.images} of {second.labels}"
        )
