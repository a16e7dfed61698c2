"""Small backbones and targets for networks that answer for places."""

import torch
from torch import Tensor, nn

from vidi.core.dense import Target
from vidi.core.device import drawn_from, seeded
from vidi.core.network import Preprocessing
from vidi.core.pyramid import Pyramid

SIDE = 96
BOXES = (  # far enough apart that none suppresses another
    ((4.0, 6.0, 30.0, 28.0), 0),
    ((50.0, 8.0, 90.0, 40.0), 2),
    ((10.0, 50.0, 28.0, 90.0), 1),
    ((52.0, 48.0, 88.0, 84.0), 2),
    ((54.0, 50.0, 86.0, 90.0), 0),  # another class at nearly the same place
)


def backbone(strides=(8, 16, 32), seed=0) -> Pyramid:
    """A convolution for each halving; 8 channels and 8 more each time."""
    with drawn_from(seeded(seed)):
        stages = [
            nn.Sequential(nn.Conv2d(3 if step == 0 else 8 * step, 8 * (step + 1), 3, 2, 1), nn.ReLU())
            for step in range(5)
        ]
    ends = [(stride.bit_length() - 2) for stride in strides]
    return Pyramid(
        stages=stages,
        ends=ends,
        channels=[8 * (end + 1) for end in ends],
        strides=strides,
        preprocessing=Preprocessing(SIDE),
    )


def images(count=2, seed=1, side=SIDE) -> Tensor:
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=seeded(seed))


def targets(masks=False) -> list[Target]:
    """An image with five objects, one with none, one with a single one."""
    found = []
    for rows in (BOXES, (), BOXES[2:3]):
        boxes = torch.tensor([box for box, _ in rows]).reshape(-1, 4)
        labels = torch.tensor([label for _, label in rows], dtype=torch.long)
        found.append(Target(boxes, labels, ellipses(boxes) if masks else None))
    return found


def ellipses(boxes: Tensor) -> Tensor:
    """The ellipse inside each box, (n, h, w)."""
    y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    across = ((x[None] - centre[:, 0, None, None]) / half[:, 0, None, None]) ** 2
    down = ((y[None] - centre[:, 1, None, None]) / half[:, 1, None, None]) ** 2
    return across + down <= 1


def maps(count=2, classes=3, seed=2) -> Tensor:
    """Squares of classes, a corner without one."""
    small = torch.randint(classes, (count, 1, 6, 6), generator=seeded(seed)).float()
    found = nn.functional.interpolate(small, scale_factor=SIDE // 6, mode="nearest")[:, 0].long()
    found[:, :10, :10] = 255
    return found
