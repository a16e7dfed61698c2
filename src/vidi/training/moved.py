"""Images with what is drawn on them, moved together: mirrored, cropped, recoloured."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from vidi.core.errors import check_option
from vidi.core.job import Job
from vidi.core.task import DenseTask
from vidi.core.vision import torchvision
from vidi.data.targets import Targets, torchvision_tensors
from vidi.ops.boxes import area

LEAST_SEEN = 0.3  # of a box's area that a crop must leave for the object to count
BLOCK = 64  # images of a view at a time


@dataclass(frozen=True)
class Moves:
    """How images vary. Each is mirrored with probability `flip`, cropped to between `scale` and all of its area (and
    resized again); brightness, contrast and saturation vary by up to `brightness`.

    All is off, exactly, at 0, 1 and 0. Raises UsageError for what is no such number.
    """

    flip: float = 0.5
    scale: float = 0.5
    brightness: float = 0.2

    def __post_init__(self) -> None:
        check_option("flip", self.flip, holds=0 <= self.flip <= 1, wanted="a share, 0 to 1 (0: off)")
        check_option(
            "scale", self.scale, holds=0 < self.scale <= 1, wanted="above 0 and at most 1 (1: no crop)"
        )
        holds = 0 <= self.brightness < 1
        check_option("brightness", self.brightness, holds=holds, wanted="0 or more and below 1 (0: off)")


class Mover:
    """The rows' images and targets, moved. A view is a number: the same view of a row is always moved alike.

    Objects of which a crop leaves less than LEAST_SEEN are left out.
    """

    def __init__(
        self, job: Job, task: DenseTask, rows: NDArray[np.int64], moves: Moves, *, size_px: int, fit: str
    ) -> None:
        self.rows, self.size_px, self.collate = rows, size_px, task.collate
        self.images: UInt8[np.ndarray, "n s s 3"] = job.pixels(rows, size_px=size_px, fit=fit)
        self.place = np.full(len(job.dataset), -1)
        self.place[rows] = np.arange(len(rows))
        self.kept = Kept(task, Targets(job.dataset, size_px, fit))
        self.seed = job.seed
        self.move = transformed(moves, size_px=size_px)
        self.shift = transformed(replace(moves, brightness=0.0), size_px=size_px)
        self.blank = torchvision_tensors().Image(torch.zeros(1, size_px, size_px, dtype=torch.uint8))

    def source(self, batch: NDArray[np.int64], generator: torch.Generator) -> tuple[Tensor, Any]:
        """Images (b, 3, s, s) and targets, moved as the generator says."""
        seed = int(torch.randint(2**62, (), generator=generator))
        with _seeded(seed):
            pairs = [self.move(self._image(int(row)), self.kept(int(row))) for row in batch]
        return torch.stack([image for image, _ in pairs]), self.collate([entry for _, entry in pairs])

    def image(self, row: int, view: int) -> UInt8[np.ndarray, "s s 3"]:
        """The image of a view."""
        with _seeded(self._number(row, view)):
            image, _ = self.move(self._image(row), {})
        return np.ascontiguousarray(image.permute(1, 2, 0).numpy())

    def target(self, row: int, view: int) -> Mapping[str, Any]:
        """The target of a view: where things are does not hang on the image's colours."""
        with _seeded(self._number(row, view)):
            return self.shift(self.blank, self.kept(row))[1]

    def blocks(self, view: int) -> Iterator[UInt8[np.ndarray, "n s s 3"]]:
        """The images of a view, some at a time, in the order of the rows."""
        for start in range(0, len(self.rows), BLOCK):
            yield np.stack([self.image(int(row), view) for row in self.rows[start : start + BLOCK]])

    def _number(self, row: int, view: int) -> int:
        return (self.seed * 1_000_003 + view) * 1_000_003 + int(self.place[row])

    def _image(self, row: int) -> Any:
        pixels = self.images[self.place[row]]
        return torchvision_tensors().Image(torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))))


class Kept:
    """What a task learns from each row, made once and kept; masks as bits, because they are many."""

    def __init__(self, task: DenseTask, targets: Targets) -> None:
        self.task, self.targets = task, targets
        self.known: dict[int, dict[str, Any]] = {}

    def __call__(self, row: int) -> dict[str, Any]:
        if row not in self.known:
            self.known[row] = {
                key: _packed(value) for key, value in self.task.learn(self.targets, row).items()
            }
        return {key: value() for key, value in self.known[row].items()}


def _packed(value: Any) -> Callable[[], Any]:
    """A function that gives the value back; a tensor of booleans takes an eighth of its room meanwhile."""
    if value.dtype != torch.bool:
        return lambda: value
    tv, shape = torchvision_tensors(), tuple(value.shape)
    bits = np.packbits(value.as_subclass(torch.Tensor).numpy())

    def unpacked() -> Any:
        flat = np.unpackbits(bits, count=int(np.prod(shape)))
        return tv.wrap(torch.from_numpy(flat.reshape(shape)).bool(), like=value)

    return unpacked


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """torchvision's transforms draw from torch's own generator: inside, it starts from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def transforms() -> Any:
    """torchvision's transforms v2, imported at the first call."""
    torchvision()
    from torchvision.transforms import v2

    return v2


def transformed(
    moves: Moves, *, size_px: int
) -> Callable[[Any, Mapping[str, Any]], tuple[Tensor, dict[str, Any]]]:
    """A function of (image, target) that moves both; torch's own generator says how. The colours' numbers are drawn
    last, so without them all else stays as it was."""
    v2 = transforms()
    steps: list[Any] = []
    if moves.flip:
        steps.append(v2.RandomHorizontalFlip(moves.flip))
    if moves.scale < 1:
        size = (size_px, size_px)
        steps.append(v2.RandomResizedCrop(size, scale=(moves.scale, 1.0), ratio=(0.8, 1.25), antialias=True))
    if moves.brightness:
        steps.append(v2.ColorJitter(*(moves.brightness,) * 3))

    def move(image: Any, target: Mapping[str, Any]) -> tuple[Tensor, dict[str, Any]]:
        moved: tuple[Any, dict[str, Any]] = image, dict(target)
        for step in steps:
            cropped = isinstance(step, v2.RandomResizedCrop) and "boxes" in moved[1]
            moved = seen(step, *moved) if cropped else step(*moved)
        return moved[0].as_subclass(torch.Tensor), moved[1]

    return move


def seen(step: Any, image: Any, target: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A crop of an image with objects; those of which too little is left are gone."""
    tv = torchvision_tensors()
    boxes = target["boxes"]
    free = tv.BoundingBoxes(boxes, format="XYXY", canvas_size=boxes.canvas_size, clamping_mode=None)
    image, told = step(image, {**target, "boxes": free})
    size = tuple(image.shape[-2:])
    whole = told["boxes"].as_subclass(torch.Tensor)
    cut = whole.clone()
    cut[:, 0::2], cut[:, 1::2] = whole[:, 0::2].clamp(0, size[1]), whole[:, 1::2].clamp(0, size[0])
    keep = area(cut) >= LEAST_SEEN * area(whole).clamp(min=1e-6)
    kept: dict[str, Any] = {key: value[keep] for key, value in told.items() if key != "ignored"}
    kept |= {"ignored": told["ignored"]} if "ignored" in told else {}
    return image, kept | {"boxes": tv.BoundingBoxes(cut[keep], format="XYXY", canvas_size=size)}
