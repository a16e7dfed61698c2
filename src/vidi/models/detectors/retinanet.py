"""RetinaNet: anchors at every place of a feature pyramid, and a loss that easy background cannot drown."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.dense import (
    Answer,
    Grids,
    Target,
    anchors,
    as_dicts,
    empty_maps,
    grids_of,
    postprocessed,
)
from vidi.core.device import drawn_from
from vidi.core.pyramid import AnyPyramid, FeaturePyramid
from vidi.core.vision import torchvision

CARD = Card(
    title="RetinaNet",
    idea="Nine anchors at each place of five maps, each with classes and a correction; the focal loss turns down "
    "what is easy.",
    paper="Lin et al. 2017, arXiv:1708.02002; on torchvision's parts",
    differs="128 channels where the paper has 256, for a CPU.",
    serves=("detection",),
    at={"classes": 80},
)

HEADS = ("cls_logits", "bbox_regression")
SIZES = (4, 4 * 2 ** (1 / 3), 4 * 2 ** (2 / 3))  # of an anchor's side, in strides


class RetinaNet(nn.Module):
    """torchvision's head and anchors on any backbone; outputs are the head's, with anchors and sizes beside them."""

    def __init__(self, *, backbone: AnyPyramid, classes: int, width: int) -> None:
        super().__init__()
        self.classes, self.preprocessing = classes, backbone.preprocessing
        detection = torchvision().models.detection
        pyramid = FeaturePyramid(backbone, width=width)
        sizes = tuple(tuple(int(stride * size) for size in SIZES) for stride in pyramid.strides)
        anchors = detection.anchor_utils.AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))
        self.net = detection.RetinaNet(pyramid, num_classes=classes, anchor_generator=anchors)

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> dict[str, Any]:
        return self.of_maps(self.net.backbone.pyramid(image), (int(image.shape[2]), int(image.shape[3])))

    def of_maps(self, maps: Sequence[Tensor], image_hw: tuple[int, int]) -> dict[str, Any]:
        """The outputs for images whose maps these are."""
        return self.outputs(*self.raw(maps), image_hw)

    def raw(self, maps: Sequence[Tensor]) -> tuple[Float[Tensor, "b n c"], Grids]:
        """What the heads say at each place, side by side."""
        mixed = list(self.net.backbone.of_maps(maps).values())
        heads = self.net.head(mixed)
        return torch.cat([heads[key] for key in HEADS], dim=2), grids_of(mixed)

    def outputs(self, raw: Float[Tensor, "b n c"], grids: Grids, image_hw: tuple[int, int]) -> dict[str, Any]:
        """The outputs of what the heads say."""
        heads = dict(zip(HEADS, raw.split((self.classes, 4), dim=2), strict=True))
        return heads | self._anchors(len(raw), grids, image_hw, raw.device)

    def _anchors(
        self, images: int, grids: Grids, hw: tuple[int, int], device: torch.device | None = None
    ) -> dict[str, Any]:
        each = self.net.anchor_generator.num_anchors_per_location()[0]
        counts = [height * width * each for height, width in grids]
        return {"anchors": anchors(self.net, images, grids, hw, device), "counts": counts, "image_hw": hw}

    def loss(self, outputs: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, Tensor]:
        """Focal loss of the classes and L1 of the corrections."""
        heads = {key: outputs[key].float() for key in HEADS}
        found = self.net.compute_loss(as_dicts(targets), heads, outputs["anchors"])
        return {"classes": found["classification"], "boxes": found["bbox_regression"]}

    def decode(self, outputs: Mapping[str, Any], *, least: float = 0.01) -> list[Answer]:
        """Up to 300 objects of each image, after suppression in each class."""
        return postprocessed(self.net, outputs, HEADS, least=least)

    def ideal(self, targets: Sequence[Target], image_hw: tuple[int, int]) -> dict[str, Any]:
        """For each object the free anchor that overlaps it most is sure, and corrected onto it."""
        maps = empty_maps(len(targets), image_hw, self.net.backbone.strides)
        outputs = self._anchors(len(targets), grids_of(maps), image_hw)
        count = sum(outputs["counts"])
        logits = torch.full((len(targets), count, self.classes), -20.0)
        regression = torch.zeros(len(targets), count, 4)
        for number, target in enumerate(targets):
            anchors = outputs["anchors"][number]
            overlap = torchvision().ops.box_iou(target.boxes, anchors)
            for box, label, each in zip(target.boxes, target.labels, overlap, strict=True):
                row = int(each.argmax())
                overlap[:, row] = -1
                logits[number, row, label] = 20.0
                regression[number, row] = self.net.box_coder.encode_single(box[None], anchors[row][None])[0]
        return outputs | {"cls_logits": logits, "bbox_regression": regression}


def build(
    *, classes: int, backbone: AnyPyramid, width: int = 128, generator: torch.Generator | None = None
) -> RetinaNet:
    """RetinaNet on a backbone's maps, finest first.

    width: channels of the pyramid and the heads
    """
    with drawn_from(generator):
        return RetinaNet(backbone=backbone, classes=classes, width=width)
