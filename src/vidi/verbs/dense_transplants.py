"""A thing pasted into the images of a run whose answers lie on the image: what changes, in numbers and sentences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from vidi.ops.pasting import cells
from vidi.ops.placing import Placing
from vidi.verbs.dense_spoiled import Exam
from vidi.verbs.spoiled import DRAWN

AS_IT_IS = Placing(1.0, 1.0, 0.0, 0.0)
Cutouts = Mapping[str, UInt8[np.ndarray, "h w 4"]]


def transplanted(given: Exam, what: str, *, seed: int, say: Say) -> tuple[list[dict[str, Any]], list[str]]:
    """What pasting each cut-out in changes: its numbers, and a sentence for each."""
    cutouts: Cutouts
    cutouts, there = (drawn_cutouts(), 0) if what == DRAWN else read_cutouts(Path(what))
    numbers: list[dict[str, Any]] = []
    said = [f"of {there:,} cut-outs, {len(cutouts)} were pasted in"] if there > len(cutouts) else []
    for name, pixels in cutouts.items():
        say(f"pasting {name} into {len(given.images):,} images")
        found = numbers_of(given, name, pixels, seed=seed, say=say)
        numbers += [replace(each, of=named(name, each.of)).record() for each in found]
        said += sentences(name, found)
    return numbers, said


def named(name: str, of: str) -> str:
    """What a number is of, with the cut-out's name."""
    if of in (transplants.BESIDE, transplants.FAR):
        return of.removesuffix("it") + name
    return ": ".join(filter(None, (name, of)))


def numbers_of(
    given: Exam, name: str, pixels: UInt8[np.ndarray, "h w 4"], *, seed: int, say: Say
) -> list[Measured]:
    """By the kind of what is found."""
    label = label_of(name, given.held.labels)
    options: dict[str, Any] = {"label": label, "group": given.group, "seed": seed}
    answers = given.asking(say, f"with {name}", 1 + len(cells()))

    def objects(images: UInt8[np.ndarray, "n s s 3"]) -> list[Any]:
        side = images.shape[1]
        return [given.held.task.found(answer, AS_IT_IS, (side, side)) for answer in answers(images)]

    def classes(images: UInt8[np.ndarray, "n s s 3"]) -> list[np.ndarray]:
        return [each.classes for each in objects(images)]

    if isinstance(given.truth[0], FoundMap):
        return map_transplants.audit(classes, given.images, pixels, **options)
    return transplants.audit(objects, given.images, pixels, **options)


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
            f"with {name} in the image, {each.value:.1%} [{each.low:.1%}, {each.high:.1%}] {words}: {verdict} the "
            f"{tolerated:.0%} that would be as good as none"
        )
    return said


def thing(name: str, each: Measured) -> str:
    """Whether it was seen, or taken for something that it is not."""
    share = f"{each.value:.1%} [{each.low:.1%}, {each.high:.1%}]"
    if each.name == "thing unseen":
        return f"{name}, pasted in, goes unseen in {share} of the places"
    if each.name == map_transplants.UNSEEN:
        return f"{share} of the pixels of {name}, pasted in, do not get its class"
    return f"{name}, pasted in, is none of the labels, and is taken for one in {share} of the places"
