"""FCN: a classifier's maps classified place by place, coarse answers enlarged and added to finer ones."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.pyramid import AnyPyramid
from vidi.core.segmenter import Segmenter, enlarged

CARD = Card(
    title="FCN",
    idea="A 1 x 1 convolution gives classes on the maps of several strides; coarse logits are enlarged and added to "
    "the finer: with strides 8, 16 and 32 it is FCN-8s.",
    paper="Long, Shelhamer and Darrell 2015, arXiv:1411.4038, section 4.2",
    differs="Enlarged bilinearly, where the paper learns it from there; on any backbone, without its two wide layers.",
    serves=("segmentation",),
    at={"classes": 21},
)


class Head(nn.Module):
    """Maps, finest first, to logits on the grid of the finest."""

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        self.classify = nn.ModuleList(nn.Conv2d(each, classes, 1) for each in channels)
        for finer in list(self.classify)[:-1]:  # the finer ones begin at nothing, as in the paper
            nn.init.zeros_(finer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(finer.bias)  # type: ignore[arg-type]

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        logits: Tensor = self.classify[-1](maps[-1])
        for number in range(len(maps) - 2, -1, -1):
            logits = enlarged(logits, maps[number]) + self.classify[number](maps[number])
        return logits


def build(*, classes: int, backbone: AnyPyramid, generator: torch.Generator | None = None) -> Segmenter:
    """FCN on a backbone's maps of any strides, finest first."""
    with drawn_from(generator):
        head = Head(backbone.channels, classes)
    return Segmenter(backbone=backbone, head=head, classes=classes)
