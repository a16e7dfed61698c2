"""Questions to models whose answer is a label: its logit, and that of another."""

from functools import partial

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from vidi.core.errors import UsageError
from vidi.evaluation.model import Model
from vidi.ops.attribution import contrast, one_class
from vidi.ops.fooling import logits_of
from vidi.verbs.posed import Asked, Kept, Posed, Said


def posed(model: Model, images: UInt8[Tensor, "n 3 s s"], wanted: Asked) -> Posed:
    """The score of each image's label, and its difference to that of another; see `chosen`."""
    if wanted.box is not None:
        raise UsageError("--box is for models that find boxes; this one gives a label to the whole image")
    probability = model.probability(logits_of(model.network, images).numpy())
    label, other = chosen(probability, wanted)
    classes = len(model.labels)
    says = model.task.decode(probability, model.labels)
    said = [
        Said(
            model.labels[label[row]],
            model.labels[other[row]] if classes > 1 else None,
            says[row],
            dict(zip(model.labels, probability[row].tolist(), strict=True)),
        )
        for row in range(len(images))
    ]
    first, second = torch.from_numpy(label), torch.from_numpy(other)
    target = one_class(first, classes)
    difference = contrast(first, second, classes) if classes > 1 else None
    return Posed(model.network, said, target, difference, Kept(partial(_shares, model)))


def chosen(probability: Float[np.ndarray, "n c"], wanted: Asked) -> tuple[np.ndarray, np.ndarray]:
    """For each image the label that is explained and the one it is held against, as numbers.

    Not asked for: the most probable label, and the most probable other one.
    """
    rest, rows = np.array(probability), np.arange(len(probability))
    if wanted.against is not None and wanted.label is None:
        rest[:, wanted.against] = -1  # why another and not this one
    label = rest.argmax(axis=1) if wanted.label is None else np.full(len(rest), wanted.label)
    rest = np.array(probability)
    rest[rows, label] = -1
    other = rest.argmax(axis=1) if wanted.against is None else np.full(len(rest), wanted.against)
    return label, other


def _shares(model: Model, images: UInt8[Tensor, "b 3 s s"]) -> Float[Tensor, "b c"]:
    """Probabilities by the engine that answers for this model: it is several times as fast as the network in torch."""
    pixels = np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())
    return torch.from_numpy(model.probability(model.logits(pixels)))
