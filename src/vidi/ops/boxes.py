"""Boxes as corners (x1, y1, x2, y2) in pixels, x to the right and y down: areas, overlaps, conversions, suppression."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vidi.core.vision_operators import iou, nms

__all__ = [
    "area",
    "class_nms",
    "clip",
    "from_cxcywh",
    "from_xywh",
    "giou",
    "iou",
    "nms",
    "to_cxcywh",
    "to_xywh",
]


def area(boxes: Float[Tensor, "n 4"]) -> Float[Tensor, " n"]:
    """Width times height, in square pixels; 0 where a box is empty or its corners are swapped."""
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1)


def giou(a: Float[Tensor, "n 4"], b: Float[Tensor, "m 4"]) -> Float[Tensor, "n m"]:
    """Intersection over union minus the share of the enclosing box that neither fills, in [-1, 1].

    It falls on with the distance of boxes that do not touch. Rezatofighi et al. 2019, arXiv:1902.09630, algorithm 1.
    """
    top_left = torch.minimum(a[:, None, :2], b[None, :, :2])
    bottom_right = torch.maximum(a[:, None, 2:], b[None, :, 2:])
    around = (bottom_right - top_left).clamp(min=0).prod(dim=-1)
    overlap = iou(a, b)
    union = (area(a)[:, None] + area(b)[None, :]) / (1 + overlap)
    return torch.where(around > 0, overlap - (around - union) / around, overlap)


def class_nms(
    boxes: Float[Tensor, "n 4"],
    scores: Float[Tensor, " n"],
    labels: Int[Tensor, " n"],
    *,
    iou_threshold: float = 0.5,
    most: int | None = None,
) -> Int[Tensor, " kept"]:
    """`nms` in each class for itself: numbers of the boxes that stay, best first, `most` of them at most."""
    if not 0 <= iou_threshold <= 1:
        raise ValueError(f"iou_threshold is a share, 0 to 1; got {iou_threshold}")
    return nms(boxes, scores, iou_threshold, labels=labels, most=most)


def clip(boxes: Float[Tensor, "n 4"], image_hw: tuple[int, int]) -> Float[Tensor, "n 4"]:
    """The part of each box inside the image; one that lies outside becomes empty."""
    height, width = image_hw
    return torch.minimum(boxes.clamp(min=0), boxes.new_tensor([width, height, width, height]))


def from_xywh(boxes: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    """Corners from left, top, width and height (as COCO writes them)."""
    return torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1)


def to_xywh(boxes: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    """Left, top, width and height."""
    return torch.cat([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], dim=1)


def from_cxcywh(boxes: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    """Corners from centre, width and height (as YOLO writes them, there as shares of the image)."""
    return torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], dim=1)


def to_cxcywh(boxes: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    """Centre, width and height."""
    return torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], dim=1)
