"""Which of these labels hold, any number of them?"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.errors import UsageError, nearest_names
from vidi.core.task import Task
from vidi.ops.losses import binary_cross_entropy

CARD = Card(
    title="Multi-label classification",
    idea="Each image has any number of the labels, none included; each is asked for by itself.",
    paper="one logistic regression for each label (binary relevance)",
    serves=("multilabel",),
)
THRESHOLD = 0.5
JOINT = "|"


def encode(targets: Sequence[str], labels: Sequence[str]) -> Float[np.ndarray, "n c"]:
    """1 where a label holds, float32; a target joins its labels by `|`, and the empty text means none.

    Raises UsageError for a label that is not one of `labels`.
    """
    number = {label: position for position, label in enumerate(labels)}
    matrix = np.zeros((len(targets), len(labels)), dtype=np.float32)
    for row, target in enumerate(targets):
        for label in filter(None, target.split(JOINT)):
            if label not in number:
                raise UsageError(
                    f"targets are some of the {len(labels)} labels the model knows, joined by {JOINT!r}; "
                    f"got {label!r}{nearest_names(label, list(labels))}; mend or leave out these examples"
                )
            matrix[row, number[label]] = 1
    return matrix


def probability(logits: Float[Tensor, "n c"]) -> Float[Tensor, "n c"]:
    """The logistic function of each logit by itself: rows need not sum to 1."""
    return torch.sigmoid(logits)


def decode(probability: Float[np.ndarray, "n c"], labels: Sequence[str]) -> list[str]:
    """The labels with probability >= 0.5, joined by `|` in the labels' order; empty text where there is none."""
    rows = (probability >= THRESHOLD).tolist()
    return [JOINT.join(label for label, holds in zip(labels, row, strict=True) if holds) for row in rows]


TASK = Task(
    name="multilabel", encode=encode, loss=binary_cross_entropy, probability=probability, decode=decode
)
