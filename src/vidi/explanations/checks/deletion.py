"""Does the answer fall when what the map ranks highest is taken away?"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.measured import Claim
from vidi.explanations.subject import STEPS, Checked, Subject, mean_over_images
from vidi.ops.attribution import blank
from vidi.ops.ranked import rank_masks

CARD = Card(
    title="Deletion",
    idea="Cells go blank in the map's order, and in the opposite one: the area below the probability must be smaller.",
    paper="Petsiuk, Das and Saenko 2018, arXiv:1806.07421, section 4.1",
    differs="Cells of a 14 x 14 grid, not pixels (random pixels break a picture faster than any map), in five steps; "
    "judged against the opposite order of the same cells, which tells chance from more on few images.",
    facts={"finds": "a map drawn at random", "bound": 0.0, "at_least": True, "answers": 12},
)


def check(subject: Subject) -> Checked | None:
    """Mean over images of half the difference of areas, opposite order minus the map's; above 0 is more than chance."""
    better = -subject.turned_round(partial(curve, subject))
    gain = mean_over_images("deletion, gain over chance", better, subject, unit="probability")
    return Checked(
        "deletion",
        gain,
        Claim(gain.name, True, 0.0),
        "taking away what it ranks highest costs no more than the lowest",
    )


def curve(subject: Subject, ranks: Float[Tensor, "n h w"]) -> Float[Tensor, "s n"]:
    """The probability with 0, 20, … 100 % of the cells blank, those with the highest `ranks` first."""
    gone = rank_masks(ranks, STEPS)[:, :, None]
    pixels = subject.images.float()
    return subject.value(torch.where(gone, blank(subject.network, pixels), pixels))
