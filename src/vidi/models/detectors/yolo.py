"""A small anchor-free detector in one pass: every place of three maps says a class and how far its object reaches."""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.dense import Answer, Grids, Target, empty_maps, grids_of, nearest_free
from vidi.core.device import drawn_from
from vidi.core.pyramid import AnyPyramid
from vidi.ops.boxes import class_nms, iou

CARD = Card(
    title="Small YOLO",
    idea="One pass: each place of maps at strides 8, 16 and 32 answers with classes and four distances; who answers "
    "for an object is decided by how well it already does.",
    paper="Redmon et al. 2016, arXiv:1506.02640; distances: Tian et al. 2019, arXiv:1904.01355; who answers: Feng et "
    "al. 2021, arXiv:2108.07755, section 3.2; neck: Liu et al. 2018, arXiv:1803.01534",
    differs="A plain two-way pyramid of one width and one convolution for each answer, so that it trains in minutes on "
    "a CPU; the score is the overlap it expects, so there is no objectness.",
    serves=("detection",),
    at={"classes": 80},
)

ANSWERING = 10  # places that may answer for one object
POWER_SCORE, POWER_OVERLAP = 0.5, 4.0  # of the alignment s^a u^b
WEIGHT_BOX = 2.0
PRIOR = 0.01  # the score every place begins with


def _layer(inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(inplace=True),
    )


class Neck(nn.Module):
    """Maps of one width: coarse ones added to fine ones on the way down, fine to coarse on the way back."""

    def __init__(self, channels: Sequence[int], width: int) -> None:
        super().__init__()
        steps = len(channels) - 1
        self.side = nn.ModuleList(_layer(each, width, kernel=1) for each in channels)
        self.down = nn.ModuleList(_layer(width, width) for _ in range(steps))
        self.stride = nn.ModuleList(_layer(width, width, stride=2) for _ in range(steps))
        self.up = nn.ModuleList(_layer(width, width) for _ in range(steps))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        found = [layer(x) for layer, x in zip(self.side, maps, strict=True)]
        for level in range(len(found) - 2, -1, -1):
            coarse = functional.interpolate(found[level + 1], size=found[level].shape[2:], mode="nearest")
            found[level] = self.down[level](found[level] + coarse)
        for level in range(1, len(found)):
            found[level] = self.up[level - 1](found[level] + self.stride[level - 1](found[level - 1]))
        return found


class Yolo(nn.Module):
    """Outputs: `logits` (b, n, classes), `boxes` (b, n, 4) in pixels and `places` (n, 3): centre x, y and stride."""

    def __init__(self, *, backbone: AnyPyramid, classes: int, width: int) -> None:
        super().__init__()
        self.backbone, self.classes, self.preprocessing = backbone, classes, backbone.preprocessing
        self.neck = Neck(backbone.channels, width)
        self.towers = nn.ModuleList(_layer(width, width) for _ in range(2))
        self.classify, self.reach = nn.Conv2d(width, classes, 1), nn.Conv2d(width, 4, 1)
        nn.init.constant_(self.classify.bias, -math.log(1 / PRIOR - 1))  # type: ignore[arg-type]
        nn.init.constant_(self.reach.bias, math.log(2.0))  # type: ignore[arg-type]  # four strides wide

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> dict[str, Tensor]:
        return self.of_maps(self.backbone(image), (int(image.shape[2]), int(image.shape[3])))

    def of_maps(self, maps: Sequence[Tensor], image_hw: tuple[int, int]) -> dict[str, Tensor]:
        """The outputs for images whose maps these are."""
        return self.outputs(*self.raw(maps), image_hw)

    def raw(self, maps: Sequence[Tensor]) -> tuple[Float[Tensor, "b n c"], Grids]:
        """What each place says: four distances (the logarithm, in strides), then the classes' logits."""
        mixed = self.neck(maps)
        said = [
            torch.cat([self.reach(self.towers[1](x)), self.classify(self.towers[0](x))], dim=1) for x in mixed
        ]
        return torch.cat([x.flatten(2).transpose(1, 2) for x in said], dim=1), grids_of(mixed)

    def outputs(
        self, raw: Float[Tensor, "b n c"], grids: Grids, image_hw: tuple[int, int]
    ) -> dict[str, Tensor]:
        """The outputs of what the places say."""
        where = self._places(grids, raw.device)
        distance = raw[..., :4].float().clamp(max=6).exp() * where[:, 2:]
        boxes = torch.cat([where[:, :2] - distance[..., :2], where[:, :2] + distance[..., 2:]], dim=2)
        return {"logits": raw[..., 4:].float(), "boxes": boxes, "places": where}

    def _places(self, grids: Grids, device: torch.device) -> Float[Tensor, "n 3"]:
        return all_places(grids, self.backbone.strides, device)

    def loss(self, outputs: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, Tensor]:
        """Cross-entropy of every place's classes with the overlap it reached, and 1 - GIoU of those that answer.

        What a place in an ignored box says is of no account, unless it answers for an object.
        """
        logits, boxes, where = outputs["logits"], outputs["boxes"], outputs["places"]
        wanted, counts = torch.zeros_like(logits), torch.ones_like(logits[..., :1])
        parts, weights = [], []
        for number, target in enumerate(each.solid() for each in targets):
            row, object_, weight = assigned(logits[number], boxes[number], where, target)
            wanted[number, row, target.labels[object_]] = weight
            if target.ignored is not None:
                counts[number, inside(where, target.ignored).any(dim=1)] = 0
                counts[number, row] = 1
            parts.append(1 - paired_giou(boxes[number, row], target.boxes[object_]))
            weights.append(weight)
        weight = torch.cat(weights)
        whole = weight.sum().clamp(min=1)
        classes = functional.binary_cross_entropy_with_logits(logits, wanted, counts, reduction="sum") / whole
        return {"classes": classes, "boxes": WEIGHT_BOX * (torch.cat(parts) * weight).sum() / whole}

    def decode(
        self, outputs: Mapping[str, Any], *, least: float = 0.01, iou_threshold: float = 0.6, most: int = 100
    ) -> list[Answer]:
        """The `most` surest objects of each image with a score of `least` or more, after suppression in each class."""
        return [
            _answer(score, boxes, least, iou_threshold, most)
            for score, boxes in zip(outputs["logits"].sigmoid(), outputs["boxes"], strict=True)
        ]

    def ideal(self, targets: Sequence[Target], image_hw: tuple[int, int]) -> dict[str, Tensor]:
        """Outputs of a network that is right and sure: for each object the nearest free place answers."""
        where = self._places(grids_of(empty_maps(1, image_hw, self.backbone.strides)), torch.device("cpu"))
        logits = torch.full((len(targets), len(where), self.classes), -20.0)
        boxes = torch.cat([where[:, :2] - 1, where[:, :2] + 1], dim=1).repeat(len(targets), 1, 1)
        for number, target in enumerate(targets):
            rows = nearest_free(where[:, :2], target.boxes)
            for row, box, label in zip(rows, target.boxes, target.labels, strict=True):
                boxes[number, row], logits[number, row, label] = box, 20.0
        return {"logits": logits, "boxes": boxes, "places": where}


