"""Rates of class maps in groups: mean overlap and pixel accuracy of images' groups, and of parts of the image."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float

from vidi.ops.bootstrap import mean_defined, ratio, replicate_counts
from vidi.ops.group_rates import Member, Rate
from vidi.ops.segmented import Segmented

Sums = Float[np.ndarray, "r k"]


def rates_of_images(segmented: Segmented, subset: tuple[str, ...], groups: Sequence[Member]) -> list[Rate]:
    """mIoU and pixel accuracy of each group of images: their pixels together."""
    tables = [counted(segmented) * group.rows[:, None] for group in groups]
    units = [drawn_units(segmented, group.rows) for group in groups]
    return _rates(segmented, subset, [group.name for group in groups], tables, units)


def rates_of_parts(subset: tuple[str, ...], parts: Sequence[tuple[str, Segmented]]) -> list[Rate]:
    """The same of parts of the images: each the counts of the same images' pixels there."""
    whole = np.ones(len(parts[0][1].confusion), dtype=bool)
    units = [drawn_units(part, whole) for _, part in parts]
    names, tables = [name for name, _ in parts], [counted(part) for _, part in parts]
    return _rates(parts[0][1], subset, names, tables, units)


def rates_of_classes(segmented: Segmented, subset: tuple[str, ...]) -> list[Rate]:
    """IoU of each class; `n` counts the images where it is, or is predicted. Classes without a pixel are left out."""
    k, table = len(segmented.labels), counted(segmented)
    there = np.flatnonzero(table[:, k : 2 * k].sum(axis=0) > 0)
    drawn = _sums(segmented, table)
    value = ratio(drawn[:, there], drawn[:, k + there])
    n = (table[:, k + there] > 0).sum(axis=0).tolist()
    names = tuple(f"{subset[0]}={segmented.labels[place]}" for place in there)
    return [Rate("IoU", subset, names, value[0], value[1:], n, n, whole=len(table))]


def overlap_drawn(segmented: Segmented) -> Float[np.ndarray, " r1"]:
    """mIoU of the sample itself, then of its replicates."""
    return mean_overlap(len(segmented.labels))(_sums(segmented, counted(segmented)))


def counted(segmented: Segmented) -> Float[np.ndarray, "n m"]:
    """Of each image: right pixels of each class, pixels that are of it or called so, and all pixels."""
    right = segmented.right
    union = segmented.true + segmented.predicted - right
    return np.concatenate([right, union, segmented.true.sum(axis=1, keepdims=True)], axis=1)


def drawn_units(segmented: Segmented, images: Bool[np.ndarray, " n"]) -> int:
    """How many of these images, or of the groups that they are in, are drawn as wholes."""
    return int(images.sum()) if segmented.group is None else len(np.unique(segmented.group[images]))


def mean_overlap(k: int) -> Callable[[Sums], Float[np.ndarray, " r"]]:
    """mIoU from sums of `counted` with k classes; a class that is neither there nor predicted is left out."""
    return lambda sums: mean_defined(ratio(sums[:, :k], sums[:, k : 2 * k]))[:, 0]


def pixel_accuracy(k: int) -> Callable[[Sums], Float[np.ndarray, " r"]]:
    return lambda sums: ratio(sums[:, :k].sum(axis=1), sums[:, 2 * k])


def _sums(segmented: Segmented, table: Float[np.ndarray, "n m"]) -> Sums:
    """Sums over the sample itself, then over its replicates."""
    counts = replicate_counts(
        len(table), replicates=segmented.replicates, seed=segmented.seed, group=segmented.group
    )
    return np.concatenate([table.sum(axis=0, keepdims=True), counts.astype(np.float64) @ table])


def _rates(
    segmented: Segmented,
    subset: tuple[str, ...],
    names: Sequence[str],
    tables: Sequence[Float[np.ndarray, "n m"]],
    units: Sequence[int],
) -> list[Rate]:
    if not names:
        return []
    k, sums = len(segmented.labels), [_sums(segmented, table) for table in tables]
    n = [int((table[:, -1] > 0).sum()) for table in tables]
    found = []
    for name, statistic in (("mIoU", mean_overlap(k)), ("pixel accuracy", pixel_accuracy(k))):
        value = np.stack([statistic(each) for each in sums], axis=1)
        whole = len(tables[0])
        found.append(Rate(name, subset, tuple(names), value[0], value[1:], n, units, whole=whole))
    return found
