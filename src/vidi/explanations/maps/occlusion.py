"""How far does the score fall when a part of the image is covered?"""

import math

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import check_option
from vidi.core.network import Scorer
from vidi.ops import attribution

CARD = Card(
    title="Occlusion",
    idea="A blank window is moved over the image; where it lowers the score, something was that the network used.",
    paper="Zeiler and Fergus 2014, arXiv:1311.2901, section 4.2",
    differs="The logit is watched, not the probability; a pixel gets the mean over the windows that covered it.",
    facts={"signed": True, "passes": 169},
)


def explain(
    network: Scorer,
    images: Shaped[Tensor, "n 3 h w"],
    target: Float[Tensor, "n c"],
    *,
    generator: torch.Generator,
    window_px: int = 0,
    stride_px: int = 0,
) -> Float[Tensor, "n h w"]:
    """Mean fall of the score over the windows that cover a pixel; nothing is drawn.

    window_px: the window's side; 0: a seventh of the image's
    stride_px: how far it moves; 0: half its side
    """
    height, width = images.shape[2:]
    check_option("window_px", window_px, holds=window_px >= 0, wanted="a side in pixels, 0 or more")
    check_option("stride_px", stride_px, holds=stride_px >= 0, wanted="a distance in pixels, 0 or more")
    window = min(window_px or max(1, round(min(height, width) / 7)), height, width)
    stride = min(stride_px or max(1, window // 2), window)
    places = [(top, left) for top in starts(height, window, stride) for left in starts(width, window, stride)]
    pixels, empty = attribution.as_float(images), attribution.blank(network, images)

    whole, fall = attribution.scores(network, pixels, target), []
    block = attribution.variants_at_once(len(images))
    for start in range(0, len(places), block):
        some = places[start : start + block]
        covered = pixels.repeat(len(some), 1, 1, 1, 1)
        for copy, (top, left) in zip(covered, some, strict=True):
            part = (..., slice(top, top + window), slice(left, left + window))
            copy[part] = empty[part]
        fall += list(whole - attribution.scores_of_variants(network, covered, target))
    total, count = pixels.new_zeros(len(images), height, width), pixels.new_zeros(height, width)
    for (top, left), lost in zip(places, fall, strict=True):
        total[:, top : top + window, left : left + window] += lost[:, None, None]
        count[top : top + window, left : left + window] += 1
    return total / count


def starts(side: int, window: int, stride: int) -> list[int]:
    """Where windows begin so that all is covered; the last may reach over the edge."""
    return [step * stride for step in range(math.ceil((side - window) / stride) + 1)]
