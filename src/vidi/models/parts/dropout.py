"""Dropout."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.ops.dropping import check_probability, kept

CARD = Card(
    title="Dropout",
    idea="Set each activation to zero with some probability while training, so that none may lean on another.",
    paper="Srivastava et al. 2014, JMLR 15, section 4",
    differs="What stays is divided by 1 - probability in training, where the paper multiplies the weights in testing.",
    on={"probability": 0.5},
    off={"probability": 0.0},
)


class Dropout(nn.Module):
    """Zero with `probability`, else x / (1 - probability), in training; x itself in evaluation.

    `generator` (None: torch's own) is a part of the training's state: a checkpoint keeps it.
    """

    def __init__(self, probability: float, generator: torch.Generator | None) -> None:
        super().__init__()
        check_probability(probability)
        self.probability, self.generator = probability, generator

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        if not self.training or self.probability == 0:
            return x
        return x * kept(tuple(x.shape), probability=self.probability, like=x, generator=self.generator)


def layer(*, probability: float = 0.5, generator: torch.Generator | None = None) -> Dropout:
    """A layer that drops each number alone with `probability`."""
    return Dropout(probability, generator)
