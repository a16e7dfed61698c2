"""What in the images excites a channel most?"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import UsageError
from vidi.documents.sheets import sheet
from vidi.explanations.sights import Given, Sight
from vidi.ops.attribution import AT_ONCE, as_float, undisturbed
from vidi.ops.quick import outputs, over_positions
from vidi.ops.receptive_field import Field, grids, receptive_field, spread

CARD = Card(
    title="Maximally activating patches",
    idea="For each channel the places, one an image, where it is most excited, cut out as large as what it sees there.",
    paper="Zeiler and Fergus 2014, arXiv:1311.2901, section 4; Girshick et al. 2014, arXiv:1311.2524, section 3.1",
    differs="The receptive field is measured by passing what is not a number through the network, whatever its kind.",
    facts={"images": 9, "gradients": False},
)


def view(
    given: Given, *, generator: torch.Generator, depths: int = 3, channels: int = 6, patches: int = 9
) -> list[Sight]:
    """A sheet for each of some layers: a row for each of the channels that are most selective in these images.

    depths: how many layers, at even depths
    channels: how many channels of each
    patches: how many patches of each channel, from different images
    """
    given.want_images(CARD.facts["images"])
    known = grids(given.network, given.image_hw)
    if not known:
        raise UsageError(
            "a layer with positions was wanted, and this network has none; see neighbours or classes"
        )
    names = list(given.layers) or spread(list(known), depths)
    found = maxima(given, names)
    return [
        _sheet(
            given, name, found[name], receptive_field(given.network, name, given.image_hw), channels, patches
        )
        for name in names
    ]


@dataclass(frozen=True)
class Maxima:
    """For each image and channel the largest activation over positions, and its row and column."""

    value: Float[Tensor, "n d"]
    row: Int[Tensor, "n d"]
    column: Int[Tensor, "n d"]

    def selective(self, count: int, best: int) -> list[int]:
        """The channels whose best images stand out most from all others, in deviations."""
        top = self.value.topk(min(best, len(self.value)), dim=0).values.mean(dim=0)
        spread = self.value.std(dim=0).clamp(min=1e-6)
        lively = self.value.amax(dim=0) > 0
        order = ((top - self.value.mean(dim=0)) / spread).where(lively, -torch.inf)
        return [int(channel) for channel in order.topk(min(count, order.numel())).indices]


def maxima(given: Given, names: list[str]) -> dict[str, Maxima]:
    """Each layer's largest activations; one pass, and memory for one batch of it."""
    kept: dict[str, list[tuple[Tensor, Tensor, int]]] = {name: [] for name in names}
    for start in range(0, len(given.images), AT_ONCE):
        part = as_float(given.images[start : start + AT_ONCE])
        with undisturbed(given.network), torch.no_grad():
            found = over_positions(given.network, outputs(given.network, names, part), given.image_hw)
        for name, over in found.items():
            value, place = over.flatten(2).float().max(dim=2)
            kept[name].append((value, place, over.shape[3]))
        given.say.track("patches", start + len(part), len(given.images))
    best = {}
    for name, parts in kept.items():
        place, width = torch.cat([part[1] for part in parts]), parts[0][2]
        best[name] = Maxima(torch.cat([part[0] for part in parts]), place // width, place % width)
    return best


def cut_out(image: UInt8[Tensor, "3 h w"], window: tuple[int, int, int, int]) -> UInt8[np.ndarray, "i j 3"]:
    """What a position sees of the image."""
    top, left, bottom, right = window
    return np.ascontiguousarray(image[:, top:bottom, left:right].permute(1, 2, 0).numpy())


def _sheet(given: Given, name: str, found: Maxima, field: Field, channels: int, patches: int) -> Sight:
    rows, named = [], []
    for channel in found.selective(channels, patches):
        best = found.value[:, channel].argsort(descending=True, stable=True)[:patches]
        windows = [field.at(int(found.row[i, channel]), int(found.column[i, channel])) for i in best]
        rows.append([cut_out(given.images[i], window) for i, window in zip(best, windows, strict=True)])
        named.append(f"channel {channel}")
    caption = (
        f"{name}: the channels that single out some images most, and for each the {patches} images of "
        f"{len(given.images)} that excite it most, cut to what a position sees ({field.size_px} of {given.size_px} px)."
    )
    title = f"{CARD.title}: {name}"
    return Sight(f"patches-{name}", title, caption, sheet(rows, side=72, beside=named, gap=3))
