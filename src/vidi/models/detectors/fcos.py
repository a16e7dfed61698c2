"""FCOS: every place inside an object says how far its four sides are; no anchors."""

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
    nearest_free,
    postprocessed,
)
from vidi.core.device import drawn_from
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

HEADS = ("cls_logits", "bbox_regression", "bbox_ctrness")


class Fcos(nn.Module):
    """torchvision's head on any backbone; outputs are the head's, with places ("anchors") and sizes beside them."""

    def __init__(self, *, backbone: AnyPyramid, classes: int, width: int) -> None:
        super().__init__()
        self.classes, self.preprocessing = classes, backbone.preprocessing
        detection = torchvision().models.detection
        pyramid = FeaturePyramid(backbone, width=width)
        sizes = tuple((stride,) for stride in pyramid.strides)
        places = detection.anchor_utils.AnchorGenerator(sizes, ((1.0,),) * len(sizes))
        self.net = detection.FCOS(pyramid, num_classes=classes, anchor_generator=places)

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
        heads = dict(zip(HEADS, raw.split((self.classes, 4, 1), dim=2), strict=True))
        return heads | self._places(len(raw), grids, image_hw, raw.device)

    def _places(
        self, images: int, grids: Grids, hw: tuple[int, int], device: torch.device | None = None
    ) -> dict[str, Any]:
        counts = [height * width for height, width in grids]
        return {"anchors": anchors(self.net, images, grids, hw, device), "counts": counts, "image_hw": hw}

    def loss(self, outputs: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, Tensor]:
        """Focal loss of the classes, 1 - GIoU of the boxes, cross-entropy of how central a place is."""
        heads = {key: outputs[key].float() for key in HEADS}
        found = self.net.compute_loss(as_dicts(targets), heads, outputs["anchors"], outputs["counts"])
        return {
            "classes": found["classification"],
            "boxes": found["bbox_regression"],
            "centres": found["bbox_ctrness"],
        }

    def decode(self, outputs: Mapping[str, Any], *, least: float = 0.01) -> list[Answer]:
        """Up to 100 objects of each image, after suppression in each class; scores are sqrt(class x centrality)."""
        return postprocessed(self.net, outputs, HEADS, least=least)

    def ideal(self, targets: Sequence[Target], image_hw: tuple[int, int]) -> dict[str, Any]:
        """For each object the free place nearest to its centre is sure, central, and knows the sides."""
        maps = empty_maps(len(targets), image_hw, self.net.backbone.strides)
        outputs = self._places(len(targets), grids_of(maps), image_hw)
        count = sum(outputs["counts"])
        logits = torch.full((len(targets), count, self.classes), -20.0)
        sides, central = torch.zeros(len(targets), count, 4), torch.full((len(targets), count, 1), -20.0)
        for number, target in enumerate(targets):
            anchors = outputs["anchors"][number]
            rows = nearest_free((anchors[:, :2] + anchors[:, 2:]) / 2, target.boxes)
            for row, box, label in zip(rows, target.boxes, target.labels, strict=True):
                logits[number, row, label], central[number, row] = 20.0, 20.0
                sides[number, row] = self.net.box_coder.encode(anchors[row][None], box[None])[0]
        return outputs | {"cls_logits": logits, "bbox_regression": sides, "bbox_ctrness": central}


def build(
    *, classes: int, backbone: AnyPyramid, width: int = 128, generator: torch.Generator | None = None
) -> Fcos:
    """FCOS on a backbone's maps, finest first.

    width: channels of the pyramid and the heads
    """
    with drawn_from(generator):
        return Fcos(backbone=backbone, classes=classes, width=width)
