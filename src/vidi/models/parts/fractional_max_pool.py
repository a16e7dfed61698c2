"""Fractional max-pooling."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vidi.core.card import Card

CARD = Card(
    title="Fractional max-pooling",
    idea="Pool over regions of 2 x 2 at random distances between 1 and 2, so that the image shrinks by less than "
    "2 and each time a little differently.",
    paper="Graham 2014, arXiv:1412.6071, the overlapping pseudorandom sequences of section 2",
    differs="Evaluation takes the middle sequence once, where the paper averages over several random passes.",
    on={"ratio": 1.41},
    off={"ratio": 2.0},
)
KERNEL = 2


def starts(size: int, regions: int, sample: float) -> Int[Tensor, " n"]:
    """Where each of `regions` regions begins on an axis of `size` pixels; `sample` in [0, 1) moves them.

    The sequence that torch's operator takes: differences of floor((i + sample) * step), and the end kept.
    """
    if regions == 1:
        return torch.tensor([size - KERNEL])
    step = (size - KERNEL) / (regions - 1)
    first = [int((position + sample) * step) - int(sample * step) for position in range(regions - 1)]
    return torch.tensor([*first, size - KERNEL])


class FractionalMaxPool(nn.Module):
    """The map's sides divided by `ratio` (rounded down); regions are drawn for each image in training.

    All channels of an image share their regions. Ratio 2 is plain 2 x 2 max-pooling. `generator` (None:
    torch's own) is a part of the training's state: a checkpoint keeps it.
    """

    def __init__(self, ratio: float, generator: torch.Generator | None) -> None:
        super().__init__()
        if not 1 < ratio <= KERNEL:
            raise ValueError(f"ratio is what a side is divided by, above 1 to 2; got {ratio}")
        self.ratio, self.generator = ratio, generator

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c i j"]:
        if self.ratio == KERNEL:
            return functional.max_pool2d(x, KERNEL)
        rows, columns = (max(1, int(side / self.ratio)) for side in x.shape[-2:])
        if not self.training:
            return self._middle(x, rows, columns)
        device = x.device if self.generator is None else self.generator.device
        sample = torch.rand((len(x), 1, 2), generator=self.generator, device=device)
        pooled: Tensor = functional.fractional_max_pool2d(
            x.float(),  # exact, and half precision would place the regions elsewhere
            KERNEL,
            output_size=(rows, columns),
            _random_samples=sample.to(x.device).expand(-1, x.shape[1], -1).contiguous(),
        )
        return pooled.to(x.dtype)

    def _middle(self, x: Tensor, rows: int, columns: int) -> Tensor:
        """The same with sample 1/2 for all, from gathers that every exporter knows."""
        top = starts(x.shape[2], rows, 0.5).to(x.device)
        left = starts(x.shape[3], columns, 0.5).to(x.device)
        tall = torch.maximum(x[:, :, top], x[:, :, top + 1])
        return torch.maximum(tall[..., left], tall[..., left + 1])


def layer(*, ratio: float = 1.41, generator: torch.Generator | None = None) -> FractionalMaxPool:
    """Max-pooling that divides a map's sides by `ratio`, above 1 to 2."""
    return FractionalMaxPool(ratio, generator)
