"""What did each pixel contribute to the score on the way from a blank image to this one?"""

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import check_option
from vidi.core.network import Scorer
from vidi.ops import attribution

CARD = Card(
    title="Integrated gradients",
    idea="Gradients summed along the straight way from a blank image: the contributions add up to the score's rise.",
    paper="Sundararajan, Taly and Yan 2017, arXiv:1703.01365, eq. 1",
    differs="The blank is the network's own zero (its data's mean colour), not black; the integral is by "
    "Gauss-Legendre points, which converge faster than equal steps.",
    facts={"signed": True, "passes": 32},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
    steps: int = 32,
) -> Float[Tensor, "n h w"]:
    """Each pixel's share of score(image) - score(blank), summed over its colours; nothing is drawn.

    steps: points on the way, at which the gradient is taken
    """
    check_option("steps", steps, holds=steps >= 1, wanted="a number of points, 1 or more")
    pixels, start = attribution.as_float(images), attribution.blank(network, images)
    points, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(pixels)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        between = start + float(point) * (pixels - start)
        total += float(weight) * attribution.gradient(network, between, target)
    return (total * (pixels - start)).sum(dim=1)
