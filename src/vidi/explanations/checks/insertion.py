"""Does the answer come back soonest when what the map ranks highest is shown first?"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.measured import Claim
from vidi.explanations.subject import STEPS, Checked, Subject, mean_over_images
from vidi.ops.ranked import rank_masks

CARD = Card(
    title="Insertion",
    idea="Cells of a blurred picture become sharp in the map's order, and in the opposite one: the area under the "
    "probability should be larger.",
    paper="Petsiuk, Das and Saenko 2018, arXiv:1806.07421, section 4.1",
    differs="Cells of a 14 x 14 grid, not pixels, in five steps; judged against the opposite order of the same cells.",
    facts={"finds": "a map drawn at random", "bound": 0.0, "at_least": True, "answers": 12},
)
BLUR = 16  # a blurred picture has the detail of one an eighth to a sixteenth as wide


def check(subject: Subject) -> Checked | None:
    """Mean over images of half the difference of areas, the map's order minus the opposite; above 0 beats chance."""
    better = subject.turned_round(partial(curve, subject))
    gain = mean_over_images("insertion, gain over chance", better, subject, unit="probability")
    return Checked(
        "insertion",
        gain,
        Claim(gain.name, True, 0.0),
        "showing what it ranks highest brings no more than the lowest",
    )


def curve(subject: Subject, ranks: Float[Tensor, "n h w"]) -> Float[Tensor, "s n"]:
    """The probability with 0, 20, … 100 % of the cells sharp, those with the highest `ranks` first."""
    shown = rank_masks(ranks, STEPS)[:, :, None]
    pixels = subject.images.float()
    small = functional.adaptive_avg_pool2d(pixels, max(1, min(pixels.shape[2:]) // BLUR))
    blurred = functional.interpolate(small, size=pixels.shape[2:], mode="bilinear")
    return subject.value(torch.where(shown, pixels, blurred))
