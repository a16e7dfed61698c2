"""What picture of each class does a linear classifier compare the image with?"""

import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import UsageError
from vidi.documents.sheets import sheet
from vidi.explanations.sights import Given, Sight, interleaved
from vidi.ops.attribution import gradient, one_class, undisturbed
from vidi.ops.canvas import in_bytes

CARD = Card(
    title="Linear templates",
    idea="A linear classifier's score is a product with one picture for each class: where it is bright, bright pixels "
    "speak for the class.",
    paper="Fei-Fei, Karpathy and Johnson, CS231n: Convolutional neural networks for visual recognition, linear "
    "classification",
    differs="Found as a gradient after a test that the scores are linear, so any network that is linear has them.",
    facts={"images": 0, "gradients": True},
)


def view(given: Given, *, generator: torch.Generator, most: int = 40) -> list[Sight]:
    """One sheet, a template for each class. Raises UsageError for a network whose scores are not linear in the pixels.

    most: how many classes are shown
    """
    wanted = given.chosen_classes(most)
    if not is_linear(given, generator):
        raise UsageError("templates belong to linear classifiers; this network's scores bend")
    target = one_class(torch.tensor(wanted), len(given.labels))
    slope = gradient(given.network, torch.full((len(wanted), 3, *given.image_hw), 127.5), target)
    slope = slope - slope.mean(dim=0) if len(wanted) > 1 else slope  # what all classes share decides nothing
    largest = slope.abs().flatten(1).quantile(0.995, dim=1)[:, None, None, None].clamp(min=1e-12)
    pictures = interleaved(in_bytes(127.5 + 127.5 * slope / largest))
    rows = [pictures[start : start + 5] for start in range(0, len(pictures), 5)]
    named = [
        ", ".join(given.name(label) for label in wanted[start : start + 5])
        for start in range(0, len(wanted), 5)
    ]
    caption = (
        "Each class's weights over the image, less what all classes share. Where it is bright, bright pixels "
        "speak for the class."
    )
    return [Sight("templates", CARD.title, caption, sheet(rows, side=128, beside=named))]


def is_linear(given: Given, generator: torch.Generator) -> bool:
    """Whether the scores halfway between noise images are halfway between theirs, to float32's rounding."""
    ends = 255 * torch.rand((2, 8, 3, *given.image_hw), generator=generator)
    with undisturbed(given.network), torch.no_grad():
        one, other, between = (_scores(given, images) for images in (*ends, ends.mean(dim=0)))
    size = torch.stack([one, other]).std()
    return bool(size > 0) and bool(((one + other) / 2 - between).abs().max() <= 1e-3 * size)


def _scores(given: Given, images: Tensor) -> Float[Tensor, "n c"]:
    found: Tensor = given.network(images)
    return found.double()
