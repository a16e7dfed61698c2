"""RetinaNet: anchors at every place of a feature pyramid, and a loss that easy background cannot drown."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from vidi.core.card import Card
from vidi.core.dense import Target, as_dicts
from vidi.core.device import drawn_from
from vidi.core.one_stage import OneStage
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

SIZES = (4, 4 * 2 ** (1 / 3), 4 * 2 ** (2 / 3))  # of an anchor's side, in strides


class RetinaNet(OneStage):
    """torchvision's head and anchors on any backbone. Up to 300 objects of each image are found."""

    def __init__(self, *, backbone: AnyPyramid, classes: int, width: int) -> None:
        detection = torchvision().models.detection
        pyramid = FeaturePyramid(backbone, width=width)
        sizes = tuple(tuple(int(stride * size) for size in SIZES) for stride in pyramid.strides)
        anchors = detection.anchor_utils.AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))
        super().__init__(
            detection.RetinaNet(pyramid, num_classes=classes, anchor_generator=anchors),
            classes=classes,
            heads={"cls_logits": classes, "bbox_regression": 4},
        )

    def loss(self, outputs: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, Tensor]:
        """Focal loss of the classes and L1 of the corrections."""
        said = {name: outputs[name].float() for name in self.heads}
        found = self.net.compute_loss(as_dicts(targets), said, outputs["anchors"])
        return {"classes": found["classification"], "boxes": found["bbox_regression"]}

    def ideal(self, targets: Sequence[Target], image_hw: tuple[int, int]) -> dict[str, Any]:
        """For each object the free anchor that overlaps it most is sure, and corrected onto it."""
        outputs = self.unsure(len(targets), image_hw)
        for number, target in enumerate(targets):
            anchors = outputs["anchors"][number]
            overlap = torchvision().ops.box_iou(target.boxes, anchors)
            for box, label, each in zip(target.boxes, target.labels, overlap, strict=True):
                row = int(each.argmax())
                overlap[:, row] = -1
                outputs["cls_logits"][number, row, label] = 20.0
                correction = self.net.box_coder.encode_single(box[None], anchors[row][None])[0]
                outputs["bbox_regression"][number, row] = correction
        return outputs


def build(
    *, classes: int, backbone: AnyPyramid, width: int = 128, generator: torch.Generator | None = None
) -> RetinaNet:
    """RetinaNet on a backbone's maps, finest first.

    width: channels of the pyramid and the heads
    """
    with drawn_from(generator):
        return RetinaNet(backbone=backbone, classes=classes, width=width)
