"""What networks that find objects share: targets, answers, and the shape of a detector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from vidi.core.network import Preprocessing
from vidi.core.vision import torchvision


@dataclass(frozen=True)
class Target:
    """True objects of one image: corners (x1, y1, x2, y2) in pixels of the network's input, labels, perhaps masks.

    `ignored` are boxes in which there may be more: crowds, and objects that are not to be counted.
    """

    boxes: Float[Tensor, "n 4"]
    labels: Int[Tensor, " n"]
    masks: Bool[Tensor, "n h w"] | None = None
    ignored: Float[Tensor, "i 4"] | None = None

    def to(self, device: torch.device) -> "Target":
        """The same on a device."""
        moved = (None if x is None else x.to(device) for x in (self.masks, self.ignored))
        return Target(self.boxes.to(device), self.labels.to(device), *moved)

    def solid(self) -> "Target":
        """Those that have an area: nothing can be learned from the others, and their overlaps are 0 / 0."""
        keep = (self.boxes[:, 2:] > self.boxes[:, :2]).all(dim=1)
        if self.masks is not None:
            keep &= self.masks.flatten(1).any(dim=1)
        masks = None if self.masks is None else self.masks[keep]
        return Target(self.boxes[keep], self.labels[keep], masks, self.ignored)


@dataclass(frozen=True)
class Answer:
    """What a detector found in one image, surest first; scores in [0, 1]."""

    boxes: Float[Tensor, "n 4"]
    labels: Int[Tensor, " n"]
    scores: Float[Tensor, " n"]
    masks: Bool[Tensor, "n h w"] | None = None


@runtime_checkable
class Detector(Protocol):
    """Images in 0..255, shape (b, 3, h, w), to raw outputs; these with targets to losses; these to answers.

    `ideal` are the outputs of a network that is right and sure, so `decode` of them is the truth.
    """

    preprocessing: Preprocessing
    classes: int

    def __call__(self, image: Shaped[Tensor, "b 3 h w"]) -> Mapping[str, Any]: ...

    def loss(self, outputs: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, Tensor]: ...

    def decode(self, outputs: Mapping[str, Any], *, least: float = 0.01) -> list[Answer]: ...

    def ideal(self, targets: Sequence[Target], image_hw: tuple[int, int]) -> Mapping[str, Any]: ...


def nearest_free(centres: Float[Tensor, "n 2"], boxes: Float[Tensor, "m 4"]) -> list[int]:
    """For each box in turn the place nearest to its centre that no earlier box has taken."""
    free, rows = torch.ones(len(centres), dtype=torch.bool), []
    for box in boxes:
        distance = (centres - (box[:2] + box[2:]) / 2).norm(dim=1)
        rows.append(int(torch.where(free, distance, torch.inf).argmin()))
        free[rows[-1]] = False
    return rows


def empty_maps(images: int, image_hw: tuple[int, int], strides: Sequence[int]) -> list[Tensor]:
    """Maps of one channel, as a pyramid of these strides gives them of images of this size."""
    return [torch.zeros(images, 1, -(-image_hw[0] // s), -(-image_hw[1] // s)) for s in strides]


Grids = tuple[tuple[int, int], ...]  # height and width of each map, finest first


def grids_of(maps: Sequence[Tensor]) -> Grids:
    """The maps' sizes."""
    return tuple((int(x.shape[2]), int(x.shape[3])) for x in maps)


@runtime_checkable
class OnePass(Protocol):
    """A network whose answer is one tensor of numbers and what follows from it: `raw` can be run by any engine."""

    def raw(self, maps: Sequence[Tensor]) -> tuple[Tensor, Grids]: ...

    def outputs(self, raw: Tensor, grids: Grids, image_hw: tuple[int, int]) -> Any: ...


def anchors(
    net: Any, images: int, grids: Grids, image_hw: tuple[int, int], device: torch.device | None = None
) -> list[Tensor]:
    """The anchors of a torchvision detector `net` for images of a size, one tensor an image."""
    blank = torch.zeros(images, 1, *image_hw, device=device)
    listed = torchvision().models.detection.image_list.ImageList(blank, [image_hw] * images)
    maps = [blank.new_zeros(1, 1, *grid) for grid in grids]
    found: list[Tensor] = net.anchor_generator(listed, maps)
    return found


def as_dicts(targets: Sequence[Target], *, shift: int = 0) -> list[dict[str, Tensor]]:
    """Targets as torchvision takes them; `shift` is 1 where label 0 is the background."""
    found = []
    for target in (each.solid() for each in targets):
        entry = {"boxes": target.boxes, "labels": target.labels + shift}
        if target.masks is not None:
            entry["masks"] = target.masks.to(torch.uint8)
        found.append(entry)
    return found


def as_answers(found: Sequence[Mapping[str, Tensor]], *, least: float, shift: int = 0) -> list[Answer]:
    """torchvision's detections with a score of `least` or more."""
    answers = []
    for entry in found:
        keep = entry["scores"] >= least
        masks = entry["masks"][keep, 0] >= 0.5 if "masks" in entry else None
        answers.append(
            Answer(entry["boxes"][keep], entry["labels"][keep] - shift, entry["scores"][keep], masks)
        )
    return answers
