"""The frozen stages' maps of a few moved views of each image, made once; what comes after them is trained on these.

Yosinski et al. 2014, arXiv:1411.1792: early layers serve every task alike. They also cost most of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from vidi.core.job import Job
from vidi.core.pyramid import AnyPyramid, pyramid_of
from vidi.training.moved import Mover
from vidi.training.train import Source


@runtime_checkable
class Keep(Protocol):
    """Runs a module once over the views' images; the bits of bf16, one array a view. See `evaluation.activations`."""

    def __call__(
        self, job: Job, early: nn.Module, blocks: Any, *, size_px: int, total: int, views: int
    ) -> list[np.ndarray]: ...


class Early(nn.Module):
    """The maps of the frozen stages, in one row an image, channels last."""

    def __init__(self, pyramid: AnyPyramid, stride: int) -> None:
        super().__init__()
        self.pyramid, self.stride = pyramid, stride

    def forward(self, image: Tensor) -> Float[Tensor, "b n"]:
        maps = self.pyramid.early(image, stride=self.stride)
        return torch.cat([x.permute(0, 2, 3, 1).flatten(1) for x in maps], dim=1)


class Onward(nn.Module):
    """A network from the rows that `Early` gives; it shares its weights."""

    def __init__(
        self, network: Any, shapes: Sequence[tuple[int, int, int]], image_hw: tuple[int, int]
    ) -> None:
        super().__init__()
        self.network, self.shapes, self.image_hw = network, tuple(shapes), image_hw

    def forward(self, flat: Float[Tensor, "b n"]) -> Any:
        maps, start = [], 0
        for channels, height, width in self.shapes:
            part = flat[:, start : start + channels * height * width]
            maps.append(part.view(-1, height, width, channels).permute(0, 3, 1, 2))
            start += part.shape[1]
        return self.network.of_maps(pyramid_of(self.network).onward(maps), self.image_hw)


@dataclass(frozen=True)
class Held:
    """What is trained instead of the network on images: its rest, on kept maps."""

    module: nn.Module
    source: Source
    views: int


def held(job: Job, network: Any, mover: Mover, keep: Keep, *, stride: int, views: int) -> Held | None:
    """The network's rest after the stages up to `stride`, and a source of up to `views` kept views of the images.

    None where nothing is frozen, or where keeping would take too much of the time or of the disk.
    """
    pyramid, side = pyramid_of(network), mover.size_px
    with torch.inference_mode():
        maps = pyramid.eval().early(torch.zeros(1, 3, side, side), stride=stride)
    if not maps or not views:
        return None
    early = Early(pyramid, stride)
    kept = keep(job, early, mover.blocks, size_px=side, total=len(mover.rows), views=views)
    if not kept:
        return None
    shapes = [(int(x.shape[1]), int(x.shape[2]), int(x.shape[3])) for x in maps]
    return Held(Onward(network, shapes, (side, side)), _source(mover, kept), len(kept))


def _source(mover: Mover, kept: Sequence[np.ndarray]) -> Source:
    def source(batch: NDArray[np.int64], generator: torch.Generator) -> tuple[Tensor, Any]:
        views = torch.randint(len(kept), (len(batch),), generator=generator).tolist()
        bits = np.stack([kept[view][mover.place[row]] for view, row in zip(views, batch, strict=True)])
        entries = [mover.target(int(row), view) for view, row in zip(views, batch, strict=True)]
        return torch.from_numpy(bits).view(torch.bfloat16).float(), mover.collate(entries)

    return source
