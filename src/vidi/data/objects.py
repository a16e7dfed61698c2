"""Objects on their way through a run: what a network learns from, what it found, and both side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray

from vidi.core.dense import Answer, Target
from vidi.data.found import FoundObjects
from vidi.data.targets import Targets, torchvision_tensors
from vidi.ops import masks
from vidi.ops.detected import Detected, gathered
from vidi.ops.placing import Placing


def learn_objects(targets: Targets, row: int, *, with_masks: bool) -> dict[str, Any]:
    """`boxes` and `labels` (and `masks`) of one image as tv_tensors; boxes of crowds and of what is not to be counted
    are `ignored`, where there are any."""
    tv = torchvision_tensors()
    told = targets.tensors(row, with_masks=with_masks)
    keep = ~(told["iscrowd"] | told["difficult"])
    kept = {"boxes": tv.wrap(told["boxes"][keep], like=told["boxes"]), "labels": told["labels"][keep]}
    if not keep.all():
        kept["ignored"] = tv.wrap(told["boxes"][~keep], like=told["boxes"])
    if with_masks:
        kept["masks"] = tv.wrap(told["masks"][keep], like=told["masks"])
    return kept


def collate_objects(entries: Sequence[Mapping[str, Any]]) -> list[Target]:
    """One Target an image, of plain tensors."""
    return [
        Target(
            boxes=entry["boxes"].as_subclass(torch.Tensor).float(),
            labels=entry["labels"],
            masks=None if "masks" not in entry else entry["masks"].as_subclass(torch.Tensor).bool(),
            ignored=None if "ignored" not in entry else entry["ignored"].as_subclass(torch.Tensor).float(),
        )
        for entry in entries
    ]


def found_objects(answer: Answer, placing: Placing, image_hw: tuple[int, int]) -> FoundObjects:
    """One image's answer in the image's own pixels, cut at its edge."""
    height, width = image_hw
    boxes = placing.back(answer.boxes.double().numpy())
    boxes = boxes.clip(0, np.array([width, height, width, height]))
    kept = (
        None
        if answer.masks is None
        else tuple(masks.encode(placed_back(mask.numpy(), placing, image_hw)) for mask in answer.masks)
    )
    return FoundObjects(boxes, answer.labels.numpy(), answer.scores.double().numpy(), kept, image_hw)


def placed_back(plane: NDArray[Any], placing: Placing, image_hw: tuple[int, int]) -> NDArray[Any]:
    """A plane of the network's square in the image's pixels: the nearest of the square, its border beyond."""
    side_y, side_x = plane.shape
    y = (
        ((np.arange(image_hw[0]) + 0.5) * placing.scale_y + placing.shift_y)
        .astype(np.int64)
        .clip(0, side_y - 1)
    )
    x = (
        ((np.arange(image_hw[1]) + 0.5) * placing.scale_x + placing.shift_x)
        .astype(np.int64)
        .clip(0, side_x - 1)
    )
    return np.asarray(plane[y][:, x])


def true_objects(targets: Targets, row: int, *, with_masks: bool) -> FoundObjects:
    """What is drawn on the image."""
    kept = tuple(targets.rles(row)) if with_masks else None
    return FoundObjects(
        targets.boxes(row).astype(np.float64),
        targets.labels(row),
        None,
        kept,
        targets.image_hw(row),
        uncounted=targets.crowd(row) | targets.difficult(row),
    )


def judge_objects(
    found: Sequence[FoundObjects],
    truth: Sequence[FoundObjects],
    labels: tuple[str, ...],
    *,
    with_masks: bool,
    seed: int = 0,
    group: Int[np.ndarray, " n"] | None = None,
) -> Detected:
    """What was found on images beside what is drawn there. What is not to be counted is treated as COCO's crowds."""
    return Detected(
        truth=gathered(
            [each.boxes for each in truth],
            [each.labels for each in truth],
            crowd=[np.zeros(len(t.boxes), bool) if t.uncounted is None else t.uncounted for t in truth],
            mask=[each.masks or () for each in truth] if with_masks else None,
        ),
        found=gathered(
            [each.boxes for each in found],
            [each.labels for each in found],
            scores=[each.scores if each.scores is not None else np.zeros(0) for each in found],
            mask=[each.masks or () for each in found] if with_masks else None,
        ),
        images=len(truth),
        labels=labels,
        seed=seed,
        group=group,
    )
