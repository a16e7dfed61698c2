"""U-Net: down to the gist and up again, with every finer map put beside on the way back."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.pyramid import AnyPyramid
from vidi.core.segmenter import Segmenter, check_strides
from vidi.core.vision import segmentation_models

CARD = Card(
    title="U-Net",
    idea="Step by step the coarse map is doubled, joined with the backbone's map of that stride, and convolved twice.",
    paper="Ronneberger, Fischer and Brox 2015, arXiv:1505.04597; decoder: segmentation-models-pytorch",
    differs="The way down is any backbone; batch norm; borders are padded, so the answer is as large as the image.",
    serves=("segmentation",),
    at={"classes": 21},
)

STRIDES = (2, 4, 8, 16, 32)


class Head(nn.Module):
    """Maps of the strides 2 to 32 to logits on the grid of the finest."""

    def __init__(self, channels: Sequence[int], widths: Sequence[int], classes: int) -> None:
        super().__init__()
        unet = segmentation_models().decoders.unet.decoder
        self.decoder = unet.UnetDecoder(
            encoder_channels=(3, *channels), decoder_channels=tuple(widths), n_blocks=len(widths)
        )
        self.classify = nn.Conv2d(widths[-1], classes, 3, padding=1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        logits: Tensor = self.classify(self.decoder([maps[0], *maps]))
        return logits


def build(
    *, classes: int, backbone: AnyPyramid, width: int = 128, generator: torch.Generator | None = None
) -> Segmenter:
    """U-Net on a backbone's maps of the strides 2, 4, 8, 16 and 32.

    width: channels of the first step up; each further one has half as many, but 16 at least
    """
    check_strides(backbone, STRIDES, "U-Net")
    with drawn_from(generator):
        head = Head(backbone.channels, [max(16, width >> step) for step in range(4)], classes)
    return Segmenter(backbone=backbone, head=head, classes=classes)
