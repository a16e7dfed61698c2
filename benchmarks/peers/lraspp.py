"""Peer: torchvision's LR-ASPP in a loop as in its reference scripts (resize, flip, crop, SGD, polynomial decay, their
rate scaled to the batch), on MobileNetV3 (random weights: no package carries any) or on EfficientNet-Lite0 with
ImageNet weights, which is fairer.
"""

from collections.abc import Iterator
from pathlib import Path

from places_work import MEAN, STD, Peer, Work, as_mask, lite0, numbers, opened, run, work  # first: the clock

# isort: split
import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torchvision import tv_tensors
from torchvision.models.segmentation import lraspp_mobilenet_v3_large
from torchvision.models.segmentation.lraspp import LRASPP
from torchvision.transforms import v2

RATE, DECAY = 0.01 / 32, 1e-6  # an image of a batch (8 processes of 4); weight decay


class Body(nn.Module):
    """EfficientNet-Lite0's maps of the strides 8 and 16 (the last made from its stride 32 stages' input)."""

    def __init__(self) -> None:
        super().__init__()
        whole = lite0()
        self.stem, self.blocks = nn.Sequential(whole.conv_stem, whole.bn1), whole.blocks[:5]

    def forward(self, x):
        x = self.stem(x)
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number == 2:
                low = x
        return {"low": low, "high": x}


def network(job: Work) -> nn.Module:
    classes = len(job.labels)
    if job.body == "mobilenet_v3":
        return lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=classes)
    return LRASPP(Body(), 40, 112, classes)


def transforms(size: int):
    last = [
        v2.ToDtype({tv_tensors.Image: torch.float32, "others": None}, scale=True),
        v2.Normalize(MEAN, STD),
    ]
    crop = [v2.RandomCrop((size, size), pad_if_needed=True, fill={tv_tensors.Image: 0, tv_tensors.Mask: 255})]
    resize = v2.RandomResize(size // 2, 2 * size)
    return v2.Compose([resize, v2.RandomHorizontalFlip(), *crop, *last]), v2.Compose(
        [v2.Resize((size, size)), *last]
    )


def picture(entry: dict):
    return tv_tensors.Image(torch.from_numpy(np.array(opened(entry["path"]))).permute(2, 0, 1))


def peer(job: Work) -> Peer:
    model, (moved, still) = network(job), transforms(job.size)

    def loss(entries: list[dict]) -> torch.Tensor:
        pairs = [moved(picture(e), as_mask(numbers(e["map"]))) for e in entries]
        logits = model(torch.stack([image for image, _ in pairs]))["out"]
        wanted = torch.stack([mask for _, mask in pairs]).as_subclass(torch.Tensor).long()
        return functional.cross_entropy(logits, wanted, ignore_index=255)

    return Peer(model, loss, RATE, DECAY, polynomial, picture, lambda image: found(model, image, still))


def polynomial(done: int, total: int) -> float:
    return (1 - min(1.0, done / total)) ** 0.9


@torch.inference_mode()
def found(model: nn.Module, image, transform) -> np.ndarray:
    logits = model(transform(image)[None])["out"]
    whole = functional.interpolate(logits, size=tuple(image.shape[1:]), mode="bilinear", align_corners=False)
    return whole.argmax(dim=1)[0].to(torch.uint8).numpy()


def write(out: Path, maps: Iterator[np.ndarray]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for number, classes in enumerate(maps):
        Image.fromarray(classes).save(out / f"{number}.png")


if __name__ == "__main__":
    asked = work(__doc__, ("lraspp",))
    run(peer(asked), asked, write)
