"""Images one block after the other, what the model says of each, and the maps that say why."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from vidi.core.progress import Say
from vidi.data.decode import Unreadable
from vidi.evaluation.inputs import expand, picture
from vidi.explanations.believing import Method
from vidi.ops.placement import placed
from vidi.ops.resize import resize, stretched
from vidi.verbs.form import posed_of
from vidi.verbs.posed import Asked, Said
from vidi.verbs.sample import Sample, most_of

BLOCK, PHOTO_PX = 16, 420  # images worked on at once; the longer side of the photo that maps are drawn on


@dataclass(frozen=True)
class Explanation:
    """One image: what the model says of it, and for each method a map (h, w) over the photo.

    `maps` say where the score of `label` comes from, `contrasts` where that of `label` minus that of `against`
    comes from. NaN is where the network did not look. `what` says in words what is explained where that is not the
    whole image, `outline` are its pixels. `error` instead of all that where there was nothing to explain.
    """

    name: str
    label: str = ""
    against: str | None = None
    prediction: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    photo: UInt8[np.ndarray, "h w 3"] | None = None
    maps: Mapping[str, Float[np.ndarray, "h w"]] = field(default_factory=dict)
    contrasts: Mapping[str, Float[np.ndarray, "h w"]] = field(default_factory=dict)
    what: str = ""
    outline: Bool[np.ndarray, "h w"] | None = None
    error: str = ""

    def record(self) -> dict[str, Any]:
        return {
            "image": self.name,
            "prediction": self.prediction or None,
            "label": self.label or None,
            "against": self.against,
            "probabilities": dict(self.probabilities),
            "what": self.what or None,
            "error": self.error or None,
        }


@dataclass(frozen=True)
class Photo:
    """An image as it is shown and as the network gets it, or why it can't be."""

    name: str
    shown: UInt8[np.ndarray, "h w 3"] | None = None
    square: UInt8[np.ndarray, "s s 3"] | None = None
    error: str = ""


def photos(images: Any, model: Any) -> Iterator[Photo]:
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
    model: Any,
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
        say.track("explaining", done, 0)
    say.track("explaining", done, done)


def _of_block(
    model: Any,
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
    posed = posed_of(model, squares, wanted)
    maps, contrasts = dict[str, Tensor](), dict[str, Tensor]()
    if posed.rows:
        some = squares[posed.rows]
        maps = {name: one.maps(posed.network, some, posed.target, seed=seed) for name, one in methods.items()}
    if posed.rows and posed.contrast is not None:
        contrasts = {
            name: methods[name].maps(posed.network, some, posed.contrast, seed=seed) for name in contrasting
        }
    place = {row: number for number, row in enumerate(posed.rows)}
    fit = model.preprocessing.fit
    return [
        _explained(
            photo,
            said,
            *(
                {name: values[place[row]] for name, values in every.items()} if row in place else {}
                for every in (maps, contrasts)
            ),
            fit=fit,
        )
        for row, (photo, said) in enumerate(zip(block, posed.said, strict=True))
    ]


def _explained(
    photo: Photo, said: Said, maps: Mapping[str, Tensor], contrasts: Mapping[str, Tensor], *, fit: str
) -> Explanation:
    """One image's maps, over its photo."""
    assert photo.shown is not None
    if said.error:
        return Explanation(photo.name, error=said.error)
    size = photo.shown.shape[:2]
    return Explanation(
        name=photo.name,
        label=said.label,
        against=said.against,
        prediction=said.prediction,
        probabilities=said.probabilities,
        photo=photo.shown,
        maps={name: placed(values.numpy(), size, fit=fit) for name, values in maps.items()},
        contrasts={name: placed(values.numpy(), size, fit=fit) for name, values in contrasts.items()},
        what=said.what,
        outline=None if said.outline is None else said.outline(size),
    )


def given_sample(model: Any, images: Any) -> Sample | None:
    """The first of the images themselves, to check maps on where the model's own are gone; None for an iterator's."""
    if isinstance(images, Iterator):
        return None
    opened = (photo.square for photo in photos(images, model) if photo.square is not None)
    found = list(itertools.islice(opened, most_of(model)))
    return Sample(np.stack(found), f"{len(found)} of the images given") if found else None