def places(grid: tuple[int, int], stride: int, device: torch.device | None = None) -> Float[Tensor, "n 3"]:
    """Centre x, centre y (pixels of the image) and stride of each place of a map of this size, row by row."""
    y, column = torch.meshgrid(
        *(torch.arange(side, device=device, dtype=torch.float32) + 0.5 for side in grid),
        indexing="ij",
    )
    return torch.stack([column * stride, y * stride, torch.full_like(y, stride)], dim=2).flatten(0, 1)


@functools.lru_cache(maxsize=8)
def all_places(grids: Grids, strides: tuple[int, ...], device: torch.device) -> Float[Tensor, "n 3"]:
    """`places` of maps of several strides, one after the other; kept, because every image asks for the same."""
    with torch.inference_mode(False):  # training may be the next to ask
        return torch.cat([places(grid, stride, device) for grid, stride in zip(grids, strides, strict=True)])


@torch.no_grad()
def assigned(
    logits: Float[Tensor, "n k"], boxes: Float[Tensor, "n 4"], where: Float[Tensor, "n 3"], target: Target
) -> tuple[Int[Tensor, " a"], Int[Tensor, " a"], Float[Tensor, " a"]]:
    """Places that answer, the object each answers for, and how well: alignment scaled to the object's best overlap.

    Of the places inside an object (a small one is taken for a place wide, so that some are) the best aligned answer;
    a place that is wanted twice answers for the object it overlaps more.
    """
    if not len(target.boxes):
        none = torch.zeros(0, dtype=torch.long, device=logits.device)
        return none, none, logits.new_zeros(0)
    able = inside(where, target.boxes)
    overlap = iou(boxes, target.boxes) * able
    align = logits.sigmoid()[:, target.labels] ** POWER_SCORE * overlap**POWER_OVERLAP
    ranked = torch.where(able, align + 1e-12, 0.0)
    least = ranked.topk(min(ANSWERING, len(ranked)), dim=0).values[-1:].clamp(min=1e-13)
    chosen = ranked >= least
    best = torch.where(chosen, overlap + 1e-6, 0.0).max(dim=1)
    row = (best.values > 0).nonzero()[:, 0]
    object_ = best.indices[row]
    mine = torch.zeros_like(chosen)
    mine[row, object_] = True
    top_align, top_overlap = ((value * mine).amax(dim=0) for value in (align, overlap))
    weight = align[row, object_] / top_align[object_].clamp(min=1e-12) * top_overlap[object_]
    return row, object_, weight


def inside(where: Float[Tensor, "n 3"], boxes: Float[Tensor, "m 4"]) -> Bool[Tensor, "n m"]:
    """Whose centre lies in the box, or in a box of one stride around its centre if that is larger."""
    centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    wide = torch.maximum(half[None], 0.51 * where[:, None, 2:])
    return ((where[:, None, :2] - centre[None]).abs() < wide).all(dim=2)


def paired_giou(a: Float[Tensor, "n 4"], b: Float[Tensor, "n 4"]) -> Float[Tensor, " n"]:
    """Generalised overlap of each box of `a` with the box of `b` in its row, in [-1, 1] (arXiv:1902.09630)."""
    both = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(dim=1)
    around = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1)
    union = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1) - both
    return both / union - (around - union) / around


def _answer(
    score: Float[Tensor, "n k"], boxes: Float[Tensor, "n 4"], least: float, iou_threshold: float, most: int
) -> Answer:
    place, label = (score >= least).nonzero(as_tuple=True)
    value, order = score[place, label].topk(min(1000, len(place)))
    place, label = place[order], label[order]
    kept = class_nms(boxes[place], value, label, iou_threshold=iou_threshold, most=most)
    return Answer(boxes[place[kept]], label[kept], value[kept])


def build(
    *, classes: int, backbone: AnyPyramid, width: int = 64, generator: torch.Generator | None = None
) -> Yolo:
    """The detector on a backbone's maps at strides 8, 16 and 32.

    width: channels of the neck and the heads
    """
    with drawn_from(generator):
        return Yolo(backbone=backbone, classes=classes, width=width)
