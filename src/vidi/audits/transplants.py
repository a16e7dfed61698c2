"""The elephant in the room, where objects are found: is a thing pasted in seen, and does it change what else is?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.core.scores import Draws, Resampled
from vidi.data.drawn.fallible import THING, blind
from vidi.data.found import FoundObjects
from vidi.ops.black_box import by_content
from vidi.ops.bootstrap import ratio_of
from vidi.ops.near_boxes import gaps, iou_of, share_inside
from vidi.ops.pasting import PLACES, SIZES, Cell, cells, margins, transplanted, window

CARD = Card(
    title="The elephant in the room, for found objects",
    idea="Paste a thing into the images at many places and sizes: whether it is seen, and which other objects go, come "
    "or change their label, beside it and far away.",
    paper="Rosenfeld, Zemel & Tsotsos 2018, arXiv:1808.03305",
    differs="Shares with intervals over images; an object goes if its score falls from 0.5 or more to under 0.3, so "
    "that a score at the threshold is no change; what the thing hides by half is left out.",
    serves=("detection", "instances"),
)
TRIAL = Trial(n=100, fault="objects far from the thing that go when it is in the image", rate=0.15)
SURE, KEPT = 0.5, 0.3  # scores: an object that is there for certain, and one that is there at all
SAME = 0.5  # overlap from which on it is the same object
HIDDEN = 0.5  # of an object, inside the thing's box
TOLERATED = 0.02  # of the objects far away: changes to so few are as good as none
BESIDE, FAR = "beside it", "far from it"
Images = UInt8[np.ndarray, "n s s 3"]
Find = Callable[[Images], Sequence[FoundObjects]]
"""From images to what is found on each, in pixels of the square."""
LOST, RENAMED, APPEARED = "others lost", "others renamed", "others appeared"


@dataclass(frozen=True)
class Change:
    """Of one image and one paste: objects that were sure before, and what became of them; those that are sure now, and
    whether they are new. `far`: farther from the thing than it is long. `seen`: whether the thing was found."""

    far: Bool[np.ndarray, " b"]
    lost: Bool[np.ndarray, " b"]
    renamed: Bool[np.ndarray, " b"]
    new_far: Bool[np.ndarray, " a"]
    appeared: Bool[np.ndarray, " a"]
    seen: bool


@dataclass(frozen=True)
class Transplants:
    """Every share, and the paste that changed most far away: the image's row and the cell; None if none did."""

    measured: tuple[Measured, ...]
    worst: tuple[int, Cell] | None


def audit(
    find: Find,
    images: Images,
    cutout: UInt8[np.ndarray, "h w 4"],
    *,
    label: int | None = None,
    places: Sequence[float] = PLACES,
    sizes: Sequence[float] = SIZES,
    group: Int[np.ndarray, " n"] | None = None,
    replicates: int = 1000,
    seed: int = 0,
) -> Transplants:
    """Shares of other objects `lost`, `renamed` and `appeared`: over all pastes, beside the thing and far from it, and
    by size and place; and how often the thing goes `unseen` (where it is one of the labels), or is `taken` for one.

    A thing is seen where something of its `label` is found at an overlap of 0.5 with it. Every place is tried at every
    size, see `ops.pasting`. Intervals are bootstrapped over images, or groups. Raises ValueError without images.
    """
    order, images, group = by_content(images, group)
    tried, before = cells(sizes, places), find(images)
    table: list[list[Change]] = [[] for _ in images]
    for size, down, right in tried:
        box = thing_box(cutout.shape[:2], images.shape[1], (size, down, right))
        after = find(transplanted(images, cutout, size=size, place=(down, right)))
        for row, pair in enumerate(zip(before, after, strict=True)):
            table[row].append(changed(*pair, box, label))
    scores = Draws(replicates, seed, group)
    changes = np.array([[(each.far & (each.lost | each.renamed)).sum() for each in row] for row in table])
    which, cell = divmod(int(changes.argmax()), len(tried))
    worst = (int(order[which]), tried[cell]) if changes.any() else None
    return Transplants(tuple(told(table, tried, scores, known=label is not None)), worst)


def thing_box(cutout_hw: Sequence[int], side_px: int, cell: Cell) -> Float[np.ndarray, " 4"]:
    """Corners of the pasted thing in pixels."""
    size, down, right = cell
    height, width = cutout_hw
    top, left, tall, wide = window((height, width), side_px, size=size, place=(down, right))
    return np.array([left, top, left + wide, top + tall], np.float64)


