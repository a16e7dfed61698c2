"""What did each pixel contribute, if the score were as straight everywhere as it is here?"""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.network import Scorer
from vidi.ops import attribution

CARD = Card(
    title="Gradient x input",
    idea="Each pixel's derivative times its value: the terms of a linear model, if the network were one.",
    paper="Shrikumar et al. 2016, arXiv:1605.01713, section 4",
    differs="Values are counted from the network's own zero (its data's mean colour), not from black.",
    facts={"signed": True},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
) -> Float[Tensor, "n h w"]:
    """The sum over a pixel's colours, in units of the score; nothing is drawn."""
    difference = attribution.as_float(images) - attribution.blank(network, images)
    return (attribution.gradient(network, images, target) * difference).sum(dim=1)
