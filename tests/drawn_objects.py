"""Objects and maps drawn by chance, with a model that is often right: what metrics of found objects are tried on."""

import numpy as np

from vidi.ops.detected import Detected, Objects, gathered
from vidi.ops.masks import encode
from vidi.ops.segmented import Segmented, segmented

LABELS = ("cat", "dog", "cow")
SIDE = 240


def boxes(rng, n):
    corner = rng.uniform(0, SIDE - 10, size=(n, 2))
    side = np.exp(rng.uniform(np.log(8), np.log(220), size=(n, 2)))
    return np.concatenate([corner, np.minimum(corner + side, SIDE)], axis=1)


def detected(images=30, seed=0, sharp=1.0, masks=False, labels=LABELS, **more) -> Detected:
    """Boxes that are found, moved, doubled, misnamed and invented; every score is another."""
    rng = np.random.default_rng(seed)
    true, found, crowd, names, guesses, scores = [], [], [], [], [], []
    for _ in range(images):
        there = boxes(rng, rng.integers(0, 7))
        name = rng.integers(len(labels), size=len(there))
        again = np.concatenate([there, there[: len(there) // 2]])
        moved = (
            again
            + rng.normal(size=again.shape) * (again[:, 2:] - again[:, :2]).repeat(2, axis=1) * 0.12 / sharp
        )
        wrong = rng.random(len(again)) < 0.15 / sharp
        guess = np.where(
            wrong, rng.integers(len(labels), size=len(again)), np.concatenate([name, name[: len(there) // 2]])
        )
        invented = boxes(rng, rng.integers(0, 3))
        box = np.concatenate([moved, invented])
        box = np.concatenate(
            [np.minimum(box[:, :2], box[:, 2:]), np.maximum(box[:, :2], box[:, 2:]) + 1], axis=1
        )
        true.append(there)
        names.append(name)
        crowd.append(rng.random(len(there)) < 0.08)
        found.append(np.clip(box, 0, SIDE))
        guesses.append(np.concatenate([guess, rng.integers(len(labels), size=len(invented))]).astype(int))
        scores.append(np.concatenate([0.3 + 0.7 * rng.random(len(again)), 0.6 * rng.random(len(invented))]))
    drawn = {"mask": [[drawn_mask(one) for one in each] for each in true]} if masks else {}
    guessed = {"mask": [[drawn_mask(one) for one in each] for each in found]} if masks else {}
    return Detected(
        gathered(true, names, crowd=crowd, **drawn),
        gathered(found, guesses, scores=scores, **guessed),
        images,
        labels,
        **({"replicates": 40} | more),
    )


def drawn_mask(box):
    """The ellipse inside the box."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    centre, half = (box[:2] + box[2:]) / 2, np.maximum((box[2:] - box[:2]) / 2, 1)
    return encode(((x - centre[0]) / half[0]) ** 2 + ((y - centre[1]) / half[1]) ** 2 <= 1)


def right_and_sure(drawn: Detected) -> Detected:
    """The same images with a model that finds what is there and nothing else."""
    real = drawn.truth.take(~drawn.truth.is_crowd)
    found = Objects(real.image, real.label, real.box, np.ones(len(real)), mask=real.mask)
    return Detected(drawn.truth, found, drawn.images, drawn.labels, drawn.replicates, drawn.seed, drawn.group)


def drawn_again(drawn: Detected, counts) -> Detected:
    """The images as often as `counts` says, copies as images of their own: for matching anew."""
    image = np.repeat(np.arange(drawn.images), counts)

    def copied(objects: Objects) -> Objects:
        rows = [np.flatnonzero(objects.image == number) for number in image]
        taken = objects.take(np.concatenate([np.zeros(0, int), *rows]))
        new = np.repeat(np.arange(len(image)), [len(each) for each in rows])
        return Objects(new, taken.label, taken.box, taken.score, taken.crowd, taken.area, taken.mask)

    return Detected(copied(drawn.truth), copied(drawn.found), len(image), drawn.labels)


def maps(images=25, seed=0, sharp=1.0, classes=4, side=24):
    """Pairs of true and predicted maps of classes; a corner is to be ignored (255)."""
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(images):
        true = np.kron(rng.integers(classes, size=(4, 4)), np.ones((side // 4, side // 4), dtype=int))
        noise = rng.random(true.shape) < 0.4 / sharp
        predicted = np.where(
            noise, rng.integers(classes, size=true.shape), np.roll(true, rng.integers(0, 2), axis=1)
        )
        true[:3, :3] = 255
        pairs.append((true, predicted))
    return pairs


def drawn_maps(images=25, seed=0, sharp=1.0, labels=("road", "sky", "tree", "car"), **more) -> Segmented:
    pairs = maps(images, seed, sharp, len(labels))
    return segmented(pairs, labels, ignore=255, **({"replicates": 200} | more))
