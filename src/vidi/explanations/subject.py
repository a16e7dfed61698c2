"""What a check is given, and what it gives back: a number with its interval, and the bound that it must keep."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn import functional

from vidi.core.device import seeded
from vidi.core.measured import Claim, Measured, Verdict
from vidi.core.network import Scorer
from vidi.core.scores import Draws
from vidi.ops.bootstrap import mean_of
from vidi.ops.intervals import midranks
from vidi.ops.ranked import area, ranks

CELLS = 14  # an image is taken apart in so many cells along each side
STEPS = torch.linspace(0, 1, 6)  # the shares of them that are gone, or shown
FIRST = 16  # images are enough where whole maps are compared: every image says much the same

Explain = Callable[[Scorer, Tensor], Tensor]
"""From a network and images to maps (n h w): a method with its options, target and randomness filled in."""


@dataclass(frozen=True)
class Subject:
    """Maps of a method for images of a network, and all that a check may ask about them.

    `probability` gives the model's answers for images (float, 0..255) as (n, c); `target` says which of them is
    explained. `unlearned(share)` is the network with its last stages (all: 1) as before training, `shuffled` one
    that learned shuffled labels, `mark` the pixels of a shortcut that the network is known to use.
    """

    network: Scorer
    images: UInt8[Tensor, "n 3 h w"]
    target: Float[Tensor, "n c"]
    maps: Float[Tensor, "n h w"]
    explain: Explain
    probability: Callable[[Tensor], Tensor]
    unlearned: Callable[[float], Scorer]
    seed: int = 0
    shuffled: Scorer | None = None
    mark: Bool[Tensor, "h w"] | None = None

    def value(self, variants: Float[Tensor, "k n 3 h w"]) -> Float[Tensor, "k n"]:
        """The probability of what is explained, for k variants of each image."""
        answers = self.probability(variants.flatten(0, 1)).reshape(*variants.shape[:2], -1)
        return (answers * self.target).sum(dim=2)

    def cells(self, maps: Float[Tensor, "n h w"]) -> Float[Tensor, "n k"]:
        """Each cell's mean, row by row."""
        side = min(CELLS, *maps.shape[1:])
        return functional.adaptive_avg_pool2d(maps[:, None], side).flatten(1)

    def over_image(self, cells: Float[Tensor, "n k"]) -> Float[Tensor, "n h w"]:
        """Each cell's number at all of its pixels."""
        side = int(cells.shape[1] ** 0.5)
        square = cells.reshape(-1, 1, side, side)
        return functional.interpolate(square, size=self.maps.shape[1:], mode="nearest")[:, 0]

    def ranked_cells(self) -> Float[Tensor, "n h w"]:
        """The rank of each pixel's cell in the map, 0 for the lowest; equals in random order."""
        return self.over_image(ranks(self.cells(self.maps), generator=seeded(self.seed)))

    def turned_round(self, curve: Callable[[Tensor], Tensor]) -> Float[Tensor, " n"]:
        """Half of what the area under `curve` is larger in the map's order of cells than in the opposite one.

        0 is chance. The two share what else an image does to a curve, so that they tell more than the map's order
        beside a random one.
        """
        cells = self.ranked_cells()
        return (area(curve(cells)) - area(curve(-cells))) / 2

    def first(self) -> UInt8[Tensor, "m 3 h w"]:
        """The images on which whole maps are compared."""
        return self.images[:FIRST]


@dataclass(frozen=True)
class Checked:
    """One check of one method: the number, its bound, and what it says when the bound is broken."""

    check: str
    measured: Measured
    claim: Claim
    sentence: str

    @property
    def verdict(self) -> Verdict:
        return self.claim.verdict(self.measured)


def mean_over_images(name: str, values: Float[Tensor, " n"], subject: Subject, *, unit: str) -> Measured:
    """The mean with an interval over images (bootstrap); without one where there are fewer than three."""
    numbers = values.double().numpy()
    found = mean_of(name, numbers, Draws(seed=subject.seed), unit=unit)
    if len(numbers) < 3:
        return replace(found, low=math.nan, high=math.nan, note="fewer than three images: no interval")
    if numbers.min() == numbers.max():
        return replace(found, low=found.value, high=found.value, note="the same for every image")
    return found


def rank_correlation(a: Float[Tensor, "n h w"], b: Float[Tensor, "n h w"]) -> Float[Tensor, " n"]:
    """Spearman's, image by image; 0 where a map is the same everywhere and so ranks nothing."""
    found = []
    for one, other in zip(a.flatten(1).double().numpy(), b.flatten(1).double().numpy(), strict=True):
        x, y = (midranks(values) for values in (one, other))
        x, y = x - x.mean(), y - y.mean()
        length = np.sqrt((x @ x) * (y @ y))
        found.append(float(x @ y / length) if length > 0 else 0.0)
    return torch.tensor(found)
