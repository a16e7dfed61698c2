"""What patterns does the first layer compare the image with?"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidi.core.card import Card
from vidi.core.errors import UsageError
from vidi.documents.sheets import sheet
from vidi.explanations.sights import Given, Sight, interleaved
from vidi.ops.canvas import in_bytes

CARD = Card(
    title="First-layer filters",
    idea="The first layer's weights lie over pixels, so they are pictures: edges, colours, or noise.",
    paper="Krizhevsky, Sutskever and Hinton 2012, ImageNet classification with deep CNNs, fig. 3",
    differs="Each filter is scaled by its own largest weight; mid-grey is 0.",
    facts={"images": 0, "gradients": False},
)


def view(given: Given, *, generator: torch.Generator, most: int = 64) -> list[Sight]:
    """One sheet, the filters with the largest weights first; nothing is drawn from `generator`.

    most: how many filters are shown
    """
    name, weight = first_weights(given)
    order = weight.flatten(1).norm(dim=1).argsort(descending=True)[:most]
    pictures = interleaved(in_bytes(centred(weight[order])))
    across = min(len(pictures), 16 if weight.shape[-1] < 32 else 8)
    rows = [pictures[start : start + across] for start in range(0, len(pictures), across)]
    shape = f"{weight.shape[-2]} x {weight.shape[-1]}"
    shown = "all" if len(order) == len(weight) else f"the {len(order)} largest of"
    caption = f"{name}: {shown} {len(weight)} filters of {shape} pixels; grey is 0, each scaled by its largest weight."
    return [Sight("filters", CARD.title, caption, sheet(rows, side=40 if across > 8 else 84, gap=3))]


def first_weights(given: Given) -> tuple[str, Float[Tensor, "k 3 i j"]]:
    """The name and the weights, as colours over pixels, of the first layer that sees the image and nothing else.

    A layer on grey images has the same weight in all colours. Raises UsageError where there is none.
    """
    channels, side = given.network.preprocessing.channels, given.size_px
    for name, module in given.network.named_modules():
        weight = getattr(module, "weight", None)
        if not isinstance(weight, Tensor):
            continue
        if isinstance(module, nn.Conv2d) and module.in_channels == channels and module.groups == 1:
            found = weight
        elif weight.ndim == 2 and weight.shape[1] == channels * side * side:
            found = weight.reshape(len(weight), channels, side, side)
        else:
            break
        return name, found.detach().float().expand(-1, 3, -1, -1)
    raise UsageError("a first layer whose weights lie over pixels was wanted; this network's do not")


def centred(weight: Float[Tensor, "k 3 i j"]) -> Float[Tensor, "k 3 i j"]:
    """Grey levels: 127.5 for 0, 0 or 255 for each filter's largest weight."""
    largest = weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12)
    return 127.5 + 127.5 * weight / largest
