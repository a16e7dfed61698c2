"""Gradient saliency without what a little noise would change."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import check_option
from vidi.core.network import Scorer
from vidi.ops import attribution

CARD = Card(
    title="SmoothGrad",
    idea="The mean of the gradients at many noisy copies of the image: what flickers averages out.",
    paper="Smilkov et al. 2017, arXiv:1706.03825",
    differs="The noise is relative to 255, not to each image's own range, and the same for all images of a block.",
    facts={"signed": False, "passes": 25},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
    copies: int = 25,
    noise: float = 0.15,
) -> Float[Tensor, "n h w"]:
    """The largest absolute value, over a pixel's colours, of the mean gradient at noisy copies.

    copies: how many noisy copies
    noise: its standard deviation, as a share of 255
    """
    check_option("copies", copies, holds=copies >= 1, wanted="a number of copies, 1 or more")
    check_option("noise", noise, holds=noise >= 0, wanted="a share of 255, 0 or more")
    pixels = attribution.as_float(images)
    total = torch.zeros_like(pixels)
    for _ in range(copies):
        drawn = torch.randn(pixels.shape[1:], generator=generator, device=generator.device).to(pixels)
        total += attribution.gradient(network, pixels + 255 * noise * drawn, target)
    return (total / copies).abs().amax(dim=1)
