"""Does the map stay where it is when the image changes by what nobody sees?"""

import torch

from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.measured import Claim
from vidi.explanations.subject import Checked, Subject, mean_over_images

CARD = Card(
    title="Max-sensitivity",
    idea="The largest change of the map, relative to itself, when a little noise is added to the image.",
    paper="Yeh et al. 2019, arXiv:1901.09392, definition 3",
    differs="Three draws of noise by default. The bound is ours: at 1 the map moved by as much as there is of it.",
    facts={"finds": "a map drawn at random", "bound": 1.0, "at_least": False},
)
RADIUS, DRAWS, BOUND = 0.02 * 255, 3, 1.0


def check(subject: Subject) -> Checked | None:
    """Mean over the first images of the largest of three relative changes, noise of up to 5 grey levels; at most 1."""
    generator, pixels = seeded(subject.seed), subject.first().float()
    maps = subject.maps[: len(pixels)]
    size = maps.flatten(1).norm(dim=1).clamp(min=1e-30)
    largest = torch.zeros_like(size)
    for _ in range(DRAWS):
        noise = RADIUS * (2 * torch.rand(pixels.shape[1:], generator=generator) - 1)
        moved = subject.explain(subject.network, (pixels + noise).clamp(0, 255)) - maps
        largest = torch.maximum(largest, moved.flatten(1).norm(dim=1) / size)
    change = mean_over_images("max-sensitivity", largest, subject, unit="of the map")
    return Checked(
        "sensitivity",
        change,
        Claim(change.name, False, BOUND),
        "noise that nobody sees changes it altogether",
    )
