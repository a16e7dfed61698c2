"""What is drawn on an image as arrays and tensors: boxes, masks, keypoints, class maps, at any size.

Masks are drawn when they are asked for. The dictionaries are those of torchvision's detection models, of tv_tensors, so
that its transforms move image, boxes, masks and points together.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8

from vidi.core.annotations import IGNORE, Annotation, Annotations, Instance, Scheme
from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.vision import torchvision
from vidi.data.decode import Unreadable
from vidi.data.label_maps import as_told, classes_of, read_map
from vidi.ops import masks
from vidi.ops.placing import Placing, placing


@dataclass(frozen=True)
class Targets:
    """The targets of a data set's rows. With `size_px` in the square that `ops.resize` makes of each image."""

    dataset: Dataset
    size_px: int | None = None
    fit: str = "squash"

    @cached_property
    def arrays(self) -> Annotations:
        """All objects of the data set, in pixels of the images as they are."""
        return self.dataset.annotations()

    @cached_property
    def _sizes(self) -> Int[np.ndarray, "n 2"]:
        return np.stack([self.dataset.column("height"), self.dataset.column("width")], axis=1).astype(
            np.int64
        )

    def image_hw(self, row: int) -> tuple[int, int]:
        """Height and width that the row's coordinates refer to."""
        return self._original(row) if self.size_px is None else (self.size_px, self.size_px)

    def _original(self, row: int) -> tuple[int, int]:
        height, width = self._sizes[row].tolist()
        return height, width

    def placing(self, row: int) -> Placing:
        """How the row's image became what coordinates refer to; `back` takes predictions to the image's own pixels."""
        if self.size_px is None:
            return Placing(1.0, 1.0, 0.0, 0.0)
        return placing(self._original(row), size_px=self.size_px, fit=self.fit)

    def boxes(self, row: int) -> Float[np.ndarray, "n 4"]:
        """x1, y1, x2, y2 in pixels, float32."""
        return self.placing(row).boxes(self.arrays.boxes[self.arrays.of(row)])

    def labels(self, row: int) -> Int[np.ndarray, " n"]:
        """Numbers of the data set's labels."""
        return self.arrays.label[self.arrays.of(row)]

    def crowd(self, row: int) -> Bool[np.ndarray, " n"]:
        return self.arrays.crowd[self.arrays.of(row)]

    def difficult(self, row: int) -> Bool[np.ndarray, " n"]:
        return self.arrays.difficult[self.arrays.of(row)]

    def keypoints(self, row: int) -> Float[np.ndarray, "n k 3"]:
        """x, y, visibility of each object's points; k is the most of any category, visibility 0 beyond its own."""
        scheme, objects = self.dataset.scheme, self.dataset.annotation(row).objects
        most = max((len(each.keypoints) // 3 for each in objects), default=0)
        if scheme is not None:
            most = max([most, *(len(category.keypoints) for category in scheme.categories)])
        points = np.zeros((len(objects), most, 3), np.float32)
        for place, each in enumerate(objects):
            points[place, : len(each.keypoints) // 3] = np.reshape(each.keypoints, (-1, 3))
        placed, moved = self.placing(row), points.copy()
        moved[:, :, 0] = points[:, :, 0] * placed.scale_x + placed.shift_x
        moved[:, :, 1] = points[:, :, 1] * placed.scale_y + placed.shift_y
        return np.where(points[:, :, 2:] > 0, moved, 0).astype(np.float32)

    def rles(self, row: int) -> list[masks.Rle]:
        """Each object's mask as run lengths in the image's own pixels; an object that has none is its box."""
        opened: dict[str, Int[np.ndarray, "h w"]] = {}  # one file may hold many objects
        return [
            drawn(self.dataset, each, self._original(row), opened)
            for each in self.dataset.annotation(row).objects
        ]

    def masks(self, row: int) -> Bool[np.ndarray, "n h w"]:
        """Each object's mask at the targets' size."""
        height, width = self.image_hw(row)
        found = [masks.decode(each) for each in self.rles(row)]
        stack = np.stack(found) if found else np.zeros((0, *self._original(row)), bool)
        return np.asarray(self._fitted(stack)).reshape(-1, height, width)

    def semantic(self, row: int) -> UInt8[np.ndarray, "h w"]:
        """Each pixel's label; IGNORE where it counts for nothing, and beyond the image's edge.

        Where only objects are drawn, later ones lie over earlier ones, crowds are ignored, and the rest is IGNORE too.
        """
        annotation = self.dataset.annotation(row)
        if annotation.mask is not None:
            found = class_map(self.dataset, annotation, self._original(row))
        else:
            found = np.full(self._original(row), IGNORE, np.uint8)
            for number, crowd, rle in zip(self.labels(row), self.crowd(row), self.rles(row), strict=True):
                found[masks.decode(rle)] = IGNORE if crowd else number
        return np.asarray(self._fitted(found[None], outside=IGNORE)[0])

    def _fitted(self, planes: Any, outside: int = 0) -> Any:
        """Planes (n, h, w) in the square: the nearest pixel of the image, `outside` where there is none."""
        if self.size_px is None:
            return planes
        height, width = planes.shape[1:]
        placed = placing((height, width), size_px=self.size_px, fit=self.fit)
        at = np.arange(self.size_px) + 0.5
        x = np.floor((at - placed.shift_x) / placed.scale_x).astype(np.int64)
        y = np.floor((at - placed.shift_y) / placed.scale_y).astype(np.int64)
        fitted = planes[:, y.clip(0, height - 1)][:, :, x.clip(0, width - 1)]
        beyond = ((y < 0) | (y >= height))[:, None] | ((x < 0) | (x >= width))[None]
        fitted[:, beyond] = outside
        return fitted

    def tensors(self, row: int, *, with_masks: bool = False, with_keypoints: bool = False) -> dict[str, Any]:
        """`boxes` (BoundingBoxes, XYXY), `labels` (int64, from 0), `iscrowd`, `difficult`; `masks` (Mask, n h w) and
        `keypoints` (KeyPoints, n k 2, with `visibility`) if asked for."""
        tv = torchvision_tensors()
        hw = self.image_hw(row)
        told: dict[str, Any] = {
            "boxes": tv.BoundingBoxes(torch.from_numpy(self.boxes(row)), format="XYXY", canvas_size=hw),
            "labels": torch.from_numpy(self.labels(row)),
            "iscrowd": torch.from_numpy(self.crowd(row)),
            "difficult": torch.from_numpy(self.difficult(row)),
        }
        if with_masks:
            told["masks"] = tv.Mask(torch.from_numpy(self.masks(row)))
        if with_keypoints:
            points = torch.from_numpy(self.keypoints(row))
            told["keypoints"] = tv.KeyPoints(points[..., :2], canvas_size=hw)
            told["visibility"] = points[..., 2]
        return told

    def map_tensor(self, row: int) -> Any:
        """`semantic` as a Mask (h, w) of uint8."""
        return torchvision_tensors().Mask(torch.from_numpy(self.semantic(row)))


def torchvision_tensors() -> Any:
    """torchvision's tv_tensors, imported at the first call."""
    torchvision()
    from torchvision import tv_tensors

    return tv_tensors


def drawn(
    dataset: Dataset,
    each: Instance,
    image_hw: tuple[int, int],
    opened: dict[str, Int[np.ndarray, "h w"]],
) -> masks.Rle:
    """An object's mask in the image's pixels; its box where it has none. `opened` keeps what files hold."""
    if each.rle is not None:
        return masks.Rle(each.rle, *image_hw)
    if each.file is not None:
        if each.file not in opened:
            opened[each.file] = read_numbers(dataset, each.file, image_hw)
        numbers = opened[each.file]
        return masks.encode(numbers != 0 if each.value is None else numbers == each.value)
    if each.polygons:
        return masks.from_polygons(each.polygons, *image_hw)
    x1, y1, x2, y2 = each.box
    return masks.from_polygons([(x1, y1, x2, y1, x2, y2, x1, y2)], *image_hw)


def class_map(
    dataset: Dataset, annotation: Annotation, image_hw: tuple[int, int]
) -> UInt8[np.ndarray, "h w"]:
    """The class map of an image's file."""
    scheme: Scheme | None = dataset.scheme
    if scheme is None or annotation.mask is None:
        raise ValueError("a data set with class maps was wanted")
    return classes_of(read_numbers(dataset, annotation.mask, image_hw), scheme)


def read_numbers(dataset: Dataset, file: str, image_hw: tuple[int, int]) -> Int[np.ndarray, "h w"]:
    """A mask file's numbers; raises UsageError if it has gone, or changed its size, since the scan."""
    try:
        numbers, told = read_map(dataset.root, file)
    except Unreadable as error:
        raise UsageError(
            f"{file} could be read when the data was scanned and cannot be now ({error}); restore it or start again"
        ) from error
    if numbers.shape != image_hw:
        raise UsageError(
            f"{file} had its image's size when the data was scanned and is {numbers.shape[1]} x {numbers.shape[0]} "
            "now; restore it or start again"
        )
    return as_told(numbers, told, dataset.scheme.mask if dataset.scheme else None)
