"""Two runs whose answers lie on the image (objects, or a class for each pixel), on the same images."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from vidi.core.task import DenseTask
from vidi.data.found import map_of, objects_of
from vidi.ops import paired_detected, paired_segmented
from vidi.ops.detected import Detected
from vidi.ops.segmented import Segmented
from vidi.verbs.sides import Compared, Difference, Side, groups_of

COUNTED = ("better", "worse", "the same")


def compared(first: Side, second: Side, shared: Sequence[str], *, task: DenseTask, seed: int) -> Compared:
    """AP (mIoU of maps) and the other headline numbers, also of each label; p is of swapping the runs' answers.

    Every replicate draws the same images of both, whole groups where the first run has groups.
    """
    one, other = (judged(each, shared, first, task, seed=seed) for each in (first, second))
    if isinstance(one, Detected) and isinstance(other, Detected):
        found, p = paired_detected.differences(other, one), paired_detected.swapped(other, one)
    else:
        assert isinstance(one, Segmented) and isinstance(other, Segmented)
        found, p = paired_segmented.differences(other, one), paired_segmented.swapped(other, one)
    quality = (qualities(first, shared), qualities(second, shared))
    moved = np.sign(quality[1] - quality[0])
    counts = [int((moved == sign).sum()) for sign in (1, -1, 0)]
    return Compared(
        tuple(Difference(name, of, paired) for (name, of), paired in found.items()),
        1.0 if p != p else p,
        dict(zip(COUNTED, counts, strict=True)),
        quality,
    )


def judged(
    side: Side, shared: Sequence[str], named: Side, task: DenseTask, *, seed: int
) -> Detected | Segmented:
    """What a run found on the shared images beside what is there; groups and the order of labels as in `named`."""
    rows = [side.answers[key] for key in shared]
    of = map_of if task.networks == "segmenters" else objects_of
    found, truth = (
        [of(row[what], named.labels, (row["height"], row["width"])) for row in rows]
        for what in ("found", "truth")
    )
    judgement: Detected | Segmented = task.judge(
        found, truth, named.labels, seed=seed, group=groups_of(named, shared)
    )
    return judgement


def qualities(side: Side, shared: Sequence[str]) -> Float[np.ndarray, " n"]:
    """How good each answer is, in [0, 1]; 1 where nothing is there and nothing was found."""
    told = [side.answers[key]["quality"] for key in shared]
    return np.array([1.0 if each is None or each != each else each for each in told], np.float64)
