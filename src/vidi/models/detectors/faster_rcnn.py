"""Faster R-CNN: a network proposes regions, a second head says what each of them is."""

import torch

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.pyramid import AnyPyramid, FeaturePyramid
from vidi.core.two_stage import TwoStage, pooled, region_options
from vidi.core.vision import torchvision

CARD = Card(
    title="Faster R-CNN",
    idea="Regions that may hold something are proposed from shared maps; each is cut out, classified and corrected.",
    paper="Ren et al. 2015, arXiv:1506.01497, with a feature pyramid (arXiv:1612.03144); on torchvision's parts",
    differs="128 channels and heads of 512, where the paper has 256 and 1,024, and fewer regions, for a CPU.",
    serves=("detection",),
    at={"classes": 80},
)


def build(
    *, classes: int, backbone: AnyPyramid, width: int = 128, generator: torch.Generator | None = None
) -> TwoStage:
    """Faster R-CNN on a backbone's maps, finest first.

    width: channels of the pyramid
    """
    detection = torchvision().models.detection
    with drawn_from(generator):
        pyramid = FeaturePyramid(backbone, width=width, extra="pool")
        net = detection.FasterRCNN(
            pyramid,
            box_roi_pool=pooled(len(backbone.strides), 7),
            box_head=detection.faster_rcnn.TwoMLPHead(width * 49, 4 * width),
            box_predictor=detection.faster_rcnn.FastRCNNPredictor(4 * width, classes + 1),
            **region_options(pyramid.strides),
        )
        return TwoStage(net, classes=classes)
