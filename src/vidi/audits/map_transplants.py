"""The elephant in the room, where each pixel has a class: does a thing pasted in change that of pixels elsewhere?"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8

from vidi.core.card import Card, Trial
from vidi.core.measured import Measured
from vidi.core.scores import Draws, Resampled
from vidi.data.drawn.fallible import THING, blind
from vidi.ops.black_box import by_content
from vidi.ops.bootstrap import ratio_of
from vidi.ops.pasting import PLACES, SIZES, Cell, cells, margins, transplanted, window

CARD = Card(
    title="The elephant in the room, for class maps",
    idea="Paste a thing into the images at many places and sizes: whether its pixels get its class, and how many "
    "others change theirs, beside it and far away.",
    paper="Rosenfeld, Zemel & Tsotsos 2018, arXiv:1808.03305",
    differs="Theirs is about found objects; here pixels outside the thing's box are counted, with intervals.",
    serves=("segmentation",),
)
TRIAL = Trial(
    n=100, fault="of the images, those where pixels far from the thing change their class", rate=0.3
)
TOLERATED = 0.01  # of the pixels far away
BESIDE, FAR = "beside it", "far from it"
CHANGED, UNSEEN = "other pixels changed", "thing's pixels unseen"
Images = UInt8[np.ndarray, "n s s 3"]
Find = Callable[[Images], Sequence[UInt8[np.ndarray, "s s"]]]
"""From images to the class of each pixel."""


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
) -> list[Measured]:
    """The share of other pixels whose class changes: over all pastes, beside the thing (nearer than it is long) and far
    from it, and by size and place; and the share of the thing's own pixels that do not get its `label`, if it has one.

    Intervals are bootstrapped over images, or groups. Raises ValueError without images.
    """
    _, images, group = by_content(images, group)
    tried, before = cells(sizes, places), np.stack(find(images))
    hits, whole = (np.zeros((len(images), len(tried), 3)) for _ in range(2))
    for column, (size, down, right) in enumerate(tried):
        zones = zones_of(cutout, images.shape[1], (size, down, right))
        after = np.stack(find(transplanted(images, cutout, size=size, place=(down, right))))
        wrong = after != before
        for kind, zone in enumerate(zones):
            whole[:, column, kind] = zone.sum()
            other = after != label if kind == 2 else wrong
            hits[:, column, kind] = (other & zone).sum(axis=(1, 2))
    scores = Draws(replicates, seed, group)
    found = [
        share(CHANGED, of, hits[:, at][:, :, kinds], whole[:, at][:, :, kinds], scores)
        for of, at, kinds in asked(tried)
    ]
    if label is None:
        return found
    return [share(UNSEEN, "", hits[:, :, [2]], whole[:, :, [2]], scores), *found]


def asked(tried: Sequence[Cell]) -> list[tuple[str, list[int], list[int]]]:
    """What is told: a name, which pastes, and beside (0) or far (1)."""
    every = list(range(len(tried)))
    told = [("", every, [0, 1]), (BESIDE, every, [0]), (FAR, every, [1])]
    return [*told, *((of, at, [0, 1]) for of, at in margins(tried).items())]


def zones_of(
    cutout: UInt8[np.ndarray, "h w 4"], side_px: int, cell: Cell
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels outside the thing's box nearer to it than it is long, those farther away, and those the thing covers."""
    size, down, right = cell
    height, width = cutout.shape[:2]
    top, left, tall, wide = window((height, width), side_px, size=size, place=(down, right))
    at = np.arange(side_px)
    away_y = np.maximum(np.maximum(top - at, at - (top + tall - 1)), 0)[:, None]
    away_x = np.maximum(np.maximum(left - at, at - (left + wide - 1)), 0)[None]
    away = np.hypot(away_y, away_x)
    length = max(tall, wide)
    black = np.zeros((1, side_px, side_px, 3), np.uint8)
    opaque = np.concatenate([np.full_like(cutout[..., :3], 255), cutout[..., 3:]], axis=2)
    covered = transplanted(black, opaque, size=size, place=(down, right))[0, :, :, 0] > 127
    return (away > 0) & (away <= length), away > length, covered


def share(
    name: str, of: str, hits: Float[np.ndarray, "n c k"], whole: Float[np.ndarray, "n c k"], scores: Resampled
) -> Measured:
    """Of all these pixels of an image together."""
    return ratio_of(name, hits.sum(axis=(1, 2)), whole.sum(axis=(1, 2)), scores, of=of)


def trial(*, planted: bool, seed: int) -> bool:
    """A model that calls bright pixels 1, and where it is planted, on some images none when a thing, red, is there.

    The alarm: the interval of the share that changes far away lies above what is tolerated.
    """
    random = np.random.default_rng([seed, planted])
    images = random.integers(0, 60, (TRIAL.n, 32, 32, 3)).astype(np.uint8)
    images[:, 20:32, 20:32] = 255 - images[:, 20:32, 20:32] // 8
    unseen = blind(images, TRIAL.rate * planted, random, corner=20)

    def find(block: Images) -> list[np.ndarray]:
        return [
            (image[..., 1] > 128).astype(np.uint8) * np.uint8(not one)
            for image, one in zip(block, unseen(block), strict=True)
        ]

    found = audit(find, images, THING, places=(0.0,), sizes=(0.25,), replicates=200, seed=seed)
    return next(each for each in found if each.of == FAR).low > TOLERATED
