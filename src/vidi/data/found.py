"""What was found on an image, in its own pixels: objects, or a class for each pixel; and as rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int, UInt8

from vidi.core.annotations import IGNORE
from vidi.ops import masks

OBJECT = pa.struct(
    [
        ("label", pa.string()),
        ("score", pa.float64()),
        ("box", pa.list_(pa.float64(), 4)),
        ("rle", pa.string()),
        ("uncounted", pa.bool_()),
    ]
)
COLUMN = pa.list_(OBJECT)


@dataclass(frozen=True)
class FoundObjects:
    """Objects of one image, surest first: corners x1, y1, x2, y2 in its pixels, label numbers, scores in [0, 1].

    `masks` are run lengths of the image's size, or None where only boxes are known; true objects have no `scores`.
    """

    boxes: Float[np.ndarray, "n 4"]
    labels: Int[np.ndarray, " n"]
    scores: Float[np.ndarray, " n"] | None
    masks: tuple[masks.Rle, ...] | None
    image_hw: tuple[int, int]
    uncounted: Bool[np.ndarray, " n"] | None = (
        None  # of true ones: neither missed nor, if found, a false alarm
    )

    def surer(self, least: float) -> "FoundObjects":
        """Those with a score of `least` or more."""
        if self.scores is None:
            return self
        keep = np.flatnonzero(self.scores >= least)
        kept = None if self.masks is None else tuple(self.masks[place] for place in keep)
        return FoundObjects(self.boxes[keep], self.labels[keep], self.scores[keep], kept, self.image_hw)

    def renumbered(self, numbers: Sequence[int]) -> "FoundObjects":
        """The same with label i called `numbers[i]`."""
        return replace(self, labels=np.array(numbers, np.int64)[self.labels])

    def rows(self, labels: Sequence[str]) -> list[dict[str, Any]]:
        """One record an object, as tables keep it."""
        return [
            {
                "label": labels[int(self.labels[place])],
                "score": None if self.scores is None else float(self.scores[place]),
                "box": [float(value) for value in self.boxes[place]],
                "rle": None if self.masks is None else self.masks[place].counts,
                "uncounted": self.uncounted is not None and bool(self.uncounted[place]),
            }
            for place in range(len(self.boxes))
        ]


@dataclass(frozen=True)
class FoundMap:
    """The class of each pixel of one image, by label number; `ignore` where a pixel has none."""

    classes: UInt8[np.ndarray, "h w"]
    ignore: int = IGNORE

    @property
    def image_hw(self) -> tuple[int, int]:
        height, width = self.classes.shape
        return int(height), int(width)

    def surer(self, least: float) -> "FoundMap":
        return self

    def renumbered(self, numbers: Sequence[int]) -> "FoundMap":
        """The same with class i called `numbers[i]`; what is none of them is ignored."""
        table = np.full(256, self.ignore, np.uint8)
        table[: len(numbers)] = numbers
        table[self.ignore] = self.ignore
        return replace(self, classes=table[self.classes])

    def rows(self, labels: Sequence[str]) -> list[dict[str, Any]]:
        """One record a class that is there: its pixels as run lengths, and the box around them."""
        return [self._row(int(number), labels) for number in np.unique(self.classes) if number < len(labels)]

    def _row(self, number: int, labels: Sequence[str]) -> dict[str, Any]:
        mask = self.classes == number
        ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = [float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1)]
        code = masks.encode(mask).counts
        return {"label": labels[number], "score": None, "box": box, "rle": code, "uncounted": False}


Found = FoundObjects | FoundMap


def objects_of(
    rows: Sequence[dict[str, Any]], labels: Sequence[str], image_hw: tuple[int, int]
) -> FoundObjects:
    """The objects that `rows` keeps; raises ValueError for a label that is none of `labels`."""
    scores = [row["score"] for row in rows]
    codes = [row["rle"] for row in rows]
    return FoundObjects(
        np.array([row["box"] for row in rows], np.float64).reshape(-1, 4),
        np.array([labels.index(row["label"]) for row in rows], np.int64),
        None if rows and scores[0] is None else np.array(scores, np.float64),
        None if not rows or codes[0] is None else tuple(masks.Rle(code, *image_hw) for code in codes),
        image_hw,
        np.array([bool(row.get("uncounted")) for row in rows], bool),
    )


def map_of(
    rows: Sequence[dict[str, Any]], labels: Sequence[str], image_hw: tuple[int, int], *, ignore: int = IGNORE
) -> FoundMap:
    """The class map that `rows` keeps."""
    classes = np.full(image_hw, ignore, np.uint8)
    for row in rows:
        classes[masks.decode(masks.Rle(row["rle"], *image_hw))] = labels.index(row["label"])
    return FoundMap(classes, ignore)
