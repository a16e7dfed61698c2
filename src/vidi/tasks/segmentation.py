"""Which class does each pixel have?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from vidi.core.annotations import IGNORE
from vidi.core.card import Card
from vidi.core.task import DenseTask
from vidi.data.found import FoundMap
from vidi.data.objects import placed_back
from vidi.data.targets import Targets
from vidi.ops.placing import Placing
from vidi.ops.segmented import Segmented, segmented

CARD = Card(
    title="Segmentation",
    idea="A class for each pixel.",
    paper="Long et al. 2015, arXiv:1411.4038",
    serves=("segmentation",),
)


def learn(targets: Targets, row: int) -> dict[str, Any]:
    """`map`: each pixel's label as a tv_tensors Mask (h, w), IGNORE where none counts."""
    return {"map": targets.map_tensor(row)}


def collate(entries: Sequence[Mapping[str, Any]]) -> Tensor:
    """(b, h, w), int64."""
    return torch.stack([entry["map"].as_subclass(torch.Tensor) for entry in entries]).long()


def found(answer: Int[Tensor, "h w"], placing: Placing, image_hw: tuple[int, int]) -> FoundMap:
    """One image's class map in the image's own pixels."""
    return FoundMap(placed_back(answer.to(torch.uint8).numpy(), placing, image_hw), IGNORE)


def truth(targets: Targets, row: int) -> FoundMap:
    """What is drawn on the image."""
    return FoundMap(targets.semantic(row), IGNORE)


def judge(
    found: Sequence[FoundMap],
    truth: Sequence[FoundMap],
    labels: tuple[str, ...],
    *,
    seed: int = 0,
    group: Int[np.ndarray, " n"] | None = None,
) -> Segmented:
    """The maps found on images beside those drawn there."""
    pairs = ((true.classes, each.classes) for true, each in zip(truth, found, strict=True))
    return segmented(pairs, labels, ignore=IGNORE, seed=seed, group=group)


TASK = DenseTask(
    name="segmentation",
    networks="segmenters",
    headline="mIoU",
    learn=learn,
    collate=collate,
    found=found,
    truth=truth,
    judge=judge,
)
