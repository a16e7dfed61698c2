"""LeNet-5, with the paper's 60,000 weights before the last layer."""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Preprocessing

CARD = Card(
    title="LeNet-5",
    idea="Small filters shared over the image, then coarser maps, twice over: the shape of all that came after.",
    paper="LeCun, Bottou, Bengio and Haffner 1998, Proceedings of the IEEE 86, section II B and appendix A",
    differs="The last layer is linear, where the paper measures distances to drawings of the digits; pixels come in "
    "-1..1, not -0.1..1.175; means where the paper sums four pixels (the coefficient learns the factor).",
    at={"classes": 10, "size_px": 32},
    weights=60_850,
    multiply_adds=416_520,
)

SIZE = 32
# Table I: which of S2's six maps each of C3's sixteen sees.
SEES = (
    *((first, (first + 1) % 6, (first + 2) % 6) for first in range(6)),
    *(tuple((first + step) % 6 for step in range(4)) for first in range(6)),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)


class Squash(nn.Module):
    """1.7159 tanh(2/3 x): 1 goes to 1 and -1 to -1 (appendix A)."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        return 1.7159 * torch.tanh(x * (2 / 3))


class Subsampling(nn.Module):
    """The mean of each 2 x 2 pixels, times one learnt number for each map, plus another."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.ones(maps, 1, 1))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c i j"]:
        return functional.avg_pool2d(x, 2) * self.coefficient + self.bias


class PartialConvolution(nn.Module):
    """5 x 5 filters only where table I has a connection: 60 of them, not 96."""

    def __init__(self) -> None:
        super().__init__()
        count = sum(len(seen) for seen in SEES)
        numbers = iter(range(count))
        # Which filter each pair of maps has; the last row of the padded filters is for pairs without.
        table = [[next(numbers) if source in seen else count for source in range(6)] for seen in SEES]
        self.register_buffer("table", torch.tensor(table), persistent=False)
        self.weight = nn.Parameter(torch.empty(count, 5, 5))
        self.bias = nn.Parameter(torch.zeros(len(SEES)))

    def forward(self, x: Float[Tensor, "b 6 h w"]) -> Float[Tensor, "b 16 i j"]:
        padded = torch.cat([self.weight, self.weight.new_zeros(1, 5, 5)])
        return functional.conv2d(x, padded[self.get_buffer("table")], self.bias)


def _initialise(network: Classifier) -> None:
    """Uniform within 2.4 over the number of inputs (appendix A), biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.uniform_(module.weight, -2.4 / module.weight[0].numel(), 2.4 / module.weight[0].numel())
            nn.init.zeros_(cast(Tensor, module.bias))
        if isinstance(module, PartialConvolution):
            fewest = 25 * min(len(seen) for seen in SEES)
            nn.init.uniform_(module.weight, -2.4 / fewest, 2.4 / fewest)


def build(*, classes: int, size_px: int = SIZE, generator: torch.Generator | None = None) -> Classifier:
    """LeNet-5 on grey images of 32 x 32 pixels: C1, S2, C3, S4, C5 and F6 are the stages."""
    if size_px != SIZE:
        raise UsageError(f"LeNet-5 takes images of {SIZE} px; got {size_px}")
    with drawn_from(generator):
        stages = [
            nn.Sequential(nn.Conv2d(1, 6, 5), Squash()),
            nn.Sequential(Subsampling(6), Squash()),
            nn.Sequential(PartialConvolution(), Squash()),
            nn.Sequential(Subsampling(16), Squash()),
            nn.Sequential(nn.Conv2d(16, 120, 5), Squash(), nn.Flatten()),
            nn.Sequential(nn.Linear(120, 84), Squash()),
        ]
        preprocessing = Preprocessing(size_px, mean=(127.5,), std=(127.5,))
        network = Classifier(
            stages=stages, head=nn.Linear(84, classes), width=84, preprocessing=preprocessing
        )
        _initialise(network)
    return network
