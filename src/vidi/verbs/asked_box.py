"""Questions to models that find objects: how surely is this label found in this box, and another one?"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from vidi.core.dense import Answer
from vidi.evaluation.dense_model import DenseModel
from vidi.explanations.questions import Boxes, FindingBoxes, similarity
from vidi.ops.placing import placing
from vidi.verbs.posed import Asked, Kept, Posed, Said, pairs

SURE = 0.3  # a box with this score or more counts as found, as in `predict`


@dataclass(frozen=True)
class Chosen:
    """A found box of an image: corners in the square, which of how many it is, and each label's score in it."""

    box: Float[Tensor, " 4"]
    number: int
    of: int
    scores: Float[Tensor, " k"]
    label: int
    other: int


def posed(model: DenseModel, images: UInt8[Tensor, "n 3 s s"], wanted: Asked) -> Posed:
    """Of each image the box that was asked for, else the surest: its label there, and its difference to another."""
    pixels = np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())
    picks = [_picked(answer, wanted, model.labels) for answer in model.answers(pixels)]
    found = [pick for pick in picks if isinstance(pick, Chosen)]
    labels, target, difference = pairs([pick.label for pick in found], [pick.other for pick in found])
    boxes = torch.stack([pick.box for pick in found]).repeat(2, 1) if found else torch.zeros(0, 4)
    network = FindingBoxes(model.network, Boxes(boxes, torch.tensor(labels, dtype=torch.long)))
    said = [_said(pick, model) if isinstance(pick, Chosen) else Said(error=pick) for pick in picks]
    return Posed(network, said, target, difference if len(model.labels) > 1 else None, Kept(network.shares))


def _picked(answer: Answer, wanted: Asked, labels: tuple[str, ...]) -> Chosen | str:
    """The box with its labels, or why there is none."""
    sure = answer.scores >= SURE
    if wanted.label is not None:
        sure &= answer.labels == wanted.label
    rows, number = sure.nonzero()[:, 0].tolist(), wanted.box or 1
    if number > len(rows):
        kind = "box" if wanted.label is None else f"box of {labels[wanted.label]}"
        many = f"{kind} {number} was asked for, and" if rows else f"no {kind} was found:"
        return f"{many} {len(rows)} {'has' if len(rows) == 1 else 'have'} a score of {SURE} or more"
    row = sorted(rows, key=lambda one: -float(answer.scores[one]))[number - 1]
    asked = Boxes(answer.boxes[row].expand(len(labels), 4), torch.arange(len(labels)))
    scores, label = similarity(answer, asked), int(answer.labels[row])
    rest = scores.clone()
    rest[label] = -1
    other = int(rest.argmax()) if wanted.against is None else wanted.against
    return Chosen(answer.boxes[row].clone(), number, len(rows), scores, label, other)


def _said(pick: Chosen, model: DenseModel) -> Said:
    label = model.labels[pick.label]
    return Said(
        label=label,
        against=model.labels[pick.other] if pick.other != pick.label else None,
        prediction=label,
        probabilities=dict(zip(model.labels, pick.scores.tolist(), strict=True)),
        what=f"box {pick.number} of {pick.of}",
        outline=partial(
            _edges, pick.box.double().numpy(), model.preprocessing.size_px, model.preprocessing.fit
        ),
    )


def _edges(
    box: Float[np.ndarray, " 4"], size_px: int, fit: str, image_hw: tuple[int, int]
) -> Bool[np.ndarray, "h w"]:
    """The pixels inside the box, of a picture of this size."""
    height, width = image_hw
    x1, y1, x2, y2 = placing(image_hw, size_px=size_px, fit=fit).back(box[None])[0].round().astype(int)
    inside = np.zeros(image_hw, dtype=bool)
    inside[max(0, y1) : max(y1 + 1, min(height, y2)), max(0, x1) : max(x1 + 1, min(width, x2))] = True
    return inside
