"""LR-ASPP: a glance at the whole image turns channels up and down; finer maps sharpen the answer. The fast one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.pyramid import AnyPyramid
from vidi.core.segmenter import Segmenter, enlarged, layer

CARD = Card(
    title="LR-ASPP",
    idea="The coarsest map, weighted by what the image as a whole shows, is enlarged step by step; each finer map adds "
    "to it, and the finest grid answers.",
    paper="Howard et al. 2019, arXiv:1905.02244, section 6.4; the finer steps: Kirillov et al. 2019, arXiv:1901.02446",
    differs="Each finer map is added at full width before one 3 x 3 convolution, the paper adds one map's logits.",
    serves=("segmentation",),
    at={"classes": 21},
)


class Head(nn.Module):
    """Maps, finest first, to logits on the grid of the finest."""

    def __init__(self, channels: Sequence[int], width: int, classes: int) -> None:
        super().__init__()
        self.side = nn.ModuleList(layer(each, width) for each in channels)
        self.whole = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels[-1], width, 1), nn.Sigmoid())
        self.mix = layer(width, width, kernel=3)
        self.classify = nn.Conv2d(width, classes, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        x = self.side[-1](maps[-1]) * self.whole(maps[-1])
        for number in range(len(maps) - 2, -1, -1):
            x = enlarged(x, maps[number]) + self.side[number](maps[number])
        logits: Tensor = self.classify(self.mix(x))
        return logits


def build(
    *, classes: int, backbone: AnyPyramid, width: int = 96, generator: torch.Generator | None = None
) -> Segmenter:
    """LR-ASPP on a backbone's maps of any strides, finest first.

    width: channels of the head
    """
    with drawn_from(generator):
        head = Head(backbone.channels, width, classes)
    return Segmenter(backbone=backbone, head=head, classes=classes)
