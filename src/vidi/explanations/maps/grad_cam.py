"""Where in the image did the last layer with positions find what speaks for the score?"""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.network import Scorer
from vidi.ops.layer_maps import map_at_layer

CARD = Card(
    title="Grad-CAM",
    idea="A late layer's maps, each weighted by the score's mean derivative at it, where they speak for it.",
    paper="Selvaraju et al. 2017, arXiv:1610.02391, eq. 1 and 2",
    differs="The layer is found, not named: the last with positions that make a difference to what the head sees.",
    facts={"signed": False, "layer": True},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
    layer: str | None = None,
) -> Float[Tensor, "n h w"]:
    """Never below 0; the layer's own resolution, enlarged between its positions. Nothing is drawn.

    layer: the name of a layer with positions; found if not given
    """

    def weighted(output: Tensor, slope: Tensor) -> Tensor:
        return (slope.mean(dim=(2, 3), keepdim=True) * output).sum(dim=1).clamp(min=0)

    return map_at_layer(network, images, target, layer=layer, combine=weighted)
