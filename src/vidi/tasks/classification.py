"""Which one of these labels is it?"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import UsageError, nearest_names
from vidi.core.task import Task
from vidi.ops.losses import cross_entropy

CARD = Card(
    title="Classification",
    idea="Each image has exactly one of the labels.",
    paper="Bridle 1990, softmax with cross-entropy",
    serves=("classification",),
)


def encode(targets: Sequence[str], labels: Sequence[str]) -> Float[np.ndarray, "n c"]:
    """One-hot rows, float32; raises UsageError for a label that is not one of `labels`."""
    number = {label: position for position, label in enumerate(labels)}
    try:
        columns = [number[target] for target in targets]
    except KeyError:
        unknown = next(target for target in targets if target not in number)
        raise UsageError(
            f"a target is one of the {len(labels)} labels the model knows; got {unknown!r}"
            f"{nearest_names(str(unknown), list(labels))}; mend or leave out these examples"
        ) from None
    matrix = np.zeros((len(columns), len(labels)), dtype=np.float32)
    matrix[np.arange(len(columns)), columns] = 1
    return matrix


def probability(logits: Float[Tensor, "n c"]) -> Float[Tensor, "n c"]:
    """Softmax: every row sums to 1."""
    return torch.softmax(logits, dim=1)


def decode(probability: Float[np.ndarray, "n c"], labels: Sequence[str]) -> list[str]:
    """The most probable label of each row; the first of several that are equal."""
    return [labels[column] for column in probability.argmax(axis=1)]


TASK = Task(name="classification", encode=encode, loss=cross_entropy, probability=probability, decode=decode)
