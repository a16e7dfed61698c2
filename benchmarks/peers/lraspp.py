"""Peer: torchvision's LR-ASPP in a loop as in its reference scripts (resize, flip, crop, SGD, polynomial decay, their
rate scaled to the batch), on MobileNetV3 (random weights: no package carries any) or on EfficientNet-Lite0 with
ImageNet weights, which is fairer.
"""

import time

from places_work import (  # first: the clock
    Work,
    as_mask,
    descend,
    finish,
    left,
    lite0,
    numbers,
    opened,
    rate,
    rows,
    work,
)

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

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3
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


def step_of(model: nn.Module, job: Work):
    base = RATE * job.batch
    optimizer = torch.optim.SGD(model.parameters(), lr=base, momentum=0.9, weight_decay=DECAY)
    transform, _ = transforms(job.size)

    def step(number: int, factor: float) -> None:
        for group in optimizer.param_groups:
            group["lr"] = base * factor
        entries = [job.train[row] for row in rows(number, len(job.train), job.batch)]
        pairs = [transform(picture(e), as_mask(numbers(e["map"]))) for e in entries]
        logits = model(torch.stack([image for image, _ in pairs]))["out"]
        wanted = torch.stack([mask for _, mask in pairs]).as_subclass(torch.Tensor).long()
        optimizer.zero_grad()
        functional.cross_entropy(logits, wanted, ignore_index=255).backward()
        optimizer.step()

    return step


def polynomial(done: int, total: int) -> float:
    return (1 - min(1.0, done / total)) ** 0.9


@torch.inference_mode()
def found(model: nn.Module, image, transform) -> np.ndarray:
    logits = model(transform(image)[None])["out"]
    whole = functional.interpolate(logits, size=tuple(image.shape[1:]), mode="bilinear", align_corners=False)
    return whole.argmax(dim=1)[0].to(torch.uint8).numpy()


def speed(model: nn.Module, job: Work) -> dict[str, float]:
    step, images = step_of(model.train(), job), [picture(entry) for entry in job.test[:16]]
    _, transform = transforms(job.size)
    steps = iter(range(10**6))
    stepping = rate(lambda: step(next(steps), 1e-6), job.batch)
    model.eval()
    return {
        "step": stepping,
        "inference": rate(lambda: [found(model, x, transform) for x in images], len(images)),
    }


def main() -> None:
    job = work(__doc__, ("lraspp",))
    model = network(job)
    if job.speed:
        finish(job, **speed(model, job))
        return
    _, transform = transforms(job.size)
    model.eval()
    began = time.monotonic()
    for entry in job.test[:4]:
        found(model, picture(entry), transform)
    judging = (time.monotonic() - began) / min(4, len(job.test)) * len(job.test)
    steps = descend(step_of(model.train(), job), seconds=0.97 * (left(job) - judging), schedule=polynomial)
    model.eval()
    job.out.mkdir(parents=True, exist_ok=True)
    for number, entry in enumerate(job.test):
        Image.fromarray(found(model, picture(entry), transform)).save(job.out / f"{number}.png")
    finish(job, epochs=round(steps * job.batch / len(job.train), 1), steps=steps)


if __name__ == "__main__":
    main()
