"""What a true object is like, whoever looks for it: how large, and where in its image."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from vidi.ops.matching import SIZES

TOUCHING = 0.01  # of the image's side: as near to the border counts as at it
INNER = 0.5  # of each side: where the middle is
MOST = 0.95  # of the objects: COCO's sizes say nothing where so many are in one
NAMES = ("small", "medium", "large")
THIRDS = ("smallest third", "middle third", "largest third")


def size_bounds(size: Float[np.ndarray, " m"]) -> dict[str, tuple[float, float]]:
    """Ranges of areas in square pixels by name: COCO's small, medium and large, or where 95 % of the objects
    are in one of them, thirds of the areas that there are."""
    coco = {name: SIZES[name] for name in NAMES}
    if len(size) < len(THIRDS):
        return coco
    most = np.unique(sizes(size, coco), return_counts=True)[1].max()
    if most < MOST * len(size):
        return coco
    first, second = np.quantile(size, [1 / 3, 2 / 3])
    edges = (0.0, float(first), float(second), SIZES["large"][1])
    return {name: (edges[place], edges[place + 1]) for place, name in enumerate(THIRDS)}


def sizes(size: Float[np.ndarray, " m"], bounds: dict[str, tuple[float, float]]) -> NDArray[np.object_]:
    """The name of each area's range, the first that it is in."""
    names = list(bounds)
    upper = np.array([high for _, high in bounds.values()])
    return np.array([names[int(np.argmax(area <= upper))] for area in size], object)


def places(
    box: Float[np.ndarray, "m 4"], image: Int[np.ndarray, " m"], image_hw: Sequence[tuple[int, int]]
) -> NDArray[np.object_]:
    """`at the border` where the box touches the image's, else `in the middle` (its centre is in the inner half of both
    sides), else `between`."""
    if not len(box):
        return np.zeros(0, object)
    height, width = np.array(image_hw, np.float64)[image].T
    side = np.stack([width, height, width, height], axis=1)
    share = box / side
    border = (share[:, :2].min(axis=1) <= TOUCHING) | (share[:, 2:].max(axis=1) >= 1 - TOUCHING)
    centre = np.abs((share[:, :2] + share[:, 2:]) / 2 - 0.5).max(axis=1)
    middle = np.where(centre <= INNER / 2, "in the middle", "between")
    return np.where(border, "at the border", middle).astype(object)
