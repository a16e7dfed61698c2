"""Batches of images with what is drawn on them, moved together: mirrored, cropped, recoloured."""

from collections.abc import Callable, Mapping
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


def moved_source(
    job: Job,
    task: DenseTask,
    rows: NDArray[np.int64],
    *,
    size_px: int,
    fit: str,
    flip: float,
    scale: float,
    brightness: float,
) -> Callable[[NDArray[np.int64], torch.Generator], tuple[Tensor, Any]]:
    """A source of `rows`' images and targets. Each image is mirrored with probability `flip`, cropped to between
    `scale` and all of its area (and resized again); brightness, contrast and saturation vary by up to `brightness`.

    Objects of which a crop leaves less than LEAST_SEEN are left out. All is off, exactly, at 0, 1 and 0.
    """
    check_option("flip", flip, holds=0 <= flip <= 1, wanted="a share, 0 to 1 (0: off)")
    check_option("scale", scale, holds=0 < scale <= 1, wanted="above 0 and at most 1 (1: no crop)")
    check_option("brightness", brightness, holds=0 <= brightness < 1, wanted="0 or more and below 1 (0: off)")
    images: UInt8[np.ndarray, "n s s 3"] = job.pixels(rows, size_px=size_px, fit=fit)
    place = np.full(len(job.dataset), -1)
    place[rows] = np.arange(len(rows))
    kept = Kept(task, Targets(job.dataset, size_px, fit))
    move = mover(size_px=size_px, flip=flip, scale=scale, brightness=brightness)

    def source(batch: NDArray[np.int64], generator: torch.Generator) -> tuple[Tensor, Any]:
        seed = int(torch.randint(2**62, (), generator=generator))
        with torch.random.fork_rng(devices=[]):  # torchvision's transforms draw from torch's own generator
            torch.manual_seed(seed)
            pairs = [move(_image(images[place[row]]), kept(int(row))) for row in batch]
        return torch.stack([image for image, _ in pairs]), task.collate([entry for _, entry in pairs])

    return source


def _image(pixels: UInt8[np.ndarray, "s s 3"]) -> Any:
    return torchvision_tensors().Image(torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))))


def transforms() -> Any:
    """torchvision's transforms v2, imported at the first call."""
    torchvision()
    from torchvision.transforms import v2

    return v2


def mover(
    *, size_px: int, flip: float, scale: float, brightness: float
) -> Callable[[Any, Mapping[str, Any]], tuple[Tensor, dict[str, Any]]]:
    """A function of (image, target) that moves both; torch's own generator says how."""
    v2 = transforms()
    steps: list[Any] = []
    if flip:
        steps.append(v2.RandomHorizontalFlip(flip))
    if scale < 1:
        size = (size_px, size_px)
        steps.append(v2.RandomResizedCrop(size, scale=(scale, 1.0), ratio=(0.8, 1.25), antialias=True))
    if brightness:
        steps.append(v2.ColorJitter(brightness, brightness, brightness))

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
    kept: dict[str, Any] = {key: value[keep] for key, value in told.items()}
    return image, kept | {"boxes": tv.BoundingBoxes(cut[keep], format="XYXY", canvas_size=size)}
