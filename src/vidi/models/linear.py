"""A linear classifier on pixels."""

import torch
from torch import nn

from vidi.core.card import Card
from vidi.core.device import drawn_from
from vidi.core.network import Classifier, Preprocessing

CARD = Card(
    title="Linear classifier",
    idea="One weight for each pixel and class. Trained with cross-entropy it is softmax regression, with "
    "multiclass_hinge a support vector machine: the net is the same, the loss differs.",
    paper="Crammer and Singer 2001 and Weston and Watkins 1999 for the hinge; Cox 1958 for the logistic",
    at={"classes": 10, "size_px": 32},
    weights=30_730,
    multiply_adds=30_720,
)


def build(*, classes: int, size_px: int = 32, generator: torch.Generator | None = None) -> Classifier:
    """Every pixel of the (size_px, size_px) colour image, in -1..1, times a matrix.

    Starts at zero: the loss is convex, and with equal logits the first loss is log(classes) exactly.
    """
    width = 3 * size_px * size_px
    with drawn_from(generator):
        head = nn.Linear(width, classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return Classifier(stages=[nn.Flatten()], head=head, width=width, preprocessing=Preprocessing(size_px))
