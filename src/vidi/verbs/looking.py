"""Images one block after the other, what the model says of each, and the maps that say why."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8

from vidi.core.errors import UsageError, nearest_names
from vidi.core.progress import Say
from vidi.data.decode import Unreadable
from vidi.evaluation.inputs import expand, picture
from vidi.evaluation.model import Model
from vidi.explanations.believing import Method
from vidi.ops.attribution import contrast, one_class
from vidi.ops.fooling import logits_of
from vidi.ops.placement import placed
from vidi.ops.resize import resize, stretched
from vidi.verbs.sample import MOST, Sample

BLOCK, PHOTO_PX = 16, 420  # images worked on at once; the longer side of the photo that maps are drawn on
TASKS = ("classification", "multilabel")


@dataclass(frozen=True)
class Explanation:
    """One image: what the model says of it, and for each method a map (h, w) over the photo.

    `maps` say where the score of `label` comes from, `contrasts` where that of `label` minus that of `against`
    comes from. NaN is where the network did not look. `error` instead of all that where it could not be opened.
    """

    name: str
    label: str = ""
    against: str | None = None
    prediction: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    photo: UInt8[np.ndarray, "h w 3"] | None = None
    maps: Mapping[str, Float[np.ndarray, "h w"]] = field(default_factory=dict)
    contrasts: Mapping[str, Float[np.ndarray, "h w"]] = field(default_factory=dict)
    error: str = ""

    def record(self) -> dict[str, Any]:
        return {
            "image": self.name,
            "prediction": self.prediction or None,
            "label": self.label or None,
            "against": self.against,
            "probabilities": dict(self.probabilities),
            "error": self.error or None,
        }


@dataclass(frozen=True)
class Asked:
    """Which label's score is explained (None: what the model says), and against which (None: the next likely)."""

    label: int | None = None
    against: int | None = None


def asked(model: Model, label: str | None, against: str | None) -> Asked:
    """The labels as numbers; raises UsageError for one that the model does not know, or one against itself."""
    if model.task.name not in TASKS:
        raise UsageError(
            f"maps explain a label's score, and this model's task is {model.task.name}; give a run of classification"
        )
    if label is not None and label == against:
        raise UsageError(f"--label and --against are two labels; got {label} for both")
    return Asked(known_label(model, label, "--label"), known_label(model, against, "--against"))


def known_label(model: Model, label: str | None, flag: str) -> int | None:
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
    return model.labels.index(label)


@dataclass(frozen=True)
class Photo:
    """An image as it is shown and as the network gets it, or why it can't be."""

    name: str
    shown: UInt8[np.ndarray, "h w 3"] | None = None
    square: UInt8[np.ndarray, "s s 3"] | None = None
    error: str = ""


def photos(images: Any, model: Model) -> Iterator[Photo]:
    """Every image that is meant, opened when it is asked for."""
    way = model.preprocessing
    for name, content in expand(images):
        try:
            square = resize(picture(name, content, at_least_px=way.size_px), size_px=way.size_px, fit=way.fit)
            yield Photo(name, shown(picture(name, content, at_least_px=PHOTO_PX)), square)
        except (Unreadable, OSError) as error:
            yield Photo(name, error=str(error))


def shown(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "y x 3"]:
    """As large as it is to be looked at; small pictures are enlarged, thin ones stay at least 8 pixels wide."""
    height, width = (max(8, round(side * PHOTO_PX / max(image.shape[:2]))) for side in image.shape[:2])
    return stretched(image, height=height, width=width)


def explanations(
    model: Model,
    images: Any,
    methods: Mapping[str, Method],
    contrasting: Sequence[str],
    wanted: Asked,
    *,
    seed: int,
    say: Say,
) -> Iterator[Explanation]:
    """One for each image, in order; memory does not grow with their number. `contrasting` ones say why not another."""
    source, done = photos(images, model), 0
    while block := list(itertools.islice(source, BLOCK)):
        found = iter(
            _of_block(model, [p for p in block if p.square is not None], methods, contrasting, wanted, seed)
        )
        for photo in block:
            yield Explanation(photo.name, error=photo.error) if photo.square is None else next(found)
        done += len(block)
        say.track("explaining", done, done + 1)


def _of_block(
    model: Model,
    block: Sequence[Photo],
    methods: Mapping[str, Method],
    contrasting: Sequence[str],
    wanted: Asked,
    seed: int,
) -> list[Explanation]:
    if not block:
        return []
    squares = torch.from_numpy(np.stack([p.square for p in block if p.square is not None])).permute(
        0, 3, 1, 2
    )
    logits = logits_of(model.network, squares)
    probability = model.probability(logits.numpy())
    label, other = chosen(probability, wanted)
    classes = len(model.labels)
    targets = (
        one_class(torch.from_numpy(label), classes),
        contrast(torch.from_numpy(label), torch.from_numpy(other), classes),
    )
    maps = {
        name: method.maps(model.network, squares, targets[0], seed=seed).numpy()
        for name, method in methods.items()
    }
    differences = {
        name: methods[name].maps(model.network, squares, targets[1], seed=seed).numpy()
        for name in (contrasting if classes > 1 else ())
    }
    says = model.task.decode(probability, model.labels)
    fit = model.preprocessing.fit
    found = []
    for row, photo in enumerate(block):
        assert photo.shown is not None
        size = photo.shown.shape[:2]
        found.append(
            Explanation(
                name=photo.name,
                label=model.labels[label[row]],
                against=model.labels[other[row]] if classes > 1 else None,
                prediction=says[row],
                probabilities=dict(zip(model.labels, probability[row].tolist(), strict=True)),
                photo=photo.shown,
                maps={name: placed(every[row], size, fit=fit) for name, every in maps.items()},
                contrasts={name: placed(every[row], size, fit=fit) for name, every in differences.items()},
            )
        )
    return found


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


def given_sample(model: Model, images: Any) -> Sample | None:
    """The first of the images themselves, to check maps on where the model's own are gone; None for an iterator's."""
    if isinstance(images, Iterator):
        return None
    opened = (photo.square for photo in photos(images, model) if photo.square is not None)
    found = list(itertools.islice(opened, MOST))
    return Sample(np.stack(found), f"{len(found)} of the images given") if found else None
