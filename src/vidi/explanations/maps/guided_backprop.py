"""Which pixels speak for the score, following positive evidence only?"""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.network import Scorer
from vidi.ops.rectifiers import bent_gradient

CARD = Card(
    title="Guided backpropagation",
    idea="The gradient, except that at each rectifier only what is positive goes on: sharp pictures of what is there.",
    paper="Springenberg et al. 2015, arXiv:1412.6806, figure 1",
    differs="Sharp is not faithful: Adebayo et al. 2018 (arXiv:1810.03292) found it hardly depends on the weights.",
    facts={"signed": False},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
) -> Float[Tensor, "n h w"]:
    """The largest absolute value over a pixel's colours; raises UsageError for a network without rectifiers."""
    guided = bent_gradient(network, images, target, rule=lambda before, _: before.clamp(min=0))
    return guided.abs().amax(dim=1)
