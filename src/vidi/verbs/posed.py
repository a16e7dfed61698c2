"""What is asked of a model about images, as scores: which label, and against which; and what the model says of it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from vidi.core.errors import UsageError, nearest_names
from vidi.core.network import Scorer

Outline = Callable[[tuple[int, int]], Bool[np.ndarray, "h w"]]
"""From the height and width of a picture of the image to the pixels of it that what is asked about has."""


@dataclass(frozen=True)
class Asked:
    """What somebody asked: label and opponent by number (None: what the model says, and the next likely); which box."""

    label: int | None = None
    against: int | None = None
    box: int | None = None


@dataclass(frozen=True)
class Said:
    """What a model says of one image: the label that is explained and the one it is held against, by name.

    `probabilities` are of what is asked about, `what` says in words what that is where it is not the whole image,
    `outline` where it is. `error` instead of all that where there is nothing to ask about.
    """

    label: str = ""
    against: str | None = None
    prediction: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    what: str = ""
    outline: Outline | None = None
    error: str = ""


@dataclass(frozen=True)
class Posed:
    """Questions about some images: a network that scores, which score of each is explained, and what was said.

    `said` has an entry for each image; `target` and `contrast` a row for each of them without an error.
    `probability` gives the model's answers for pictures (float, 0..255) as shares.
    """

    network: Scorer
    said: Sequence[Said]
    target: Float[Tensor, "n q"]
    contrast: Float[Tensor, "n q"] | None
    probability: Callable[[Float[Tensor, "b 3 h w"]], Float[Tensor, "b q"]]

    @property
    def rows(self) -> list[int]:
        """The images that there is something to ask about."""
        return [row for row, one in enumerate(self.said) if not one.error]


class Kept:
    """`answer` (uint8 images to a row of shares for each), remembered by content: of every method's checks the same
    pictures in random order are asked about, and the image itself."""

    def __init__(self, answer: Callable[[UInt8[Tensor, "b 3 h w"]], Float[Tensor, "b q"]]) -> None:
        self.answer, self.rows = answer, dict[bytes, Tensor]()

    def __call__(self, pixels: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b q"]:
        images = pixels.round().clamp(0, 255).to(torch.uint8)
        names = [hashlib.sha256(image.contiguous().numpy().tobytes()).digest() for image in images]
        places = {name: place for place, name in enumerate(names) if name not in self.rows}
        if places:
            new = self.answer(images[list(places.values())])
            self.rows.update(zip(places, new, strict=True))
        return torch.stack([self.rows[name] for name in names])


def known_label(model: Any, label: str | None, flag: str) -> int | None:
    """Its number; raises UsageError with the nearest names."""
    if label is None:
        return None
    if label not in model.labels:
        some = ", ".join(model.labels[:8]) + (
            f" and {len(model.labels) - 8} more" if len(model.labels) > 8 else ""
        )
        raise UsageError(
            f"{flag} wants a label that the model knows ({some}); got {label!r}"
            f"{nearest_names(label, list(model.labels))}"
        )
    return int(model.labels.index(label))


def asked(model: Any, label: str | None, against: str | None, box: int | None = None) -> Asked:
    """The labels as numbers; raises UsageError for one that the model does not know, or one against itself."""
    if label is not None and label == against:
        raise UsageError(f"--label and --against are two labels; got {label} for both")
    if box is not None and box < 1:
        raise UsageError(f"--box counts the boxes that are found, the surest is 1; got {box}")
    return Asked(known_label(model, label, "--label"), known_label(model, against, "--against"), box)


def pairs(labels: Sequence[int], others: Sequence[int]) -> tuple[list[int], Tensor, Tensor]:
    """Two questions for each of n images, its label and its opponent: their labels (2n), and the rows of the first
    score and of the difference (n, 2n)."""
    count = len(labels)
    own, against = torch.eye(count), torch.eye(count)
    target = torch.cat([own, torch.zeros(count, count)], dim=1)
    return [*labels, *others], target, torch.cat([own, -against], dim=1)
