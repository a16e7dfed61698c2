"""A thing pasted into the images of a run whose answers lie on the image: what changes, in numbers and sentences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from vidi.audits import map_transplants, transplants
from vidi.core.measured import Measured
from vidi.core.progress import Say
from vidi.data.cutouts import read_cutouts
from vidi.data.drawn.cutouts import drawn_cutouts
from vidi.data.found import FoundMap
from vidi.ops import pasting
from vidi.ops.pasting import cells
from vidi.ops.placing import Placing
from vidi.verbs.dense_spoiled import Exam
from vidi.verbs.drawn_change import before_and_after
from vidi.verbs.spoiled import DRAWN

AS_IT_IS = Placing(1.0, 1.0, 0.0, 0.0)
Picture = UInt8[np.ndarray, "h w 4"]
Cutouts = Mapping[str, Picture]


@dataclass(frozen=True)
class Pasted:
    """Of all cut-outs: every number, sentences, and of each that changed something far away, the paste that changed
    most, as a picture with words."""

    numbers: list[dict[str, Any]] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    shown: list[dict[str, str]] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)


def transplanted(given: Exam, what: str, *, seed: int, say: Say) -> Pasted:
    """What pasting each cut-out in changes."""
    cutouts: Cutouts
    cutouts, there = (drawn_cutouts(), 0) if what == DRAWN else read_cutouts(Path(what))
    pasted = Pasted()
    if there > len(cutouts):
        pasted.sentences.append(f"of {there:,} cut-outs, {len(cutouts)} were pasted in")
    for name, pixels in cutouts.items():
        say(f"pasting {name} into {len(given.images):,} images")
        found = asked(given, name, pixels, pasted, seed=seed, say=say)
        pasted.numbers.extend(replace(each, of=named(name, each.of)).record() for each in found)
        pasted.sentences.extend(sentences(name, found))
    return pasted


def named(name: str, of: str) -> str:
    """What a number is of, with the cut-out's name."""
    if of in (transplants.BESIDE, transplants.FAR):
        return f"{name} ({of})"
    return ": ".join(filter(None, (name, of)))


def asked(
    given: Exam, name: str, pixels: Picture, pasted: Pasted, *, seed: int, say: Say
) -> Sequence[Measured]:
    """The numbers of one cut-out, by the kind of what is found; what is worth a look goes to `pasted`."""
    options: dict[str, Any] = {"label": label_of(name, given.held.labels), "group": given.group, "seed": seed}
    answers = given.asking(say, f"with {name}", 1 + len(cells()))

    def objects(images: UInt8[np.ndarray, "n s s 3"]) -> list[Any]:
        side = images.shape[1]
        return [given.held.task.found(answer, AS_IT_IS, (side, side)) for answer in answers(images)]

    def classes(images: UInt8[np.ndarray, "n s s 3"]) -> list[np.ndarray]:
        return [each.classes for each in objects(images)]

    if isinstance(given.truth[0], FoundMap):
        return map_transplants.audit(classes, given.images, pixels, **options)
    found = transplants.audit(objects, given.images, pixels, **options)
    if found.worst is not None:
        row, (size, down, right) = found.worst
        image = given.images[row : row + 1]
        after = pasting.transplanted(image, pixels, size=size, place=(down, right))
        was, now = objects(np.concatenate([image, after]))
        path = given.held.loaded.dataset.column("path")[given.held.rows[given.places[row]]]
        pasted.shown.append({"name": name, "path": str(path)})
        pasted.pictures[f"pasted {name}"] = before_and_after(image[0], after[0], was, now, given.held.labels)
    return found.measured


def label_of(name: str, labels: Sequence[str]) -> int | None:
    """The label that a cut-out's file is named for, whatever number stands behind: `cell_phone_12` is a cell phone."""

    def plain(text: str) -> str:
        return re.sub(r"[\W_]+", " ", text).strip().lower()

    stem = re.sub(r"[\W_]*\d+$", "", name)
    return next((n for n, label in enumerate(labels) if plain(label) in (plain(stem), plain(name))), None)


def sentences(name: str, found: Sequence[Measured]) -> list[str]:
    """What became of the thing, and what of the others far away."""
    told = {(each.name, each.of): each for each in found}
    said = [thing(name, each) for (what, of), each in told.items() if what.startswith("thing") and not of]
    far = [
        (transplants.LOST, "of the objects far from it go", transplants.TOLERATED),
        (transplants.RENAMED, "of the objects far from it get another label", transplants.TOLERATED),
        (map_transplants.CHANGED, "of the pixels far from it change their class", map_transplants.TOLERATED),
    ]
    for what, words, tolerated in far:
        each = told.get((what, transplants.FAR))
        if each is None or each.value != each.value:
            continue
        verdict = "more than" if each.low > tolerated else "perhaps more than"
        verdict = "no more than" if each.high <= tolerated else verdict
        said.append(
            f"with {name} in the image, {share(each)} {words}: {verdict} the "
            f"{tolerated:.0%} that would be as good as none"
        )
    return said


def thing(name: str, each: Measured) -> str:
    """Whether it was seen, or taken for something that it is not."""
    if each.name == "thing unseen":
        return f"{name}, pasted in, goes unseen in {share(each)} of the places"
    if each.name == map_transplants.UNSEEN:
        return f"{share(each)} of the pixels of {name}, pasted in, do not get its class"
    return f"{name}, pasted in, is none of the labels, and is taken for one in {share(each)} of the places"


def share(each: Measured) -> str:
    """`3.4% [1.2%, 6.8%]`, without brackets where there is no interval."""
    between = f" [{each.low:.1%}, {each.high:.1%}]" if each.low == each.low else ""
    return f"{each.value:.1%}{between}"
