"""A question asked of an image, as a record of plain functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Task:
    """How targets become numbers, how logits are judged, and how they are read back.

    `encode(targets, labels)` gives a float matrix (n, c): 1 where the label holds.
    `loss(logits, target, smoothing=0)` is one scalar; `target` is such a matrix and may be soft.
    `probability(logits)` is (n, c) in [0, 1]; `decode(probability, labels)` gives the text of each answer.
    """

    name: str
    encode: Callable[[Sequence[str], Sequence[str]], Float[np.ndarray, "n c"]]
    loss: Callable[..., Tensor]
    probability: Callable[[Float[Tensor, "n c"]], Float[Tensor, "n c"]]
    decode: Callable[[Float[np.ndarray, "n c"], Sequence[str]], list[str]]


@dataclass(frozen=True)
class DenseTask:
    """A question whose answer lies on the image: boxes, masks, or a class for each pixel.

    Networks of the kind `networks` answer it. `learn(targets, row)` gives tv_tensors by name, which augmentations move
    together with the image; `collate(list of these, hw)` is what such a network's `loss` takes of a batch, `hw` the
    size of its images. `found(answer, placing, image_hw)` takes one image's decoded answer to the image's own pixels;
    `truth(targets, row)` is the same of what is drawn on it. `judge(found, truth, labels, …)` puts both, an entry an
    image, side by side for the metrics. `headline` names the metric that stands for the others.
    """

    name: str
    networks: str
    headline: str
    learn: Callable[..., Mapping[str, Any]]
    collate: Callable[..., Any]
    found: Callable[..., Any]
    truth: Callable[..., Any]
    judge: Callable[..., Any]
