"""Many small steps up the loss, each brought back to what is allowed."""

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import check_option
from vidi.core.network import Classifier
from vidi.ops.balls import anywhere, check_ball, direction, within
from vidi.ops.fooling import climb

CARD = Card(
    title="Projected gradient descent",
    idea="From a random start within epsilon, steps up the loss; whatever leaves the ball is brought back.",
    paper="Madry et al. 2018, arXiv:1706.06083, section 2.1",
    differs="The best of all steps is kept, not the last; one random start for all images of a block.",
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
    steps: int = 20,
) -> Float[Tensor, "n 3 h w"]:
    """The changed images with the highest loss on the way, in 0..255 and within epsilon.

    norm: linf or l2
    steps: how many steps, of 2.5 epsilon / steps each
    """
    check_ball(norm, epsilon)
    check_option("steps", steps, holds=steps >= 1, wanted="a number of steps, 1 or more")
    pixels = images.float()
    now = anywhere(pixels, norm=norm, epsilon=epsilon, generator=generator)
    best, highest = pixels.clone(), torch.full((len(images),), -torch.inf, device=images.device)
    for step in range(steps + 1):
        loss, slope, _ = climb(network, now, label, targeted=targeted)
        better = loss > highest
        best[better], highest[better] = now[better], loss[better]
        if step < steps:
            moved = now + 2.5 * epsilon / steps * direction(slope, norm)
            now = within(pixels, moved, norm=norm, epsilon=epsilon)
    return best
