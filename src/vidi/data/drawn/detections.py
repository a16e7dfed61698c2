"""Objects on images that nobody draws, a detector that finds most of them, and annotations with planted faults."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vidi.ops.detected import Detected, Objects

LABELS = ("ant", "bee", "fly")
CELL_PX, ACROSS, DOWN = 160, 4, 3  # each object has a cell of its own: none overlaps another
FAULTS = ("missing", "mislabelled", "badly placed", "spurious")


@dataclass(frozen=True)
class Fault:
    """A fault of the annotations: its kind, its image, and the box that is drawn, or should be."""

    kind: str
    image: int
    box: Float[np.ndarray, " 4"]


def objects(images: int, random: np.random.Generator) -> tuple[Objects, Int[np.ndarray, " c"]]:
    """Three to six objects an image, and for each image a cell that nothing stands in."""
    cells, image, empty = [], [], []
    for number in range(images):
        order = random.permutation(ACROSS * DOWN)
        count = int(random.integers(3, 7))
        cells += order[:count].tolist()
        image += [number] * count
        empty.append(int(order[-1]))
    box = np.stack([box_in(cell, random) for cell in cells]) if cells else np.zeros((0, 4))
    label = random.integers(len(LABELS), size=len(cells))
    return Objects(np.array(image, np.int64), label, box), np.array(empty, np.int64)


def box_in(cell: int, random: np.random.Generator) -> Float[np.ndarray, " 4"]:
    """A box of 50 to 110 pixels inside a cell, away from its border."""
    side = random.uniform(50, 110, 2)
    corner = np.array([cell % ACROSS, cell // ACROSS]) * CELL_PX + 15 + random.uniform(0, 130 - side)
    return np.concatenate([corner, corner + side])


def detections(true: Objects, images: int, random: np.random.Generator) -> Objects:
    """What a decent detector finds: 96 % of the objects, half of them surer than 0.8, a few wrong names and inventions.

    It knows nothing of how the objects are annotated.
    """
    found = np.flatnonzero(random.random(len(true)) < 0.96)
    side = true.box[found, 2:] - true.box[found, :2]
    moved = true.box[found] + random.normal(0, 0.04, (len(found), 4)) * np.tile(side, 2)
    other = np.flatnonzero(
        random.random(len(found)) < 0.1
    )  # is found under another name too, with little confidence
    invented = random.integers(images, size=images // 2)
    corner = random.uniform(0, 400, (len(invented), 2))
    boxes = [
        moved,
        moved[other],
        np.concatenate([corner, corner + random.uniform(40, 120, corner.shape)], axis=1),
    ]
    label = true.label[found]
    labels = [label, (label[other] + 1) % len(LABELS), random.integers(len(LABELS), size=len(invented))]
    scores = [
        random.beta(8, 2, len(found)),
        random.beta(2, 6, len(other)),
        random.beta(1.5, 8, len(invented)),
    ]
    image = np.concatenate([true.image[found], true.image[found][other], invented])
    return Objects(image, np.concatenate(labels), np.concatenate(boxes), score=np.concatenate(scores))


def faulty(
    true: Objects, empty: Int[np.ndarray, " n"], *, rate: float, random: np.random.Generator
) -> tuple[Objects, list[Fault]]:
    """The annotations, a share `rate` of the objects dropped, named otherwise, moved by two fifths of its size, or
    another drawn where nothing is; and what was done to which."""
    drawn, stays, faults = true.take(np.arange(len(true))), np.ones(len(true), bool), list[Fault]()
    added: list[tuple[int, Float[np.ndarray, " 4"]]] = []
    for row in np.flatnonzero(random.random(len(true)) < rate).tolist():
        kind, image = FAULTS[int(random.integers(len(FAULTS)))], int(true.image[row])
        box = true.box[row]
        if kind == "missing":
            stays[row] = False
        elif kind == "mislabelled":
            drawn.label[row] = (drawn.label[row] + 1) % len(LABELS)
        elif kind == "badly placed":
            box = drawn.box[row] = box + np.tile((box[2:] - box[:2]) * random.choice([-0.4, 0.4], 2), 2)
        elif any(image == other for other, _ in added):
            continue  # one empty cell an image
        else:
            box = box_in(int(empty[image]), random)
            added.append((image, box))
        faults.append(Fault(kind, image, np.array(box)))
    more = Objects(
        np.array([image for image, _ in added], np.int64),
        random.integers(len(LABELS), size=len(added)),
        np.stack([box for _, box in added]) if added else np.zeros((0, 4)),
    )
    kept = drawn.take(np.flatnonzero(stays))
    rows, label, box = (
        np.concatenate([getattr(each, name) for each in (kept, more)]) for name in ("image", "label", "box")
    )
    return Objects(rows, label, box), faults


def annotated(images: int, *, rate: float, seed: int) -> tuple[Detected, list[Fault]]:
    """What a decent detector finds on `images` images beside annotations, a share `rate` of which is faulty."""
    random = np.random.default_rng([seed, images])
    true, empty = objects(images, random)
    found = detections(true, images, random)
    drawn, faults = faulty(true, empty, rate=rate, random=random)
    return Detected(drawn, found, images, LABELS, seed=seed), faults
