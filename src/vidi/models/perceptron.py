"""Rosenblatt's perceptron: fixed random associations, one layer that learns."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Preprocessing

CARD = Card(
    title="Perceptron",
    idea="A retina of grey pixels, units that each watch a few of them and fire above a threshold, and one layer "
    "of weights that learns which units speak for which class.",
    paper="Rosenblatt 1958, The perceptron, Psychological Review 65; Rosenblatt 1962, chapter 5",
    differs="Any loss trains the last layer, where Rosenblatt corrects it after each mistake.",
    at={"classes": 10, "size_px": 20},
    weights=5_130,
    multiply_adds=209_920,
)


class Association(nn.Module):
    """Units with fixed random connections of -1 or +1; each fires (1) where its sum is above zero, else 0.

    The connections are buffers: saved with the weights, never trained. No gradient passes the step.
    """

    def __init__(self, pixels: int, units: int, connections: int) -> None:
        super().__init__()
        chosen = torch.rand(units, pixels).argsort(dim=1)[:, :connections]
        sign = torch.randint(2, (units, connections)) * 2.0 - 1.0
        self.register_buffer("weight", torch.zeros(units, pixels).scatter(1, chosen, sign))

    def forward(self, x: Float[Tensor, "b p"]) -> Float[Tensor, "b u"]:
        weight = self.get_buffer("weight")
        return (nn.functional.linear(x, weight.to(x.dtype)) > 0).to(x.dtype)


def build(
    *,
    classes: int,
    size_px: int = 20,
    generator: torch.Generator | None = None,
    units: int = 512,
    connections: int = 20,
) -> Classifier:
    """`units` association units, each watching `connections` of the (size_px, size_px) grey pixels.

    20 x 20 pixels, 512 units and up to 40 connections are the Mark I's. The learnt layer starts at zero.
    """
    pixels = size_px * size_px
    if not 1 <= connections <= pixels:
        raise UsageError(f"connections is a number of the {pixels} pixels, 1 or more; got {connections}")
    with drawn_from(generator):
        stages = [nn.Sequential(nn.Flatten(), Association(pixels, units, connections))]
        head = nn.Linear(units, classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    preprocessing = Preprocessing(size_px, mean=(127.5,), std=(127.5,))
    return Classifier(stages=stages, head=head, width=units, preprocessing=preprocessing)
