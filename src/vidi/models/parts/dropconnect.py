"""DropConnect."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.card import Card
from vidi.ops.dropping import check_probability, kept

CARD = Card(
    title="DropConnect",
    idea="Set each weight, not each activation, to zero with some probability while training.",
    paper="Wan et al. 2013, Regularization of Neural Networks using DropConnect, ICML, section 3",
    differs="One draw for a batch, where the paper draws for each image; the mean weights in testing, where it "
    "samples from a normal distribution fitted to the sums; the bias is kept.",
    on={"probability": 0.5},
    off={"probability": 0.0},
)


class DropConnect(nn.Module):
    """A linear layer whose weights are zero with `probability`, else scaled, in training; itself in evaluation.

    `generator` (None: torch's own) is a part of the training's state: a checkpoint keeps it.
    """

    def __init__(self, linear: nn.Linear, probability: float, generator: torch.Generator | None) -> None:
        super().__init__()
        check_probability(probability)
        self.linear, self.probability, self.generator = linear, probability, generator

    def forward(self, x: Float[Tensor, "b i"]) -> Float[Tensor, "b o"]:
        weight = self.linear.weight
        if self.training and self.probability > 0:
            shape = tuple(weight.shape)
            weight = weight * kept(shape, probability=self.probability, like=weight, generator=self.generator)
        return functional.linear(x, weight, self.linear.bias)


def layer(
    *, linear: nn.Linear, probability: float = 0.5, generator: torch.Generator | None = None
) -> DropConnect:
    """`linear` with each of its weights dropped with `probability`."""
    return DropConnect(linear, probability, generator)
