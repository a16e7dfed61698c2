"""What is drawn on the images: objects drawn twice, one object under two classes, classes and images with nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from vidi.core.annotations import Annotations
from vidi.core.card import Card, Trial
from vidi.ops.boxes import iou

CARD = Card(
    title="Drawings",
    idea="Pairs of boxes of one image that lie on each other: of one class one object drawn twice, of two classes one "
    "object that nobody agreed on. Objects are counted by class and size.",
    paper="Sizes as in Lin et al. 2014, arXiv:1405.0312 (32 and 96 pixels squared)",
    differs="Boxes are taken for one where their intersection is 0.9 of their union or more; crowds are not compared.",
)
TRIAL = Trial(n=120, fault="boxes drawn again, each corner up to a pixel away", rate=0.03)
SAME = 0.9
SMALL, LARGE = 32**2, 96**2  # square pixels
MOST_PAIRS = 200


@dataclass(frozen=True)
class Pair:
    """Two boxes of one image that lie on each other; `kind` is `twice` or, of two classes, `conflict`."""

    image: int
    kind: str
    labels: tuple[str, str]
    box: tuple[float, ...]
    overlap: float


@dataclass(frozen=True)
class Drawings:
    """Pairs, the most alike first; objects by class and by size; images on which nothing is drawn."""

    pairs: tuple[Pair, ...]
    objects: dict[str, int]
    sizes: dict[str, int]
    empty: int
    sentences: tuple[str, ...]

    def record(self, path: Sequence[str]) -> dict[str, Any]:
        """As results.json keeps it; `path` names the images."""
        pairs = [asdict(each) | {"path": str(path[each.image])} for each in self.pairs[:MOST_PAIRS]]
        return asdict(self) | {"pairs": pairs, "count": len(self.pairs)}


def audit(found: Annotations, *, labels: Sequence[str]) -> Drawings:
    """What lies on what, and how many objects of which class and size there are. Sizes are of boxes."""
    pairs = tuple(sorted(overlapping(found, labels), key=lambda each: (-each.overlap, each.image)))
    counts = np.bincount(found.label[found.label >= 0], minlength=len(labels))
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    area = sides.prod(axis=1)
    sizes = {
        "small": int((area < SMALL).sum()),
        "medium": int(((area >= SMALL) & (area < LARGE)).sum()),
        "large": int((area >= LARGE).sum()),
    }
    objects = dict(zip(labels, counts.tolist(), strict=True))
    empty = int((np.diff(found.start) == 0).sum())
    said = sentences(pairs, objects, sizes, empty, images=len(found.start) - 1)
    return Drawings(pairs, objects, sizes, empty, said)


def overlapping(found: Annotations, labels: Sequence[str]) -> Iterator[Pair]:
    """Pairs of boxes of one image that are taken for one."""
    for image in np.flatnonzero(np.diff(found.start) > 1).tolist():
        place = found.of(image)
        boxes, label, crowd = found.boxes[place], found.label[place], found.crowd[place]
        shared = iou(torch.from_numpy(boxes), torch.from_numpy(boxes)).numpy()
        shared[crowd] = shared[:, crowd] = 0
        for a, b in np.argwhere(np.triu(shared, 1) >= SAME).tolist():
            named = (name(labels, int(label[a])), name(labels, int(label[b])))
            kind = "twice" if label[a] == label[b] else "conflict"
            yield Pair(image, kind, named, tuple(map(float, boxes[a])), float(shared[a, b]))


def name(labels: Sequence[str], number: int) -> str:
    return labels[number] if number >= 0 else "?"


def sentences(
    pairs: Sequence[Pair], objects: dict[str, int], sizes: dict[str, int], empty: int, *, images: int
) -> tuple[str, ...]:
    total = sum(objects.values())
    by_size = ", ".join(f"{count:,} {size}" for size, count in sizes.items())
    said = [f"{total:,} objects on {images:,} images ({by_size} boxes: 32 and 96 pixels squared)."]
    if empty:
        said.append(
            f"Nothing is drawn on {empty:,} of the images: is nothing there, or were they not looked at?"
        )
    twice, conflicts = (sum(pair.kind == kind for pair in pairs) for kind in ("twice", "conflict"))
    if twice:
        said.append(
            f"Drawn twice: {twice:,}. A model that finds such an object once is held to have missed the other."
        )
    if conflicts:
        said.append(f"Drawn under two classes: {conflicts:,}.")
    if not pairs:
        said.append("No object is drawn twice.")
    never = [label for label, count in objects.items() if not count]
    if never:
        more = f" and {len(never) - 5:,} more" if len(never) > 5 else ""
        said.append(f"Never drawn: {', '.join(never[:5])}{more}.")
    return tuple(said)


def trial(*, planted: bool, seed: int) -> bool:
    """Boxes at random, and some of them again."""
    draw = np.random.default_rng(seed)
    count = draw.integers(1, 4, TRIAL.n)
    start = np.concatenate([[0], np.cumsum(count)])
    corner = draw.uniform(0, 400, (int(start[-1]), 2))
    boxes = np.concatenate([corner, corner + draw.uniform(40, 120, corner.shape)], axis=1)
    if planted:
        again = np.flatnonzero((draw.random(TRIAL.n) < TRIAL.rate) & (count > 1))
        again = again if len(again) else np.flatnonzero(count > 1)[:1]
        boxes[start[again] + 1] = boxes[start[again]] + draw.uniform(-1, 1, (len(again), 4))
    found = arrays(boxes.astype(np.float32), start)
    return any(pair.kind == "twice" for pair in audit(found, labels=("thing",)).pairs)


def arrays(boxes: Float[np.ndarray, "m 4"], start: Int[np.ndarray, " n1"]) -> Annotations:
    """Boxes of one class."""
    none = np.zeros(len(boxes), bool)
    return Annotations(start, boxes, np.zeros(len(boxes), np.int64), none, none)
