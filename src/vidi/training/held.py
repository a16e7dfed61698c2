"""The frozen stages' maps of a few moved views of each image, made once; what comes after them is trained on these.

Yosinski et al. 2014, arXiv:1411.1792: early layers serve every task alike. They also cost most of the time.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from vidi.core.job import Job
from vidi.core.pyramid import AnyPyramid, pyramid_of
from vidi.evaluation.activations import SHARE, keep_views
from vidi.evaluation.engine import Engine, best_precision, engine
from vidi.training.moved import Mover
from vidi.training.train import Source

MOST_BYTES = 4 * 2**30  # of kept maps: they lie in the run folder while it trains
TIMED = 8  # images


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


def held(job: Job, network: Any, mover: Mover, *, stride: int, views: int) -> Held | None:
    """The network's rest after the stages up to `stride`, and a source of up to `views` kept views of the images.

    None where nothing is frozen, or where keeping would take more than its share of the time or of the disk.
    """
    pyramid = pyramid_of(network)
    side, rows = mover.size_px, mover.rows
    with torch.inference_mode():
        maps = pyramid.eval().early(torch.zeros(1, 3, side, side), stride=stride)
    if not maps or not views:
        return None
    shapes = [(int(x.shape[1]), int(x.shape[2]), int(x.shape[3])) for x in maps]
    run = engine(Early(pyramid, stride), size_px=side, precision=best_precision())
    bytes_each = 2 * len(rows) * sum(int(np.prod(shape)) for shape in shapes)

    def fitting() -> int:
        by_room = MOST_BYTES // bytes_each
        return min(views, by_room) if _seconds(mover, run) < SHARE * job.budget.left else 0

    views = int(job.folder.decide("held_views", fitting))
    if not views:
        return None
    kept = keep_views(job, run, mover.blocks, total=len(rows), views=views)
    return Held(Onward(network, shapes, (side, side)), _source(mover, kept), len(kept))


def _seconds(mover: Mover, run: Engine) -> float:
    """How long one view of all rows takes, by a few images."""
    few = [mover.image(int(row), 0) for row in mover.rows[:TIMED]]
    run(np.stack(few[:1]))
    began = time.monotonic()
    run(np.stack(few))
    return (time.monotonic() - began) / len(few) * len(mover.rows)


def _source(mover: Mover, kept: Sequence[np.ndarray]) -> Source:
    def source(batch: NDArray[np.int64], generator: torch.Generator) -> tuple[Tensor, Any]:
        views = torch.randint(len(kept), (len(batch),), generator=generator).tolist()
        bits = np.stack([kept[view][mover.place[row]] for view, row in zip(views, batch, strict=True)])
        entries = [mover.target(int(row), view) for view, row in zip(views, batch, strict=True)]
        return torch.from_numpy(bits).view(torch.bfloat16).float(), mover.collate(entries)

    return source


__all__ = ["Early", "Held", "Onward", "held"]
