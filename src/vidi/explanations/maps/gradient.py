"""Which pixels would change the score most, if each changed a little?"""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.network import Scorer
from vidi.ops import attribution

CARD = Card(
    title="Gradient saliency",
    idea="The size of the score's derivative with respect to each pixel.",
    paper="Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034, section 3.1",
    facts={"signed": False},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
) -> Float[Tensor, "n h w"]:
    """The largest absolute derivative over a pixel's colours, by grey level; nothing is drawn."""
    return attribution.gradient(network, images, target).abs().amax(dim=1)
