"""Mask R-CNN: Faster R-CNN, and for every object which of its pixels are its own."""

import torch

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.pyramid import AnyPyramid, FeaturePyramid
from vidi.core.two_stage import TwoStage, pooled, region_options
from vidi.core.vision import torchvision

CARD = Card(
    title="Mask R-CNN",
    idea="Beside the class and the correction of a region, a small convolutional head draws a mask for each class.",
    paper="He et al. 2017, arXiv:1703.06870; on torchvision's parts",
    differs="128 channels and two convolutions for masks, where the paper has 256 and four; fewer regions.",
    serves=("instances", "detection"),
    at={"classes": 80},
)


def build(
    *, classes: int, backbone: AnyPyramid, width: int = 128, generator: torch.Generator | None = None
) -> TwoStage:
    """Mask R-CNN on a backbone's maps, finest first; its targets have masks.

    width: channels of the pyramid and of the masks' head
    """
    detection = torchvision().models.detection
    with drawn_from(generator):
        pyramid = FeaturePyramid(backbone, width=width, extra="pool")
        net = detection.MaskRCNN(
            pyramid,
            box_roi_pool=pooled(len(backbone.strides), 7),
            box_head=detection.faster_rcnn.TwoMLPHead(width * 49, 4 * width),
            box_predictor=detection.faster_rcnn.FastRCNNPredictor(4 * width, classes + 1),
            mask_roi_pool=pooled(len(backbone.strides), 14),
            mask_head=detection.mask_rcnn.MaskRCNNHeads(width, (width, width), 1),
            mask_predictor=detection.mask_rcnn.MaskRCNNPredictor(width, width, classes + 1),
            **region_options(pyramid.strides),
        )
        return TwoStage(net, classes=classes)
