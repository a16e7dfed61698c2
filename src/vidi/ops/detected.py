"""Objects that were found beside those that are there: what every detection metric looks at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int

from vidi.ops import masks
from vidi.ops.masks import Rle

Value = TypeVar("Value")


@dataclass(frozen=True)
class Objects:
    """Objects of many images in one table: the image's and the label's number, and corners (x1, y1, x2, y2) in pixels.

    `score` is for those that were found. `crowd` marks a true one that stands for many (it may be found any number of
    times, and is never missed); `area`, in square pixels, is the mask's or else the box's where it is not given.
    """

    image: Int[np.ndarray, " m"]
    label: Int[np.ndarray, " m"]
    box: Float[np.ndarray, "m 4"]
    score: Float[np.ndarray, " m"] | None = None
    crowd: Bool[np.ndarray, " m"] | None = None
    area: Float[np.ndarray, " m"] | None = None
    mask: tuple[Rle, ...] | None = None

    def __post_init__(self) -> None:
        if not np.isfinite(self.box).all():
            raise ValueError("corners of boxes are finite; some are not: leave these boxes out, by name")
        if self.score is not None and not np.isfinite(self.score).all():
            raise ValueError("scores are finite numbers, the higher the surer; some are not")
        if self.mask is not None and len(self.mask) != len(self.box):
            raise ValueError(f"{len(self.mask)} masks for {len(self.box)} objects")

    def __len__(self) -> int:
        return len(self.image)

    @property
    def is_crowd(self) -> Bool[np.ndarray, " m"]:
        return np.zeros(len(self), dtype=bool) if self.crowd is None else self.crowd

    @property
    def size(self) -> Float[np.ndarray, " m"]:
        """Square pixels."""
        if self.area is not None:
            return self.area
        if self.mask is not None:
            return np.array([masks.area(each) for each in self.mask], dtype=np.float64)
        side = np.clip(self.box[:, 2:] - self.box[:, :2], 0, None).astype(np.float64)
        return np.asarray(side.prod(axis=1))

    def take(self, rows: np.ndarray) -> "Objects":
        """These rows."""

        def of(values: Any) -> Any:
            return None if values is None else values[rows]

        mask = None if self.mask is None else tuple(self.mask[row] for row in np.arange(len(self))[rows])
        return Objects(
            self.image[rows],
            self.label[rows],
            self.box[rows],
            of(self.score),
            of(self.crowd),
            of(self.area),
            mask,
        )


def gathered(
    boxes: Sequence[Float[np.ndarray, "_ 4"]],
    labels: Sequence[Int[np.ndarray, " _"]],
    *,
    scores: Sequence[Float[np.ndarray, " _"]] | None = None,
    crowd: Sequence[Bool[np.ndarray, " _"]] | None = None,
    area: Sequence[Float[np.ndarray, " _"]] | None = None,
    mask: Sequence[Sequence[Rle]] | None = None,
) -> Objects:
    """One table from a list with an entry for each image; raises ValueError where the lists do not match."""
    lists = {"labels": labels, "scores": scores, "crowd": crowd, "area": area, "masks": mask}
    for name, each in lists.items():
        if each is not None and [len(entry) for entry in each] != [len(entry) for entry in boxes]:
            raise ValueError(
                f"boxes and {name} have an entry for each image and object; their numbers differ"
            )

    def joined(entries: Sequence[Any] | None, kind: type, *shape: int) -> Any:
        if entries is None:
            return None
        return np.concatenate([np.zeros((0, *shape), kind), *(np.asarray(entry, kind) for entry in entries)])

    return Objects(
        image=np.repeat(np.arange(len(boxes)), [len(entry) for entry in boxes]),
        label=joined(labels, np.int64),
        box=joined(boxes, np.float64, 4),
        score=joined(scores, np.float64),
        crowd=joined(crowd, np.bool_),
        area=joined(area, np.float64),
        mask=None if mask is None else tuple(rle for entry in mask for rle in entry),
    )


@dataclass(frozen=True)
class Detected:
    """What was found in `images` images beside what is there.

    Masks are compared where both have them, else boxes. `replicates` and `seed` are for the bootstrap over images;
    `group` (a number for each image) keeps images of one group together in it.
    """

    truth: Objects
    found: Objects
    images: int
    labels: tuple[str, ...]
    replicates: int = 1000
    seed: int = 0
    group: Int[np.ndarray, " n"] | None = None
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.found.score is None:
            raise ValueError("objects that were found want scores: how sure the model is of each")
        for objects in (self.truth, self.found):
            for numbers, most, what in (
                (objects.image, self.images, "images"),
                (objects.label, len(self.labels), "labels"),
            ):
                if len(numbers) and not 0 <= numbers.min() <= numbers.max() < most:
                    raise ValueError(
                        f"there are {most} {what}, numbered from 0; got {numbers.min()} to {numbers.max()}"
                    )

    @property
    def score(self) -> Float[np.ndarray, " m"]:
        assert self.found.score is not None
        return self.found.score

    @property
    def by_masks(self) -> bool:
        return self.truth.mask is not None and self.found.mask is not None

    def remembered(self, name: str, compute: Callable[[], Value]) -> Value:
        """What was computed under this name before: several metrics stand on one matching."""
        if name not in self._kept:
            self._kept[name] = compute()
        value: Value = self._kept[name]
        return value
