"""Class maps that nobody draws an image for, a segmenter that knows most of them, and maps with planted faults."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from vidi.ops.region_errors import Votes

LABELS = ("ground", "wall", "sky", "tree")
SIDE_PX, CELL_PX = 48, 12


@dataclass(frozen=True)
class Painted:
    """A fault: a cell of a map was painted over with another class."""

    image: int
    given: int
    true: int
    mask: Bool[np.ndarray, "h w"]


def true_map(random: np.random.Generator) -> UInt8[np.ndarray, "h w"]:
    """Sixteen cells, each of a class."""
    cells = random.integers(len(LABELS), size=(SIDE_PX // CELL_PX, SIDE_PX // CELL_PX))
    return np.kron(cells, np.ones((CELL_PX, CELL_PX), np.int64)).astype(np.uint8)


def probabilities(true: UInt8[np.ndarray, "h w"], random: np.random.Generator) -> Float[np.ndarray, "k h w"]:
    """What a decent segmenter says: outlines off by a pixel, specks, one cell in fifty confused, not confidently."""
    off = np.roll(true, random.integers(-1, 2, size=2), axis=(0, 1))
    cells = random.random((SIDE_PX // CELL_PX, SIDE_PX // CELL_PX)) < 0.02
    confused = np.kron(cells, np.ones((CELL_PX, CELL_PX))) > 0
    seen = np.where(confused | (random.random(true.shape) < 0.02), (off + 1) % len(LABELS), off)
    sure = np.where(confused, random.uniform(0.3, 0.6, true.shape), random.uniform(0.6, 1.0, true.shape))
    rest = (1 - sure) / (len(LABELS) - 1)
    return np.where(seen[None] == np.arange(len(LABELS))[:, None, None], sure, rest)


def votes_of(drawn: UInt8[np.ndarray, "h w"], probability: Float[np.ndarray, "k h w"]) -> Votes:
    """What is said of a drawn map."""
    own = np.take_along_axis(probability, drawn[None].astype(np.int64) % len(probability), axis=0)[0]
    return Votes(drawn, probability.argmax(axis=0).astype(np.uint8), own, probability.max(axis=0))


def painted(images: int, *, rate: float, seed: int) -> tuple[list[Votes], list[Painted]]:
    """`images` maps as a segmenter sees them, in a share `rate` of which one cell is painted over; and which."""
    random = np.random.default_rng([seed, images])
    votes, faults = [], []
    for image in range(images):
        true = true_map(random)
        probability, drawn = probabilities(true, random), true.copy()
        if random.random() < rate:
            y, x = (int(place) for place in random.integers(SIDE_PX // CELL_PX, size=2) * CELL_PX)
            was = int(true[y, x])
            now = (was + 1 + int(random.integers(len(LABELS) - 1))) % len(LABELS)
            mask = np.zeros(true.shape, bool)
            mask[y : y + CELL_PX, x : x + CELL_PX] = True
            drawn[mask] = now
            faults.append(Painted(image, now, was, mask))
        votes.append(votes_of(drawn, probability))
    return votes, faults
