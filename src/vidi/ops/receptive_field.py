"""Which pixels can change one position of a layer: found by running the network, not from its description."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from vidi.core.errors import UsageError
from vidi.core.network import Classifier
from vidi.ops.attribution import undisturbed
from vidi.ops.layers import Grid, chain, grid_of, outside_attention, prefix_tokens, recorded


@dataclass(frozen=True)
class Line:
    """Along one axis of `length` pixels and `count` positions: the first ends at `end`, the last starts at `start`.

    One position further is `step` pixels further.
    """

    length: int
    count: int
    start: int
    end: int
    step: int

    def window(self, position: int) -> tuple[int, int]:
        """From which pixel to which (not included), inside the image."""
        start = self.start - self.step * (self.count - 1 - position)
        return max(0, start), min(self.length, self.end + self.step * position)


@dataclass(frozen=True)
class Field:
    """The window of pixels that reach each position of a layer."""

    rows: Line
    columns: Line

    def at(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Top, left, bottom, right of what one position sees; bottom and right are not included."""
        (top, bottom), (left, right) = self.rows.window(row), self.columns.window(column)
        return top, left, bottom, right

    @property
    def size_px(self) -> int:
        """The longer side of the window of a position in the middle."""
        top, left, bottom, right = self.at(self.rows.count // 2, self.columns.count // 2)
        return max(bottom - top, right - left)


def grids(network: Classifier, image_hw: tuple[int, int]) -> dict[str, Grid]:
    """The layers along the network whose outputs have positions, in the order in which they come; {} if there are none.

    Of a network that is one chain its links, of another all modules outside attention.
    """
    prefix = prefix_tokens(network)
    device = next(iter(network.parameters()), torch.zeros(())).device
    for names in (chain(network), outside_attention(network)):
        with undisturbed(network), torch.no_grad(), recorded(network, names) as seen:
            network.features(torch.zeros((1, 3, *image_hw), device=device))
        found = {name: grid_of(tuple(output.shape), image_hw, prefix=prefix) for name, output in seen.items()}
        over = {name: grid for name, grid in found.items() if grid is not None}
        if over:
            return over
    return {}


def spread(names: Sequence[str], count: int) -> list[str]:
    """`count` of the names, or all, at even distances, the last among them."""
    if len(names) <= count:
        return list(names)
    return [names[round((place + 1) * len(names) / count) - 1] for place in range(count)]


def by_size(known: Mapping[str, Grid]) -> list[str]:
    """The last layer of each resolution, from fine to coarse; quarters of the depth where all have the same.

    Raises UsageError if no layer has positions.
    """
    if not known:
        raise UsageError(
            "a layer with positions was wanted, and this network has none; "
            "take a convolutional network or a transformer"
        )
    last = {grid.height * grid.width: name for name, grid in known.items()}
    return list(last.values()) if len(last) > 2 else spread(list(known), 4)


def receptive_field(network: Classifier, name: str, image_hw: tuple[int, int]) -> Field:
    """A layer's windows. A pixel that is not a number makes all that hangs on it no number: where that arrives is seen.

    The image is spoiled from some line on (or up to it); halving finds the line where a position begins to notice.
    From the ends of the first two positions and the starts of the last two all others follow, for layers that do the
    same everywhere. Attention and squeeze-and-excitation see all of the image, and that is what comes out. Raises
    UsageError for a layer without positions.
    """
    axes = [_axis(network, name, image_hw, axis) for axis in (0, 1)]
    return Field(*axes)


def _axis(network: Classifier, name: str, image_hw: tuple[int, int], axis: int) -> Line:
    length = image_hw[axis]
    count = _noticed(network, name, image_hw, axis, [(0, 0)]).shape[1]
    second, before = min(1, count - 1), max(0, count - 2)
    positions, from_below = [0, second, count - 1, before], [False, False, True, True]
    low, high = [0] * 4, [length] * 4
    while any(b - a > 1 for a, b in zip(low, high, strict=True)):
        middle = [(a + b) // 2 for a, b in zip(low, high, strict=True)]
        parts = [
            (0, line) if below else (line, length) for line, below in zip(middle, from_below, strict=True)
        ]
        noticed = _noticed(network, name, image_hw, axis, parts)
        for probe, (position, below) in enumerate(zip(positions, from_below, strict=True)):
            upper = bool(noticed[probe, position]) == below
            (high if upper else low)[probe] = middle[probe]
    end, next_end, start, next_start = high[0], high[1], low[2], low[3]
    return Line(length, count, start, end, max(next_end - end, start - next_start))


def _noticed(
    network: Classifier,
    name: str,
    image_hw: tuple[int, int],
    axis: int,
    parts: Sequence[tuple[int, int]],
) -> Bool[Tensor, "p k"]:
    """For each part of the lines (from, to) that is no number: which lines of positions are none then."""
    device = next(iter(network.parameters()), torch.zeros(())).device
    images = torch.zeros((len(parts), 3, *image_hw), device=device)
    for image, (start, end) in zip(images, parts, strict=True):
        image.narrow(axis + 1, start, end - start).fill_(torch.nan)
    with undisturbed(network), torch.no_grad(), recorded(network, [name]) as seen:
        network.features(images)
    grid = grid_of(tuple(seen[name].shape), image_hw, prefix=prefix_tokens(network)) if name in seen else None
    if grid is None:
        raise UsageError(f"a layer whose output has positions was wanted; {name} has none")
    return grid.positions(seen[name]).isnan().any(dim=1).any(dim=2 - axis)
