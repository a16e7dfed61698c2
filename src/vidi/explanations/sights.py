"""What a view of a network is given, and the pictures that it gives back."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from vidi.core.errors import UsageError, nearest_names
from vidi.core.network import Classifier
from vidi.core.progress import Quiet, Say
from vidi.ops.attribution import AT_ONCE, as_float, undisturbed


@dataclass(frozen=True)
class Given:
    """A network with the names of its classes, and images with their labels (n may be 0: then no view needs them).

    `images` have the network's own size. `own_labels` name the images' labels where those are not the network's
    classes; `label` then counts in them, and no answer can be right. `classes` and `layers` are what somebody asked
    for; empty: a view chooses.
    """

    network: Classifier
    labels: tuple[str, ...]
    images: UInt8[Tensor, "n 3 h w"]
    label: Int[Tensor, " n"]
    classes: tuple[int, ...] = ()
    layers: tuple[str, ...] = ()
    own_labels: tuple[str, ...] = ()
    say: Say = field(default_factory=Quiet)

    @property
    def image_labels(self) -> tuple[str, ...]:
        """What `label` counts in."""
        return self.own_labels or self.labels

    @property
    def size_px(self) -> int:
        return self.network.preprocessing.size_px

    @property
    def image_hw(self) -> tuple[int, int]:
        return (self.size_px, self.size_px)

    def name(self, label: int) -> str:
        return self.labels[label]

    def want_images(self, fewest: int) -> None:
        """Raises UsageError unless there are as many images."""
        if len(self.images) < fewest:
            raise UsageError(f"{fewest} images or more are wanted for this; there are {len(self.images)}")

    def chosen_classes(self, most: int) -> tuple[int, ...]:
        """Those asked for, else the first."""
        return self.classes or tuple(range(min(most, len(self.labels))))

    def features(self) -> Float[Tensor, "n d"]:
        """What the head sees of each image."""
        with undisturbed(self.network), torch.no_grad():
            return torch.cat(
                [self.network.features(as_float(part)).float() for part in self.images.split(AT_ONCE)]
            )


@dataclass(frozen=True)
class Sight:
    """One picture, with what it shows in a title and a sentence or two."""

    name: str
    title: str
    caption: str
    picture: UInt8[np.ndarray, "_ _ 3"]


def classes_named(names: Sequence[str], labels: Sequence[str]) -> tuple[int, ...]:
    """Each class's number; raises UsageError with the nearest names for a class that there is not.

    Of ImageNet's classes a name is any word group between commas; the first class that has it counts.
    """
    known: dict[str, int] = {}
    for number, label in enumerate(labels):
        for name in (label, *label.split(",")):
            known.setdefault(name.strip().lower(), number)
    for name in names:
        if name.strip().lower() not in known:
            raise UsageError(
                f"there is no class {name!r}; the network knows {', '.join(labels[:4])}"
                f"{', …' if len(labels) > 4 else ''}{nearest_names(name, list(known))}"
            )
    return tuple(known[name.strip().lower()] for name in names)


def interleaved(images: UInt8[Tensor, "n 3 h w"]) -> list[UInt8[np.ndarray, "_ _ 3"]]:
    """Each image as pictures are kept: height, width, colours."""
    return [np.ascontiguousarray(image.permute(1, 2, 0).numpy()) for image in images]
