"""A residual net for small images that trains in minutes on a laptop."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.device import drawn_from, spawned
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Preprocessing
from vidi.models.parts import dropout, fractional_max_pool, stochastic_depth

CARD = Card(
    title="ResNet-9",
    idea="Eight wide convolutions, two shortcuts and four poolings: as few layers as CIFAR-10 needs, so that "
    "each is large enough to keep the processor busy.",
    paper="He et al. 2016, arXiv:1512.03385, for the shortcuts; D. Page 2018, How to train your ResNet "
    "(the DAWNBench entry), for the net",
    differs="The logits' factor 1/8 is taken before the last matrix, which is the same; no whitening layer.",
    at={"classes": 10, "size_px": 32, "width": 64},
    weights=6_573_120,
    multiply_adds=379_261_952,
)

CIFAR_MEAN, CIFAR_STD = (125.31, 122.95, 113.87), (62.99, 62.09, 66.70)  # of CIFAR-10's training pixels


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two convolutions added to their input; `gate` may leave them out for some images."""

    def __init__(self, channels: int, gate: nn.Module) -> None:
        super().__init__()
        self.branch = nn.Sequential(_convolution(channels, channels), _convolution(channels, channels))
        self.gate = gate

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        y: Tensor = x + self.gate(self.branch(x))
        return y


class Top(nn.Module):
    """The largest of each channel over the image, times 1/8: the logits start small, and so does the loss."""

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c"]:
        return x.amax(dim=(2, 3)) * 0.125


def build(
    *,
    classes: int,
    size_px: int = 32,
    generator: torch.Generator | None = None,
    width: int = 64,
    dropout_probability: float = 0.0,
    depth_probability: float = 0.0,
    pooling_ratio: float = 2.0,
) -> Classifier:
    """ResNet-9; `width` is the first convolution's channels (64 as published; 32 has a quarter of the weights).

    Off by default: `dropout_probability` for each feature; `depth_probability` for the last shortcut to stand
    alone (the first: half of it); `pooling_ratio` below 2 for fractional max-pooling.
    """
    if width < 1:
        raise UsageError(f"width is a number of channels, 1 or more; got {width}")
    drawing = spawned(generator)

    def pool() -> nn.Module:
        return fractional_max_pool.layer(ratio=pooling_ratio, generator=drawing)

    def gate(probability: float) -> nn.Module:
        return stochastic_depth.layer(probability=probability, generator=drawing)

    with drawn_from(generator):
        stages = [
            _convolution(3, width),
            nn.Sequential(_convolution(width, 2 * width), pool()),
            Residual(2 * width, gate(depth_probability / 2)),
            nn.Sequential(_convolution(2 * width, 4 * width), pool()),
            nn.Sequential(_convolution(4 * width, 8 * width), pool()),
            Residual(8 * width, gate(depth_probability)),
            nn.Sequential(Top(), dropout.layer(probability=dropout_probability, generator=drawing)),
        ]
        head = nn.Linear(8 * width, classes, bias=False)
    preprocessing = Preprocessing(size_px, mean=CIFAR_MEAN, std=CIFAR_STD)
    return Classifier(stages=stages, head=head, width=8 * width, preprocessing=preprocessing)
