"""Random squares, kept when they help: no gradient is asked for."""

import math

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import check_option
from vidi.core.network import Classifier
from vidi.ops.balls import check_ball, within
from vidi.ops.fooling import logits_of, margin

CARD = Card(
    title="Square attack",
    idea="Squares of random place, each colour at its limit, kept where they help; they shrink with time.",
    paper="Andriushchenko et al. 2020, arXiv:1912.00049, algorithms 1 and 2",
    differs="500 queries by default, where the paper takes 10,000; a block's images share the squares.",
    facts={"sees": "answers", "norms": ["linf"]},
)
HALVED_AT = (10, 50, 200, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries: when a square's area is halved


def attack(
    network: Classifier,
    images: Shaped[Tensor, "n 3 h w"],
    label: Int[Tensor, " n"],
    *,
    epsilon: float,
    generator: torch.Generator,
    targeted: bool = False,
    norm: str = "linf",
    queries: int = 500,
    area: float = 0.8,
) -> Float[Tensor, "n 3 h w"]:
    """The changed images with the widest margin found, in 0..255 and within epsilon.

    norm: linf
    queries: how often each image is asked for
    area: the first squares' share of the image
    """
    check_ball(norm, epsilon, ("linf",))
    check_option("queries", queries, holds=queries >= 1, wanted="a number of queries, 1 or more")
    check_option("area", area, holds=0 < area <= 1, wanted="a share above 0, at most 1")
    pixels = images.float()
    height, width = pixels.shape[2:]
    stripes = _signs((3, 1, width), generator).to(pixels)
    best = within(pixels, pixels + epsilon * stripes, norm=norm, epsilon=epsilon)
    widest = margin(logits_of(network, best), label, targeted=targeted)
    for query in range(1, queries):
        side = max(1, round(math.sqrt(_share(area, query / queries) * height * width)))
        side = min(side, height, width)
        top = int(torch.randint(height - side + 1, (), generator=generator, device=generator.device))
        left = int(torch.randint(width - side + 1, (), generator=generator, device=generator.device))
        part = (..., slice(top, top + side), slice(left, left + side))
        tried = best.clone()
        tried[part] = pixels[part] + epsilon * _signs((3, 1, 1), generator).to(pixels)
        tried = within(pixels, tried, norm=norm, epsilon=epsilon)
        found = margin(logits_of(network, tried), label, targeted=targeted)
        better = found > widest
        best[better], widest[better] = tried[better], found[better]
    return best


def _signs(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return 2.0 * torch.randint(2, shape, generator=generator, device=generator.device) - 1


def _share(first: float, done: float) -> float:
    """The squares' share of the image after this share of the queries."""
    return float(first / 2 ** sum(done * 10_000 > limit for limit in HALVED_AT))
