"""A multilayer perceptron on pixels."""

from collections.abc import Sequence

import torch
from torch import nn

from vidi.core.card import Card
from vidi.core.device import drawn_from, spawned
from vidi.core.errors import UsageError
from vidi.core.network import Classifier, Preprocessing
from vidi.models.parts import dropconnect, dropout

CARD = Card(
    title="Multilayer perceptron",
    idea="Fully connected layers with rectifiers between them: what can be done without knowing which pixels are "
    "neighbours.",
    paper="Rumelhart, Hinton and Williams 1986, Nature 323; rectifiers: Glorot et al. 2011; start: He et al. 2015, "
    "arXiv:1502.01852, eq. 10",
    at={"classes": 10, "size_px": 32, "widths": [512, 256]},
    weights=1_707_274,
    multiply_adds=1_706_496,
)


def build(
    *,
    classes: int,
    size_px: int = 32,
    generator: torch.Generator | None = None,
    widths: Sequence[int] = (512, 256),
    dropout_probability: float = 0.0,
    dropconnect_probability: float = 0.0,
) -> Classifier:
    """Hidden layers of `widths` units, one stage each, on the colour pixels in -1..1.

    Off by default: `dropout_probability` for each hidden unit, `dropconnect_probability` for each hidden weight.
    """
    if not widths or min(widths) < 1:
        raise UsageError(
            f"widths are the hidden layers' numbers of units, at least one layer; got {list(widths)}"
        )
    drawing = spawned(generator)
    inputs = [3 * size_px * size_px, *widths[:-1]]
    stages: list[nn.Module] = [nn.Flatten()]
    with drawn_from(generator):
        for before, after in zip(inputs, widths, strict=True):
            linear = nn.Linear(before, after)
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            nn.init.zeros_(linear.bias)
            connected = dropconnect.layer(
                linear=linear, probability=dropconnect_probability, generator=drawing
            )
            dropped = dropout.layer(probability=dropout_probability, generator=drawing)
            stages.append(nn.Sequential(connected, nn.ReLU(inplace=True), dropped))
        head = nn.Linear(widths[-1], classes)
    return Classifier(stages=stages, head=head, width=widths[-1], preprocessing=Preprocessing(size_px))
