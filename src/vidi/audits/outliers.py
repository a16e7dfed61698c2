"""Which images are unlike all the others?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped

from vidi.core.card import Card, Trial
from vidi.data.drawn.examples import dataset
from vidi.data.drawn.pictures import outliers
from vidi.data.drawn.world import World
from vidi.ops.intervals import normal_quantile
from vidi.ops.similarity import unit_length

CARD = Card(
    title="Outliers",
    idea="An image whose nearest neighbours are far away, further than the others' distances lead one to expect.",
    paper="Ramaswamy, Rastogi & Shim 2000, SIGMOD 29, 427-438, section 2",
    differs="The threshold comes from the distances' own spread, not from how many outliers are wanted.",
)
TRIAL = Trial(n=300, fault="images that show another world", rate=0.02)
K = 10  # neighbours: the distance to the tenth is not upset by a few outliers that are alike
FEWEST = 30  # examples without which a tail has no shape
MOST = 5000  # to be compared with
TAIL = 0.9  # the quantile that says, beside the median, how distances spread upwards; a tenth may be outliers
FALSE_ALARMS = 0.01  # sets in which any image is flagged though it is no outlier, if distances are normal
NAMED = 3
PLAIN = World(backgrounds=("plain",), grounds=("paper",), dark=0.0)
BLOCK = 1024


@dataclass(frozen=True)
class Outlier:
    """An image, its distance to its tenth neighbour, and its nearest images with theirs; `typical` is the median."""

    id: str
    score: float
    nearest: tuple[tuple[str, float], ...]
    typical: float

    def reason(self, names: Mapping[str, str]) -> str:
        """In words; `names` says how a person names each id."""
        said = ", ".join(names.get(key, key) for key, _ in self.nearest)
        return (
            f"its {K}th nearest image is {self.score:.2f} away, where that of the median image is {self.typical:.2f}; "
            f"nearest: {said}"
        )


@dataclass(frozen=True)
class Outliers:
    """The flagged images, the furthest first, and the distance beyond which an image is flagged."""

    found: tuple[Outlier, ...]
    threshold: float
    n: int
    sentence: str


def audit(
    features: Float[np.ndarray, "n d"],
    *,
    ids: Shaped[np.ndarray, " n"],
    group: Shaped[np.ndarray, " n"] | None = None,
    false_alarms: float = FALSE_ALARMS,
    seed: int = 0,
) -> Outliers:
    """Images whose tenth nearest neighbour (not of their own `group`: copies stand in for nobody) is far away.

    Distances are those of features at length 1, from 0 to 2. Their median and their 90th percentile make a normal
    distribution, and the threshold is what the largest of as many exceeds with probability `false_alarms`. Ten
    outliers that are alike are each other's neighbours, and are not found. Of more than 5,000 images each is
    compared with the same 5,000. `ids` are unique: the order of rows changes nothing.
    """
    if len(features) < FEWEST:
        said = f"Outliers are not looked for among {len(features):,} images: {FEWEST} or more have a usual distance."
        return Outliers((), math.inf, len(features), said)
    if not np.isfinite(features).all():
        raise ValueError("features are finite numbers; some are nan or infinite: leave those examples out")
    order = np.argsort(ids)
    vectors = unit_length(np.asarray(features[order], np.float32))
    member = np.arange(len(ids)) if group is None else np.unique(group[order], return_inverse=True)[1]
    distance, near = neighbours(vectors, member, seed=seed)
    threshold = tail_threshold(distance[:, -1], false_alarms)
    rows = np.flatnonzero(distance[:, -1] > threshold)
    rows = rows[np.argsort(-distance[rows, -1], kind="stable")]
    typical, names = float(np.median(distance[:, -1])), ids[order].astype(str)
    found = tuple(
        Outlier(
            str(names[row]),
            float(distance[row, -1]),
            tuple((str(names[near[row, place]]), float(distance[row, place])) for place in range(NAMED)),
            typical,
        )
        for row in rows
    )
    return Outliers(
        found, threshold, len(features), sentence(len(found), len(features), threshold, typical, false_alarms)
    )


def neighbours(
    vectors: Float32[np.ndarray, "n d"], member: Int[np.ndarray, " n"], *, seed: int
) -> tuple[Float[np.ndarray, "n k"], Int[np.ndarray, "n k"]]:
    """Distances to the K nearest of other groups, ascending, and which they are; 2 where there are fewer."""
    known = np.arange(len(vectors))
    if len(known) > MOST:
        known = np.sort(np.random.default_rng(seed).choice(len(known), MOST, replace=False))
    most = min(K, len(known) - 1)
    distance, near = np.full((len(vectors), most), 2.0), np.zeros((len(vectors), most), np.int64)
    for start in range(0, len(vectors), BLOCK):
        part = slice(start, start + BLOCK)
        likeness = vectors[part] @ vectors[known].T
        likeness[member[part, None] == member[None, known]] = -1.0
        best = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
        value = np.take_along_axis(likeness, best, axis=1)
        turn = np.lexsort((best, -value), axis=1)
        near[part] = known[np.take_along_axis(best, turn, axis=1)]
        value = np.take_along_axis(value, turn, axis=1).astype(np.float64)
        distance[part] = np.sqrt(np.maximum(2 - 2 * value, 0))
    return distance, near


def tail_threshold(distance: Float[np.ndarray, " n"], false_alarms: float) -> float:
    """What the largest of n exceeds with probability `false_alarms`, if distances are normal above their median.

    Infinite where the median and the 90th percentile are the same: that says nothing of the spread.
    """
    middle, tail = np.quantile(distance, [0.5, TAIL])
    deviation = (tail - middle) / normal_quantile(TAIL)
    if deviation <= 0:
        return math.inf
    return float(middle + deviation * normal_quantile(1 - false_alarms / len(distance)))


def sentence(found: int, n: int, threshold: float, typical: float, false_alarms: float) -> str:
    if math.isinf(threshold):
        return f"Outliers were not looked for: many of {n:,} images are equally far from their neighbours."
    rule = (
        f"further than {threshold:.2f} from their {K}th nearest, where the median is {typical:.2f} (if distances are "
        f"normal, one set in {1 / false_alarms:.0f} has any image beyond that by chance)"
    )
    if not found:
        return f"None of {n:,} images is {rule}."
    return f"{found:,} of {n:,} images are unlike the rest: {rule}. Look whether they belong here."


def trial(*, planted: bool, seed: int) -> bool:
    """Shapes on plain grounds, two in a hundred of another world; features are the roots of 64 colours' shares."""
    drawn = dataset(TRIAL.n, world=PLAIN, size_px=32, seed=seed)
    if planted:
        drawn = outliers(drawn, rate=TRIAL.rate, seed=seed).drawn
    colour = (drawn.images >> 6).astype(np.int64) @ np.array([16, 4, 1])
    shares = np.stack([np.bincount(each.ravel(), minlength=64) for each in colour])
    return bool(audit(np.sqrt(shares), ids=drawn.dataset.column("id").astype(str), seed=seed).found)
