"""One step along the signs of the loss's gradient."""

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.network import Classifier
from vidi.ops.balls import check_ball, direction, within
from vidi.ops.fooling import climb

CARD = Card(
    title="Fast gradient sign method",
    idea="Every pixel moves by epsilon, the way that the loss rises where one stands.",
    paper="Goodfellow, Shlens and Szegedy 2015, arXiv:1412.6572, section 4; l2: Miyato et al. 2017",
    facts={"sees": "gradients", "norms": ["linf", "l2"]},
)


def attack(
    network: Classifier,
    images: Shaped[Tensor, "n 3 h w"],
    label: Int[Tensor, " n"],
    *,
    epsilon: float,
    generator: torch.Generator,
    targeted: bool = False,
    norm: str = "linf",
) -> Float[Tensor, "n 3 h w"]:
    """The changed images, in 0..255 and within epsilon; nothing is drawn.

    norm: linf or l2
    """
    check_ball(norm, epsilon)
    pixels = images.float()
    slope = climb(network, pixels, label, targeted=targeted)[1]
    return within(pixels, pixels + epsilon * direction(slope, norm), norm=norm, epsilon=epsilon)
