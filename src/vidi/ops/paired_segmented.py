"""Two models that give every pixel a class, on the same images: how far apart, and could it be luck?"""

from functools import partial

import numpy as np
from jaxtyping import Float

from vidi.ops.bootstrap import Statistic, mean_defined, ratio
from vidi.ops.paired import PairedDifference, paired_bootstrap, swap_test
from vidi.ops.segmented import Segmented

Sums = Float[np.ndarray, "r k"]


def differences(first: Segmented, second: Segmented) -> dict[tuple[str, str], PairedDifference]:
    """First minus second by name and label: mIoU, pixel accuracy and boundary F, then IoU of each class that is there.

    Each replicate draws the same images of both (whole groups where there are groups).
    """
    k = len(first.labels)
    regions = [_regions(each) for each in (first, second)]
    pixels = [np.stack([each.right.sum(axis=1), each.true.sum(axis=1)], axis=1) for each in (first, second)]
    outlines = [_outlines(each) for each in (first, second)]

    def apart(pair: list[Float[np.ndarray, "n j"]], statistic: Statistic) -> PairedDifference:
        one, other = pair
        return paired_bootstrap(
            one, other, statistic, replicates=first.replicates, seed=first.seed, group=first.group
        )

    found = {
        ("mIoU", ""): apart(regions, partial(_mean_ratio, k=k)),
        ("pixel accuracy", ""): apart(pixels, lambda sums: ratio(sums[:, :1], sums[:, 1:])),
        ("boundary F", ""): apart(outlines, partial(_mean_ratio, k=k)),
    }
    for number in np.flatnonzero(sum(each[:, k:].sum(axis=0) for each in regions)).tolist():
        columns = [each[:, [number, k + number]] for each in regions]
        found["IoU", first.labels[number]] = apart(columns, lambda sums: ratio(sums[:, :1], sums[:, 1:]))
    return found


def swapped(first: Segmented, second: Segmented) -> float:
    """Two-sided p value in (0, 1] that it does not matter for mIoU which model answered for which image (or group)."""
    return swap_test(
        _regions(first),
        _regions(second),
        partial(_mean_ratio, k=len(first.labels)),
        replicates=first.replicates,
        seed=first.seed,
        group=first.group,
    )


def _mean_ratio(sums: Sums, *, k: int) -> Float[np.ndarray, "r 1"]:
    return mean_defined(ratio(sums[:, :k], sums[:, k:]))


def _regions(segmented: Segmented) -> Float[np.ndarray, "n j"]:
    """Pixels of each class that were found, and those that are of it, were predicted so, or both."""
    union = segmented.true + segmented.predicted - segmented.right
    return np.concatenate([segmented.right, union], axis=1)


def _outlines(segmented: Segmented) -> Float[np.ndarray, "n j"]:
    """F of each class's outline, and whether there is one."""
    known = ~np.isnan(segmented.boundary)
    return np.concatenate([np.where(known, segmented.boundary, 0.0), known.astype(np.float64)], axis=1)
