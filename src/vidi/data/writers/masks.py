"""Images and class maps: images/, masks/ and classes.txt."""

import io
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from vidi.core.annotations import IGNORE, Annotation
from vidi.core.card import Card
from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.progress import Say
from vidi.data.exporting import Lost, drawn, placed, write_bytes, write_text
from vidi.data.targets import Targets

CARD = Card(
    title="Image and mask folders",
    idea="A PNG with a palette for each image holds each pixel's class; classes.txt names them; 255 is void.",
    differs="Of objects those that come later lie over earlier ones, and what is not drawn is the class background.",
)


def write(dataset: Dataset, out: Path, *, say: Say | None = None) -> Lost:
    """The data set in `out`; what class maps cannot hold, counted."""
    lost, targets = Lost(), Targets(dataset)
    labels, objects = list(dataset.labels), False
    for place in placed(dataset, say):
        annotation = drawn(dataset, place.row, "a class map")
        objects = annotation.mask is None
        if len(labels) + objects > IGNORE:
            raise UsageError(f"a class map holds up to {IGNORE} classes; {dataset.name} has {len(labels)}")
        found = targets.semantic(place.row)
        if objects:
            losses(annotation, found, targets.masks(place.row), lost)
            crowd = np.zeros(found.shape, bool)
            for mask, many in zip(targets.masks(place.row), targets.crowd(place.row), strict=True):
                crowd = (crowd | mask) if many else crowd & ~mask
            found = np.where(found == IGNORE, 0, found + 1).astype(np.uint8)
            found[crowd] = IGNORE
        write_bytes(out / "images" / place.inner, place.content)
        folder = out / "masks" / place.split if place.split else out / "masks"
        write_bytes(folder / f"{place.stem}.png", png(found))
    names = ["background", *labels] if objects else labels
    lines = [f"{number} {label}\n" for number, label in enumerate(names)]
    write_text(out / "classes.txt", "".join([*lines, f"{IGNORE} void\n"]))
    lost.add("columns of metadata", len(dataset.attributes))
    if dataset.scheme is not None:
        lost.add("names of what counts for nothing", max(len(dataset.scheme.ignore) - 1, 0))
    return lost


def losses(annotation: Annotation, found: UInt8[np.ndarray, "h w"], masks: np.ndarray, lost: Lost) -> None:
    many = masks.astype(np.int64).sum(axis=0) > 1
    lost.add("pixels of objects under others", int(many.sum()))
    lost.add("objects that are told apart no longer", len(annotation.objects))
    lost.add(
        "objects without a mask, drawn as their boxes", sum(not each.has_mask for each in annotation.objects)
    )


def png(found: UInt8[np.ndarray, "h w"]) -> bytes:
    """The map as a PNG whose palette shows classes in colours far apart (the bits of the number, as VOC's are)."""
    image = Image.fromarray(found)  # of grey it becomes one of a palette, its numbers as they are
    image.putpalette([channel for number in range(256) for channel in colour(number)])
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def colour(number: int) -> tuple[int, int, int]:
    """Bits 0, 3, 6 of the number are red's from the top, 1, 4, 7 green's, 2, 5 blue's."""
    red, green, blue = (
        sum((number >> (3 * place + channel) & 1) << (7 - place) for place in range(3))
        for channel in range(3)
    )
    return red, green, blue
