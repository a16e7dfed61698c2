"""The score carried back to the pixels as a deconvolutional network would."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.network import Scorer
from vidi.ops.rectifiers import bent_gradient

CARD = Card(
    title="Deconvnet",
    idea="The gradient, except that each rectifier lets through what is positive on the way back, whatever was so "
    "on the way there.",
    paper="Zeiler and Fergus 2014, arXiv:1311.2901, section 2.1",
    differs="The score is carried back, where the paper carries back one unit of a layer.",
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
    carried = bent_gradient(network, images, target, rule=lambda _, after: after.clamp(min=0))
    return carried.abs().amax(dim=1)
