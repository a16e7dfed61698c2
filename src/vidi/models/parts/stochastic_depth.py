"""Stochastic depth."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.ops.dropping import check_probability, kept

CARD = Card(
    title="Stochastic depth",
    idea="Leave a residual branch out for some images while training: a shorter net each time, the whole in the end.",
    paper="Huang et al. 2016, arXiv:1603.09382, eq. 2",
    differs="Drawn for each image, where the paper draws once for a batch; and scaled in training, not in testing.",
    on={"probability": 0.2},
    off={"probability": 0.0},
)


class StochasticDepth(nn.Module):
    """For each image zero with `probability`, else x / (1 - probability), in training; x itself in evaluation.

    Goes on a residual branch, before it is added. `generator` (None: torch's own) is a part of the training's
    state: a checkpoint keeps it.
    """

    def __init__(self, probability: float, generator: torch.Generator | None) -> None:
        super().__init__()
        check_probability(probability)
        self.probability, self.generator = probability, generator

    def forward(self, x: Float[Tensor, "b *shape"]) -> Float[Tensor, "b *shape"]:
        if not self.training or self.probability == 0:
            return x
        shape = (len(x), *(1 for _ in x.shape[1:]))
        return x * kept(shape, probability=self.probability, like=x, generator=self.generator)


def layer(*, probability: float = 0.2, generator: torch.Generator | None = None) -> StochasticDepth:
    """A gate for a residual branch that closes for each image with `probability`."""
    return StochasticDepth(probability, generator)
