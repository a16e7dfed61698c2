"""The smallest change that fools: its direction and its size are looked for apart."""

import math

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import check_option
from vidi.core.network import Classifier
from vidi.ops.balls import check_ball, direction, size
from vidi.ops.fooling import climb, fooled

CARD = Card(
    title="Decoupled direction and norm",
    idea="Steps turn the change towards a higher loss; its length shrinks by 5 % whenever it fools and grows when not.",
    paper="Rony et al. 2019, arXiv:1811.09600, algorithm 1",
    differs="Every point on the way is rounded to whole grey levels, so that what fools is a picture one can save.",
    facts={"sees": "gradients", "norms": ["l2"], "smallest": True},
)
FIRST, FACTOR = 255.0, 0.05  # the first length, and by which share it changes


def attack(
    network: Classifier,
    images: Shaped[Tensor, "n 3 h w"],
    label: Int[Tensor, " n"],
    *,
    epsilon: float,
    generator: torch.Generator,
    targeted: bool = False,
    norm: str = "l2",
    steps: int = 100,
) -> Float[Tensor, "n 3 h w"]:
    """The nearest images that fool, where they are within epsilon; elsewhere the image itself. Nothing is drawn.

    norm: l2
    steps: how many steps
    """
    check_ball(norm, epsilon, ("l2",))
    pixels = images.float()
    found, length = smallest(network, pixels, label, targeted=targeted, steps=steps)
    return torch.where((length <= epsilon)[:, None, None, None], found, pixels)


def smallest(
    network: Classifier,
    images: Float[Tensor, "n 3 h w"],
    label: Int[Tensor, " n"],
    *,
    targeted: bool = False,
    steps: int = 100,
) -> tuple[Float[Tensor, "n 3 h w"], Float[Tensor, " n"]]:
    """The nearest image found that fools, and how far it is (l2, in grey levels); infinite where none was found."""
    check_option("steps", steps, holds=steps >= 1, wanted="a number of steps, 1 or more")
    best = images.clone()
    nearest = torch.full((len(images),), torch.inf, device=images.device)
    change, limit = torch.zeros_like(images), torch.full_like(nearest, FIRST)
    for step in range(steps + 1):
        now = (images + change).round().clamp(0, 255)
        _, slope, logits = climb(network, now, label, targeted=targeted)
        there, far = fooled(logits, label, targeted=targeted), size(now - images, "l2")
        closer = there & (far < nearest)
        best[closer], nearest[closer] = now[closer], far[closer]
        stride = FIRST * (0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)
        change = (now - images) + stride * direction(slope, "l2")
        limit = limit * torch.where(there, 1 - FACTOR, 1 + FACTOR)
        change = limit[:, None, None, None] * direction(change, "l2")
    return best, nearest
