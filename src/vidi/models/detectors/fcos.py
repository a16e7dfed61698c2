"""FCOS: every place inside an object says how far its four sides are; no anchors."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from vidi.core.card import Card
from vidi.core.dense import Target, as_dicts, nearest_free
from vidi.core.device import drawn_from
from vidi.core.one_stage import OneStage
from vidi.core.pyramid import AnyPyramid, FeaturePyramid
from vidi.core.vision import torchvision

CARD = Card(
    title="FCOS",
    idea="Each place near an object's centre, on the map that suits its size, says the classes, the distances to the "
    "four sides and how central it is.",
    paper="Tian et al. 2019, arXiv:1904.01355; on torchvision's parts",
    differs="128 channels where the paper has 256, for a CPU; centre sampling and GIoU as in the authors' later code.",
    serves=("detection",),
    at={"classes": 80},
)


class Fcos(OneStage):
    """torchvision's head on any backbone; places stand in for anchors. Up to 100 objects of each image are found, with
    scores sqrt(class x centrality)."""

    def __init__(self, *, backbone: AnyPyramid, classes: int, width: int) -> None:
        detection = torchvision().models.detection
        pyramid = FeaturePyramid(backbone, width=width)
        sizes = tuple((stride,) for stride in pyramid.strides)
        places = detection.anchor_utils.AnchorGenerator(sizes, ((1.0,),) * len(sizes))
        super().__init__(
            detection.FCOS(pyramid, num_classes=classes, anchor_generator=places),
            classes=classes,
            heads={"cls_logits": classes, "bbox_regression": 4, "bbox_ctrness": 1},
        )

    def loss(self, outputs: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, Tensor]:
        """Focal loss of the classes, 1 - GIoU of the boxes, cross-entropy of how central a place is."""
        said = {name: outputs[name].float() for name in self.heads}
        found = self.net.compute_loss(as_dicts(targets), said, outputs["anchors"], outputs["counts"])
        return {
            "classes": found["classification"],
            "boxes": found["bbox_regression"],
            "centres": found["bbox_ctrness"],
        }

    def ideal(self, targets: Sequence[Target], image_hw: tuple[int, int]) -> dict[str, Any]:
        """For each object the free place nearest to its centre is sure, central, and knows the sides."""
        outputs = self.unsure(len(targets), image_hw)
        for number, target in enumerate(targets):
            anchors = outputs["anchors"][number]
            rows = nearest_free((anchors[:, :2] + anchors[:, 2:]) / 2, target.boxes)
            for row, box, label in zip(rows, target.boxes, target.labels, strict=True):
                outputs["cls_logits"][number, row, label] = outputs["bbox_ctrness"][number, row] = 20.0
                sides = self.net.box_coder.encode(anchors[row][None], box[None])[0]
                outputs["bbox_regression"][number, row] = sides
        return outputs


def build(
    *, classes: int, backbone: AnyPyramid, width: int = 128, generator: torch.Generator | None = None
) -> Fcos:
    """FCOS on a backbone's maps, finest first.

    width: channels of the pyramid and the heads
    """
    with drawn_from(generator):
        return Fcos(backbone=backbone, classes=classes, width=width)
