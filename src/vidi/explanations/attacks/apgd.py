"""Steps up the loss that halve themselves when they don't help: no step size to choose."""

import math

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import check_option
from vidi.core.network import Classifier
from vidi.ops.balls import anywhere, check_ball, direction, within
from vidi.ops.fooling import climb

CARD = Card(
    title="Auto-PGD on the cross-entropy",
    idea="Ascent with momentum; at set checkpoints each image's step is halved, and it goes back to its best point, if "
    "the loss rose too seldom since the last.",
    paper="Croce and Hein 2020, arXiv:2003.01690, algorithm 1",
    differs="One random start for all images of a block.",
    facts={"sees": "gradients", "norms": ["linf", "l2"]},
)
MOMENTUM, OFTEN = 0.75, 0.75  # alpha and rho of the paper


def attack(
    network: Classifier,
    images: Shaped[Tensor, "n 3 h w"],
    label: Int[Tensor, " n"],
    *,
    epsilon: float,
    generator: torch.Generator,
    targeted: bool = False,
    norm: str = "linf",
    steps: int = 50,
) -> Float[Tensor, "n 3 h w"]:
    """The changed images with the highest loss on the way, in 0..255 and within epsilon.

    norm: linf or l2
    steps: how many steps
    """
    check_ball(norm, epsilon)
    check_option("steps", steps, holds=steps >= 1, wanted="a number of steps, 1 or more")
    pixels = images.float()
    before = now = anywhere(pixels, norm=norm, epsilon=epsilon, generator=generator)
    loss, slope, _ = climb(network, now, label, targeted=targeted)
    best, highest, best_slope = now.clone(), loss.clone(), slope.clone()
    stride = torch.full_like(loss, 2 * epsilon)
    rises, since = torch.zeros_like(loss), 0
    old_stride, old_highest = stride.clone(), highest.clone()
    stops = checkpoints(steps)
    for step in range(1, steps + 1):
        length = stride.float()[:, None, None, None]
        ahead = within(pixels, now + length * direction(slope, norm), norm=norm, epsilon=epsilon)
        if step > 1:
            ahead = within(
                pixels,
                now + MOMENTUM * (ahead - now) + (1 - MOMENTUM) * (now - before),
                norm=norm,
                epsilon=epsilon,
            )
        before, now, last = now, ahead, loss
        loss, slope, _ = climb(network, now, label, targeted=targeted)
        rises, since = rises + (loss > last), since + 1
        better = loss > highest
        best[better], highest[better], best_slope[better] = now[better], loss[better], slope[better]
        if step in stops:
            stuck = (rises < OFTEN * since) | ((stride == old_stride) & (highest == old_highest))
            old_stride, old_highest = stride.clone(), highest.clone()
            stride = torch.where(stuck, stride / 2, stride)
            back = stuck[:, None, None, None]
            now, slope = torch.where(back, best, now), torch.where(back, best_slope, slope)
            before = torch.where(back, best, before)
            loss = torch.where(stuck, highest, loss)
            rises, since = torch.zeros_like(rises), 0
    return best


def checkpoints(steps: int) -> set[int]:
    """The steps after which the stride is judged (section 3.1 of the paper): dense towards the end."""
    hundredths = [0, 22]
    while hundredths[-1] < 100:
        hundredths.append(hundredths[-1] + max(hundredths[-1] - hundredths[-2] - 3, 6))
    return {math.ceil(place * steps / 100) for place in hundredths[1:] if place <= 100}