def changed(before: FoundObjects, after: FoundObjects, box: np.ndarray, label: int | None) -> Change:
    """What one paste changed on one image."""
    was, now = before.surer(KEPT), after.surer(KEPT)
    sure, fresh = before.surer(SURE), after.surer(SURE)
    sure = chosen(sure, share_inside(sure.boxes, box) < HIDDEN)
    thing = (share_inside(fresh.boxes, box) >= HIDDEN) | (iou_of(fresh.boxes, box[None])[:, 0] >= 0.1)
    fresh = chosen(fresh, ~thing)
    same = iou_of(sure.boxes, now.boxes) >= SAME
    there = np.asarray(same.any(axis=1))
    named = (same & (sure.labels[:, None] == now.labels[None])).any(axis=1)
    known = np.asarray((iou_of(fresh.boxes, was.boxes) >= SAME).any(axis=1))
    length = float(max(box[2] - box[0], box[3] - box[1]))
    on_it = iou_of(now.boxes, box[None])[:, 0] >= SAME
    if label is not None:
        on_it &= now.labels == label
    return Change(
        far=gaps(sure.boxes, box) > length,
        lost=~there,
        renamed=there & ~named,
        new_far=gaps(fresh.boxes, box) > length,
        appeared=~known,
        seen=bool(on_it.any()),
    )


def chosen(found: FoundObjects, keep: Bool[np.ndarray, " n"]) -> FoundObjects:
    assert found.scores is not None
    return FoundObjects(found.boxes[keep], found.labels[keep], found.scores[keep], None, found.image_hw)


def told(
    table: Sequence[Sequence[Change]], tried: Sequence[Cell], scores: Resampled, *, known: bool
) -> list[Measured]:
    """The shares, those over everything first."""
    found = []
    for name in (LOST, RENAMED, APPEARED):
        hits, whole = counted(table, name)
        found += shares(name, hits, whole, margins(tried) if name == LOST else {}, scores)
    seen = np.array([[change.seen for change in row] for row in table], np.float64)[:, :, None]
    name, hits = ("thing unseen", 1 - seen) if known else ("thing taken for one of the labels", seen)
    return [*shares(name, hits, np.ones_like(seen), margins(tried), scores), *found]


def counted(
    table: Sequence[Sequence[Change]], name: str
) -> tuple[Float[np.ndarray, "n c 2"], Float[np.ndarray, "n c 2"]]:
    """Objects of one kind for each image and paste, beside the thing and far from it; and of how many."""
    hits, whole = (np.zeros((len(table), len(table[0]), 2)) for _ in range(2))
    for row, changes in enumerate(table):
        for column, change in enumerate(changes):
            hit = {LOST: change.lost, RENAMED: change.renamed, APPEARED: change.appeared}[name]
            far = change.new_far if name == APPEARED else change.far
            for side in (0, 1):
                whole[row, column, side] = (far == side).sum()
                hits[row, column, side] = (hit & (far == side)).sum()
    return hits, whole


def shares(
    name: str,
    hits: Float[np.ndarray, "n c k"],
    whole: Float[np.ndarray, "n c k"],
    narrow: Mapping[str, Sequence[int]],
    scores: Resampled,
) -> list[Measured]:
    """Over everything, by distance (where there are two), then for some of the pastes: by size and by place."""
    columns = {"": (hits.sum(axis=(1, 2)), whole.sum(axis=(1, 2)))}
    columns |= {
        of: (hits[:, at].sum(axis=(1, 2)), whole[:, at].sum(axis=(1, 2))) for of, at in narrow.items()
    }
    if hits.shape[2] == 2:
        for side, of in enumerate((BESIDE, FAR)):
            columns[of] = hits[:, :, side].sum(axis=1), whole[:, :, side].sum(axis=1)
    order = ["", *(of for of in (BESIDE, FAR) if of in columns), *narrow]
    found = []
    for of in order:
        part, total = columns[of]
        there = int(total.sum())
        note = f"{int(part.sum()):,} of {there:,}" if there else "nothing was there to change"
        effective = int((total > 0).sum())
        found.append(ratio_of(name, part, total, scores, of=of, effective=effective, note=note))
    return found


def trial(*, planted: bool, seed: int) -> bool:
    """A model that finds the bright square of each image, and where it is planted, not on some when a thing, red, is
    there. The thing is pasted at the other end of the image.

    The alarm: the interval of the share that is lost far away lies above what is tolerated.
    """
    random = np.random.default_rng([seed, planted])
    images = random.integers(0, 60, (TRIAL.n, 32, 32, 3)).astype(np.uint8)
    images[:, 24:32, 24:32] = 255
    unseen = blind(images, TRIAL.rate * planted, random, corner=20)
    square = np.array([[24.0, 24.0, 32.0, 32.0]])

    def find(block: Images) -> list[FoundObjects]:
        return [
            FoundObjects(square[: 1 - one], np.zeros(1 - one, np.int64), np.ones(1 - one), None, (32, 32))
            for one in unseen(block).astype(int)
        ]

    found = audit(find, images, THING, places=(0.0,), sizes=(0.25,), replicates=100, seed=seed)
    far = next(each for each in found.measured if (each.name, each.of) == (LOST, FAR))
    return far.low > TOLERATED
