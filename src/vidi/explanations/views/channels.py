"""What would a channel like to see most?"""

import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import UsageError
from vidi.core.network import Classifier
from vidi.documents.sheets import sheet
from vidi.explanations.painting import Way, painted
from vidi.explanations.sights import Given, Sight, interleaved
from vidi.ops.attribution import AT_ONCE, as_float, undisturbed
from vidi.ops.canvas import in_bytes
from vidi.ops.quick import outputs, over_positions
from vidi.ops.receptive_field import grids, spread

CARD = Card(
    title="Channel and unit visualisation",
    idea="Gradient ascent on one channel's mean over positions, or on one unit: the channel in the middle.",
    paper="Erhan et al. 2009, Visualizing higher-layer features of a deep network; Olah et al. 2017, Feature "
    "visualization, Distill",
    differs="Layers of all depths are painted in one batch; each score is in deviations over noise.",
    facts={"images": 0, "gradients": True},
)


def view(
    given: Given,
    *,
    generator: torch.Generator,
    depths: int = 4,
    channels: int = 4,
    unit: bool = False,
    steps: int = 64,
    rate: float = 0.05,
    remember: float = 0.5,
    smooth: float = 0.05,
) -> list[Sight]:
    """One sheet: a row for each layer, a picture for each of some channels, chosen at random.

    depths: how many layers, at even depths
    channels: how many channels of each
    unit: one position's unit, in the middle, instead of the mean over positions
    steps: steps of gradient ascent
    rate: how large they are
    remember: weight of the batch norms' memory of the training images
    smooth: weight of total variation
    """
    known = grids(given.network, given.image_hw)
    if not known:
        raise UsageError("a layer with positions was wanted, and this network has none; see classes")
    names = list(given.layers) or spread(list(known), depths)
    spreads = deviations(given, names, generator)
    wanted = [
        (name, int(channel))
        for name in names
        for channel in torch.randperm(len(spreads[name]), generator=generator)[:channels].sort().values
    ]

    def score(network: Classifier, pictures: Tensor) -> Float[Tensor, " n"]:
        over = over_positions(network, outputs(network, names, pictures), given.image_hw)
        values = []
        for row, (name, channel) in enumerate(wanted):
            plane = over[name][row, channel].float()
            value = plane[plane.shape[0] // 2, plane.shape[1] // 2] if unit else plane.mean()
            values.append(value / spreads[name][channel])
        return torch.stack(values)

    way = Way(steps=steps, rate=rate, remember=remember, smooth=smooth, beyond=0.2)
    pictures = interleaved(
        in_bytes(
            painted(
                given.network,
                score,
                count=len(wanted),
                way=way,
                generator=generator,
                say=given.say,
                what="channels",
            )
        )
    )
    rows = [[p for p, (at, _) in zip(pictures, wanted, strict=True) if at == name] for name in names]
    what = "the unit in the middle" if unit else "the mean over positions"
    caption = f"Rows are layers, from the first to the last; each picture excites {what} of a channel drawn at random."
    return [Sight("channels", CARD.title, caption, sheet(rows, side=128, beside=names, gap=3))]


def deviations(given: Given, names: list[str], generator: torch.Generator) -> dict[str, Float[Tensor, " d"]]:
    """Each channel's deviation over positions and images (noise, where there are no images)."""
    images = given.images[:AT_ONCE]
    if not len(images):
        images = 255 * torch.rand((8, 3, *given.image_hw), generator=generator)
    with undisturbed(given.network), torch.no_grad():
        found = over_positions(given.network, outputs(given.network, names, as_float(images)), given.image_hw)
    return {name: over.float().std(dim=(0, 2, 3)).clamp(min=1e-3) for name, over in found.items()}
