"""Networks that answer for places, run fast and one image at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from vidi.core.dense import OnePass
from vidi.core.pyramid import pyramid_of
from vidi.evaluation.engine import engine

Run = Callable[[UInt8[np.ndarray, "n s s 3"]], Iterator[Any]]


class Raw(nn.Module):
    """Image to what a network says before anything follows from it: one tensor, for any engine."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        raw: Tensor = self.network.raw(pyramid_of(self.network)(image))[0]
        return raw


def dense_engine(network: Any, *, precision: str) -> Run:
    """Images to the outputs of each: OpenVINO and the like where one tensor says all, else torch."""
    network = network.eval()
    return _one_pass(network, precision) if isinstance(network, OnePass) else plain(network, precision)


def _one_pass(network: Any, precision: str) -> Run:
    """What follows from the raw numbers (boxes' sides, anchors) is computed by torch in float32."""
    side = network.preprocessing.size_px
    with torch.inference_mode():
        grids = network.raw(pyramid_of(network)(torch.zeros(1, 3, side, side)))[1]
    fast = engine(Raw(network), size_px=side, precision=precision)

    def run(images: UInt8[np.ndarray, "n s s 3"]) -> Iterator[Any]:
        for row in torch.from_numpy(fast(images)):
            with torch.inference_mode():
                outputs = network.outputs(row[None], grids, (side, side))
            yield outputs

    return run


def plain(network: Any, precision: str) -> Run:
    """Images to the outputs of each by torch, one at a time; `network` is in evaluation mode."""
    network = network.to(memory_format=torch.channels_last)

    def run(images: UInt8[np.ndarray, "n s s 3"]) -> Iterator[Any]:
        for image in images:
            batch = torch.from_numpy(np.array(image))[None].permute(0, 3, 1, 2)
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                outputs = network(batch)
            yield outputs

    return run
