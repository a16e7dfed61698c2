"""What of an image does each layer keep?"""

import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.network import Classifier
from vidi.documents.sheets import sheet
from vidi.explanations.painting import Way, painted
from vidi.explanations.sights import Given, Sight, interleaved
from vidi.ops.attribution import as_float, undisturbed
from vidi.ops.canvas import in_bytes
from vidi.ops.quick import outputs
from vidi.ops.receptive_field import grids, spread

CARD = Card(
    title="Feature inversion",
    idea="Begin with noise and change it until a layer's features are those of an image: what comes back was kept.",
    paper="Mahendran and Vedaldi 2015, arXiv:1412.0035, eq. 1 to 3",
    differs="The picture is a sum of waves, the prior total variation and the norms' memory; all layers in one batch.",
    facts={"images": 1, "gradients": True},
)
WHOLE = "what the head sees"


def view(
    given: Given,
    *,
    generator: torch.Generator,
    depths: int = 4,
    photos: int = 1,
    steps: int = 200,
    rate: float = 0.05,
    remember: float = 0.02,
    smooth: float = 0.002,
) -> list[Sight]:
    """One sheet: each image, then what is painted from each layer's features alone, from early to late.

    depths: how many layers, at even depths; what the head sees comes last
    photos: how many images are inverted
    steps: steps of gradient descent
    rate: how large they are
    remember: weight of the batch norms' memory of the training images
    smooth: weight of total variation
    """
    given.want_images(1)
    names = list(given.layers) or spread(list(grids(given.network, given.image_hw)), depths)
    wanted = [*names, WHOLE]
    chosen = torch.randperm(len(given.images), generator=generator)[:photos]
    images = given.images[chosen]
    with undisturbed(given.network), torch.no_grad():
        truth = kept(given.network, as_float(images), names)

    def score(network: Classifier, pictures: Tensor) -> Float[Tensor, " n"]:
        found, values = kept(network, pictures, names), []
        for row in range(len(pictures)):
            photo, name = divmod(row, len(wanted))
            values.append(-away(found[wanted[name]][row], truth[wanted[name]][photo]))
        return torch.stack(values)

    pictures = in_bytes(
        painted(
            given.network,
            score,
            count=len(images) * len(wanted),
            way=Way(steps, rate, remember, smooth, smallest=1.0, turn_deg=0.0),
            generator=generator,
            say=given.say,
            what="inversion",
        )
    )
    made, rows = interleaved(pictures), []
    for number, image in enumerate(interleaved(images)):
        rows.append([image, *made[number * len(wanted) : (number + 1) * len(wanted)]])
    with undisturbed(given.network), torch.no_grad():
        again = kept(given.network, as_float(pictures), names)
    missed = [
        sum(float(away(again[name][p * len(wanted) + n], truth[name][p])) for p in range(len(images)))
        / len(images)
        for n, name in enumerate(wanted)
    ]
    said = "; ".join(f"{name} {100 * share:.0f} %" for name, share in zip(wanted, missed, strict=True))
    caption = (
        f"Each picture was painted from noise. Of the features' squared length this is left to match: {said}."
    )
    above = ["image", *wanted]
    return [Sight("inversion", CARD.title, caption, sheet(rows, side=144, above=above))]


def kept(network: Classifier, images: Tensor, names: list[str]) -> dict[str, Tensor]:
    """Each layer's output and, under WHOLE, the features; with gradients if the images want them."""
    last = list(network.stages)[-1]
    known = {module: name for name, module in network.named_modules()}
    found = outputs(network, [*names, known[last]], images)
    return {**{name: found[name] for name in names}, WHOLE: found[known[last]]}


def away(found: Tensor, truth: Tensor) -> Tensor:
    """The squared distance, as a share of the truth's squared length."""
    difference = (found.float() - truth.float()).square().sum()
    return difference / truth.float().square().sum().clamp(min=1e-12)
