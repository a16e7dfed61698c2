"""Does the answer fall when what the map ranks highest is taken away?"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.measured import Claim
from vidi.explanations.subject import STEPS, Checked, Subject, mean_over_images
from vidi.ops.attribution import blank
from vidi.ops.ranked import area, rank_masks

CARD = Card(
    title="Deletion",
    idea="Cells go blank in the map's order; the area under the probability should be smaller than in random order.",
    paper="Petsiuk, Das and Saenko 2018, arXiv:1806.07421, section 4.1",
    differs="Cells of a 14 x 14 grid, not pixels (random pixels break a picture faster than any map), in five steps; "
    "judged against the mean of four random orders of the same cells.",
    facts={"finds": "a map drawn at random", "bound": 0.0, "at_least": True},
)


def check(subject: Subject) -> Checked | None:
    """Mean over images of the area in random orders minus that in the map's; above 0 it is better than chance."""
    better = subject.chance(partial(curve, subject)) - area(curve(subject, subject.maps))
    gain = mean_over_images("deletion, gain over random", better, subject, unit="probability")
    return Checked(
        "deletion",
        gain,
        Claim(gain.name, True, 0.0),
        "taking away what it ranks highest is no better than chance",
    )


def curve(subject: Subject, maps: Float[Tensor, "n h w"]) -> Float[Tensor, "s n"]:
    """The probability with 0, 20, … 100 % of the cells blank, those that `maps` rank highest first."""
    gone = rank_masks(subject.over_image(subject.cells(maps)), STEPS)[:, :, None]
    pixels = subject.images.float()
    return subject.value(torch.where(gone, blank(subject.network, pixels), pixels))
