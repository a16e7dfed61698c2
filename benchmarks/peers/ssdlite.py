"""Peer: torchvision's SSDlite320 and Mask R-CNN in a loop as in its reference scripts (their augmentation, SGD, their
rate scaled to the batch), on MobileNetV3 (random weights: no package carries any) or on EfficientNet-Lite0 with
ImageNet weights, which is fairer.
"""

import json
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from places_work import MEAN, STD, Peer, Work, as_mask, lite0, numbers, opened, run, work  # first: the clock

# isort: split
import numpy as np
import torch
from pycocotools import mask as coco_mask
from torch import nn
from torchvision import tv_tensors
from torchvision.models import detection
from torchvision.models.detection import ssdlite
from torchvision.ops import feature_pyramid_network
from torchvision.transforms import v2

NORM = partial(nn.BatchNorm2d, eps=0.001, momentum=0.03)
RATES = {"ssdlite": (0.15 / 192, 4e-5), "mask_rcnn": (0.02 / 16, 1e-4)}  # an image of a batch; weight decay
LEAST = 0.01


class Body(nn.Module):
    """EfficientNet-Lite0's maps at the given strides, then SSDlite's four further ones if wanted."""

    def __init__(self, strides: tuple[int, ...], *, extra: bool) -> None:
        super().__init__()
        whole = lite0()
        self.stem = nn.Sequential(whole.conv_stem, whole.bn1)
        self.blocks, self.ends = whole.blocks, {8: 2, 16: 4, 32: 6}
        self.strides = strides
        sides = [(320, 512), (512, 256), (256, 256), (256, 128)] if extra else []
        self.extra = nn.ModuleList(ssdlite._extra_block(a, b, NORM) for a, b in sides)

    def forward(self, x):
        x, found = self.stem(x), []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in [self.ends[stride] for stride in self.strides]:
                found.append(x)
        for block in self.extra:
            x = block(x)
            found.append(x)
        return {str(number): value for number, value in enumerate(found)}


class Mixed(nn.Module):
    """A feature pyramid on the body, for Mask R-CNN."""

    def __init__(self) -> None:
        super().__init__()
        self.out_channels = 256
        self.body = Body((8, 16, 32), extra=False)
        last = feature_pyramid_network.LastLevelMaxPool()
        self.fpn = feature_pyramid_network.FeaturePyramidNetwork([40, 112, 320], 256, last)

    def forward(self, x):
        return self.fpn(self.body(x))


def network(job: Work) -> nn.Module:
    classes = len(job.labels) + 1
    if job.network == "mask_rcnn":
        sizes = tuple((side,) for side in (32, 64, 128, 256))
        anchors = detection.anchor_utils.AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * 4)
        return detection.MaskRCNN(
            Mixed(),
            classes,
            rpn_anchor_generator=anchors,
            min_size=job.size,
            max_size=job.size,
            image_mean=MEAN,
            image_std=STD,
            box_score_thresh=LEAST,
        )
    if job.body == "mobilenet_v3":
        return ssdlite.ssdlite320_mobilenet_v3_large(
            weights=None, weights_backbone=None, num_classes=classes, score_thresh=LEAST
        )
    body = Body((16, 32), extra=True)
    boxes = detection.anchor_utils.DefaultBoxGenerator([[2, 3]] * 6, min_ratio=0.2, max_ratio=0.95)
    head = ssdlite.SSDLiteHead(
        [112, 320, 512, 256, 256, 128], boxes.num_anchors_per_location(), classes, NORM
    )
    return detection.ssd.SSD(
        body,
        boxes,
        (320, 320),
        classes,
        head=head,
        score_thresh=LEAST,
        nms_thresh=0.55,
        detections_per_img=300,
        topk_candidates=300,
        image_mean=MEAN,
        image_std=STD,
    )


def transforms(name: str):
    crop = [v2.RandomIoUCrop()] if name == "ssdlite" else []
    clean = [v2.SanitizeBoundingBoxes()]
    return v2.Compose([*crop, v2.RandomHorizontalFlip(), *clean, v2.ToDtype(torch.float32, scale=True)])


def example(entry: dict, transform):
    image = tv_tensors.Image(torch.from_numpy(np.array(opened(entry["path"]))).permute(2, 0, 1))
    size = tuple(image.shape[1:])
    boxes = torch.tensor(entry["boxes"], dtype=torch.float32).reshape(-1, 4)
    target = {
        "boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=size),
        "labels": torch.tensor(entry["labels"], dtype=torch.int64) + 1,
    }
    if entry.get("masks"):
        drawn = numbers(entry["masks"]).astype(np.int32)
        target["masks"] = as_mask(drawn[None] == np.arange(1, len(boxes) + 1)[:, None, None])
    return transform(image, target)


def peer(job: Work) -> Peer:
    model, transform = network(job), transforms(job.network)

    def loss(entries: list[dict]) -> torch.Tensor:
        pairs = [example(entry, transform) for entry in entries]
        return sum(model([image for image, _ in pairs], [target for _, target in pairs]).values())

    return Peer(model, loss, *RATES[job.network], cosine, pixels_of, lambda pixels: found(model, pixels))


def cosine(done: int, total: int) -> float:
    """With the reference's warm-up, a tenth here at most: its 1,000 steps are more than there are."""
    warm = min(1.0, (done + 1) / max(1, min(1000, total // 10)))
    return warm * (0.5 + 0.5 * math.cos(math.pi * min(1.0, done / total)))


def pixels_of(entry: dict) -> torch.Tensor:
    return torch.from_numpy(np.array(opened(entry["path"])))


@torch.inference_mode()
def found(model: nn.Module, pixels: torch.Tensor) -> dict:
    answer = model([pixels.permute(2, 0, 1) / 255])[0]
    kept = {
        "boxes": answer["boxes"].tolist(),
        "labels": (answer["labels"] - 1).tolist(),
        "scores": answer["scores"].tolist(),
    }
    if "masks" in answer:
        masks = np.asfortranarray((answer["masks"][:, 0] >= 0.5).numpy().transpose(1, 2, 0).astype(np.uint8))
        kept["counts"] = [each["counts"].decode() for each in coco_mask.encode(masks)]
    return kept


def write(out: Path, answers: Iterator[dict]) -> None:
    out.write_text(json.dumps(list(answers)))


if __name__ == "__main__":
    asked = work(__doc__, ("ssdlite", "mask_rcnn"))
    run(peer(asked), asked, write)
