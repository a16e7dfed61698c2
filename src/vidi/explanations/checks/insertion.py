"""Does the answer come back soonest when what the map ranks highest is shown first?"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from vidi.core.card import Card
from vidi.core.measured import Claim
from vidi.explanations.subject import Checked, Subject, mean_over_images
from vidi.ops.ranked import area, rank_masks

CARD = Card(
    title="Insertion",
    idea="Cells of a blurred picture become sharp in the map's order; the area under the probability should be larger "
    "than in random order.",
    paper="Petsiuk, Das and Saenko 2018, arXiv:1806.07421, section 4.1",
    differs="Cells of a 14 x 14 grid, not pixels; judged against a random order of the same cells.",
    facts={"finds": "a map drawn at random", "bound": 0.0, "at_least": True},
)
BLUR = 16  # a blurred picture has the detail of one an eighth to a sixteenth as wide


def check(subject: Subject) -> Checked | None:
    """Mean over images of the area in the map's order minus that in random order; above 0 it is better than chance."""
    own, random = (curve(subject, maps) for maps in (subject.maps, subject.random_order()))
    gain = mean_over_images(
        "insertion, gain over random", area(own) - area(random), subject, unit="probability"
    )
    return Checked(
        "insertion",
        gain,
        Claim(gain.name, True, 0.0),
        "showing what it ranks highest is no better than chance",
    )


def curve(subject: Subject, maps: Float[Tensor, "n h w"]) -> Float[Tensor, "s n"]:
    """The probability with 0, 10, … 100 % of the cells sharp, those that `maps` rank highest first."""
    shown = rank_masks(subject.over_image(subject.cells(maps)), torch.linspace(0, 1, 11))[:, :, None]
    pixels = subject.images.float()
    small = functional.adaptive_avg_pool2d(pixels, max(1, min(pixels.shape[2:]) // BLUR))
    blurred = functional.interpolate(small, size=pixels.shape[2:], mode="bilinear")
    return subject.value(torch.where(shown, pixels, blurred))
