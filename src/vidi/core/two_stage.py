"""Regions first, then what each holds: torchvision's R-CNN with its steps apart, so that raw outputs can be had.

Ren et al. 2015, arXiv:1506.01497; masks: He et al. 2017, arXiv:1703.06870.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.dense import Answer, Target, anchors, as_dicts, grids_of
from vidi.core.vision import torchvision

MaskMaker = Callable[[Sequence[Tensor], Sequence[Tensor]], Sequence[Tensor]]


class TwoStage(nn.Module):
    """A torchvision R-CNN `net` on a feature pyramid.

    Outputs are the maps, the anchors' `objectness` and `deltas`, the `proposals` and, in evaluation, each proposal's
    `class_logits` and `box_regression`; `masks` makes probabilities (n, 1, m, m) for boxes and labels that are kept.
    """

    def __init__(self, net: Any, *, classes: int) -> None:
        super().__init__()
        self.net = net
        self.classes, self.preprocessing = classes, self.net.backbone.pyramid.preprocessing

    def forward(self, image: Shaped[Tensor, "b 3 h w"]) -> dict[str, Any]:
        return self.of_maps(self.net.backbone.pyramid(image), (int(image.shape[2]), int(image.shape[3])))

    def of_maps(self, own: Sequence[Tensor], hw: tuple[int, int]) -> dict[str, Any]:
        """The outputs for images whose backbone's maps these are."""
        maps, rpn, heads = self.net.backbone.of_maps(own), self.net.rpn, self.net.roi_heads
        detection, count = torchvision().models.detection, len(own[0])
        objectness, deltas = rpn.head(list(maps.values()))
        where = anchors(rpn, count, grids_of(list(maps.values())), hw, own[0].device)
        counts = [each[0].numel() for each in objectness]
        objectness, deltas = detection.rpn.concat_box_prediction_layers(objectness, deltas)
        boxes = rpn.box_coder.decode(deltas.detach().float(), where).view(count, -1, 4)
        proposals, _ = rpn.filter_proposals(boxes, objectness.float(), [hw] * count, counts)
        outputs = {
            "maps": maps,
            "anchors": where,
            "objectness": objectness,
            "deltas": deltas,
            "proposals": proposals,
            "image_hw": hw,
        }
        if not self.training:
            pooled = heads.box_head(heads.box_roi_pool(maps, proposals, [hw] * count))
            outputs["class_logits"], outputs["box_regression"] = heads.box_predictor(pooled)
            if heads.has_mask():
                outputs["masks"] = partial(self._masks, maps, hw)
        return outputs

    def _masks(
        self, maps: Any, hw: tuple[int, int], boxes: Sequence[Tensor], labels: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        heads = self.net.roi_heads
        logits = heads.mask_predictor(
            heads.mask_head(heads.mask_roi_pool(maps, list(boxes), [hw] * len(boxes)))
        )
        found: Sequence[Tensor] = torchvision().models.detection.roi_heads.maskrcnn_inference(
            logits, list(labels)
        )
        return found

    def loss(self, outputs: Mapping[str, Any], targets: Sequence[Target]) -> dict[str, Tensor]:
        """Of the regions (is there something? how to correct?) and of what they hold (class, correction, mask)."""
        rpn, wanted = self.net.rpn, as_dicts(targets)
        labels, boxes = rpn.assign_targets_to_anchors(outputs["anchors"], wanted)
        corrections = rpn.box_coder.encode(boxes, outputs["anchors"])
        objectness, moved = rpn.compute_loss(
            outputs["objectness"].float(), outputs["deltas"].float(), labels, corrections
        )
        hw = [outputs["image_hw"]] * len(targets)
        proposals = list(outputs["proposals"])
        _, found = self.net.roi_heads(outputs["maps"], proposals, hw, as_dicts(targets, shift=1))
        losses = {
            "regions": objectness,
            "regions' boxes": moved,
            "classes": found["loss_classifier"],
            "boxes": found["loss_box_reg"],
        }
        return losses | ({"masks": found["loss_mask"]} if "loss_mask" in found else {})

    def decode(self, outputs: Mapping[str, Any], *, least: float = 0.01) -> list[Answer]:
        """Up to 100 objects of each image, after suppression in each class; masks in the image's size."""
        heads, hw = self.net.roi_heads, outputs["image_hw"]
        heads.score_thresh = least
        proposals = outputs["proposals"]
        boxes, scores, labels = heads.postprocess_detections(
            outputs["class_logits"].float(),
            outputs["box_regression"].float(),
            proposals,
            [hw] * len(proposals),
        )
        if "masks" not in outputs:
            found: list[Tensor | None] = [None] * len(boxes)
        else:
            paste = torchvision().models.detection.roi_heads.paste_masks_in_image
            small = outputs["masks"](boxes, labels)
            found = [
                paste(each.float(), box, hw)[:, 0] >= 0.5 for each, box in zip(small, boxes, strict=True)
            ]
        return [
            Answer(box, label - 1, score, mask)
            for box, label, score, mask in zip(boxes, labels, scores, found, strict=True)
        ]

    def ideal(self, targets: Sequence[Target], image_hw: tuple[int, int]) -> dict[str, Any]:
        """The true boxes are the proposals, and what they hold is known."""
        count = sum(len(target.boxes) for target in targets)
        logits = torch.full((count, self.classes + 1), -20.0)
        labels = torch.cat([target.labels for target in targets])
        logits[torch.arange(count), labels + 1] = 20.0
        outputs: dict[str, Any] = {
            "image_hw": image_hw,
            "proposals": [target.boxes for target in targets],
            "class_logits": logits,
            "box_regression": torch.zeros(count, 4 * (self.classes + 1)),
        }
        if all(target.masks is not None for target in targets) and self.net.roi_heads.has_mask():
            outputs["masks"] = partial(_true_masks, targets)
        return outputs


def _true_masks(targets: Sequence[Target], boxes: Sequence[Tensor], labels: Sequence[Tensor]) -> list[Tensor]:
    """The mask of the true object that each box is, as the head would give it: 28 x 28 in the box."""
    found = []
    for target, kept in zip(targets, boxes, strict=True):
        assert target.masks is not None
        small = [
            functional.interpolate(
                target.masks[(target.boxes - box).abs().sum(dim=1).argmin()][None, None].float()[
                    ..., int(box[1]) : int(box[3].ceil()), int(box[0]) : int(box[2].ceil())
                ],
                size=(28, 28),
                mode="bilinear",
            )
            for box in kept
        ]
        found.append(torch.cat([torch.zeros(0, 1, 28, 28), *small]))
    return found


def region_options(strides: Sequence[int]) -> dict[str, Any]:
    """Anchors of four strides a side in three shapes, and fewer regions than torchvision keeps: images are small."""
    detection = torchvision().models.detection
    sizes = tuple((4 * stride,) for stride in strides)
    return {
        "rpn_anchor_generator": detection.anchor_utils.AnchorGenerator(
            sizes, ((0.5, 1.0, 2.0),) * len(sizes)
        ),
        "rpn_pre_nms_top_n_train": 1000,
        "rpn_post_nms_top_n_train": 500,
        "rpn_pre_nms_top_n_test": 500,
        "rpn_post_nms_top_n_test": 200,
        "box_batch_size_per_image": 128,
    }


def pooled(names: int, size: int) -> Any:
    """Regions' features from the maps but the coarsest, `size` places a side."""
    return torchvision().ops.MultiScaleRoIAlign(
        [str(n) for n in range(names)], output_size=size, sampling_ratio=2
    )
