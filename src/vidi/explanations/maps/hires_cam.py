"""What did each position of the last layer with positions contribute to the score?"""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.network import Scorer
from vidi.ops.layer_maps import map_at_layer

CARD = Card(
    title="HiResCAM",
    idea="A late layer's output times the score's derivative, position by position: no mean that blurs what counted.",
    paper="Draelos and Carin 2020, arXiv:2011.08891, eq. 3",
    differs="What speaks against the score is kept, below 0.",
    facts={"signed": True, "layer": True},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
    layer: str | None = None,
) -> Float[Tensor, "n h w"]:
    """In units of the score for each position, enlarged between the layer's positions. Nothing is drawn.

    layer: the name of a layer with positions; found if not given
    """
    return map_at_layer(
        network,
        images,
        target,
        layer=layer,
        combine=lambda output, slope: (output * slope).sum(dim=1),
    )
