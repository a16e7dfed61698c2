"""A question asked of an image, as a record of plain functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
