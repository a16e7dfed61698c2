"""What a source says is drawn, held against the image that it is drawn on: sizes, boxes, masks."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from vidi.core.annotations import Annotation, Instance, Number, Scheme
from vidi.core.dataset import Listing, Remark
from vidi.core.errors import UsageError
from vidi.data.listing import Remarks
from vidi.ops import masks

Say = Callable[[str, str], None]  # a remark's kind and what it says


def task_for(listing: Listing, scheme: Scheme, task: str | None) -> str:
    """The task asked for, or the usual one; raises UsageError if the annotations do not serve it."""
    if task is None or task in scheme.tasks:
        return task or scheme.tasks[0]
    raise UsageError(
        f"the task {task} wants other annotations than {listing.root} has (read as {listing.layout}); they serve "
        f"{', '.join((*scheme.tasks, 'multilabel'))}"
    )


def held_against_images(
    listing: Listing,
    scheme: Scheme,
    rows: Sequence[Mapping[str, Any]],
    widths: Sequence[int],
    heights: Sequence[int],
    present: Sequence[int],
) -> tuple[list[int], list[Annotation], tuple[Remark, ...]]:
    """Of the rows `present` those whose annotation fits its image, their annotations in pixels, and what was noticed.

    An image on which nothing is drawn fits. Raises UsageError if no row is left or nothing is drawn on any.
    """
    remarks, keep, annotations = Remarks(), list[int](), list[Annotation]()
    drawn: set[str] = set()
    for place in present:
        say = partial(_said, remarks, rows[place]["path"])
        fitting = settled(rows[place]["annotation"], widths[place], heights[place], say)
        if fitting is not None:
            keep.append(place)
            annotations.append(fitting)
            drawn.update(targets_of(fitting, rows[place]).split("|"))
    if not keep:
        raise UsageError(f"no image of {listing.root} fits its annotation{remarks.first()}")
    if not drawn - {""}:
        raise UsageError(
            f"nothing is drawn on any of the {len(keep):,} images of {listing.root}{remarks.first()}"
        )
    for label in scheme.labels:
        if label not in drawn:
            remarks.add("class", label, "is never drawn")
    return keep, annotations, remarks.all()


def _said(remarks: Remarks, path: str, kind: str, what: str) -> None:
    remarks.add(kind, path, what)


def targets_of(annotation: Annotation, row: Mapping[str, Any]) -> str:
    """The labels drawn on an image, joined by `|`: those of its objects, or what the reader found in its class map."""
    if annotation.mask is not None:
        return str(row["target"])
    return "|".join(sorted({each.label for each in annotation.objects}))


def settled(annotation: Annotation, width: int, height: int, say: Say) -> Annotation | None:
    """The annotation in pixels of an image of this size; None if it is of another image.

    Boxes are cut at the image's edge; one that is empty, inverted, not finite or wholly outside is left out, and so is
    a mask that does not fit. Each is said.
    """
    if annotation.size is not None and annotation.size != (width, height):
        stated = f"{annotation.size[0]} x {annotation.size[1]}"
        turned = annotation.size == (height, width)
        say(
            "size",
            f"its annotation is for {stated} pixels, the image has {width} x {height}"
            + (" (once turned as its EXIF orientation says)" if turned else "")
            + "; left out",
        )
        return None
    scale = (width, height) if annotation.relative else (1, 1)
    kept = [
        fitted
        for each in annotation.objects
        if (fitted := fit(scaled(each, *scale), width, height, say)) is not None
    ]
    return replace(annotation, objects=tuple(kept), size=(width, height), relative=False)


def scaled(each: Instance, x: Number, y: Number) -> Instance:
    """The object with its coordinates multiplied."""
    if (x, y) == (1, 1):
        return each
    x1, y1, x2, y2 = each.box
    return replace(
        each,
        box=(x1 * x, y1 * y, x2 * x, y2 * y),
        polygons=tuple(
            tuple(value * (x, y)[place % 2] for place, value in enumerate(polygon))
            for polygon in each.polygons
        ),
        keypoints=tuple(value * (x, y, 1)[place % 3] for place, value in enumerate(each.keypoints)),
    )


def fit(each: Instance, width: int, height: int, say: Say) -> Instance | None:
    """The object as far as it is inside the image; None, and why, if nothing of it is."""
    wrong = wrong_box(each.box, width, height)
    if wrong is not None:
        say("box", f"a {each.label} {told(each.box)} {wrong}; left out")
        return None
    x1, y1, x2, y2 = each.box
    cut = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    if max(abs(a - b) for a, b in zip(cut, each.box, strict=True)) > 1:  # rounding is nobody's mistake
        say(
            "box", f"a {each.label} {told(each.box)} reaches beyond the image's {width} x {height}; cut there"
        )
    return without_bad_mask(replace(each, box=cut), width, height, say)


def wrong_box(box: tuple[Number, Number, Number, Number], width: int, height: int) -> str | None:
    """What is wrong with a box, so that nothing can be done with it."""
    x1, y1, x2, y2 = box
    if not all(map(math.isfinite, box)):
        return "is not of finite numbers"
    if x2 < x1 or y2 < y1:
        return "is inverted: its right or lower edge comes before the other"
    if x2 == x1 or y2 == y1:
        return "is empty: it has no width or no height"
    if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height:
        return f"lies outside the image's {width} x {height}"
    return None


def without_bad_mask(each: Instance, width: int, height: int, say: Say) -> Instance:
    """The object; without its mask, and with a word on it, if that cannot be drawn."""
    try:
        if each.rle is not None:
            masks.runs(masks.Rle(each.rle, height, width))
        for polygon in each.polygons:
            if len(polygon) < 6 or len(polygon) % 2:
                raise ValueError(f"a polygon has three points or more; got {len(polygon)} numbers")
            if not all(abs(value) <= masks.FARTHEST for value in polygon):  # false for NaN
                raise ValueError(f"a polygon's points are finite and within {masks.FARTHEST:,} pixels")
    except ValueError as error:
        say("mask", f"a {each.label}'s mask cannot be drawn: {error}; only its box is kept")
        return replace(each, rle=None, polygons=())
    return each


def told(box: tuple[Number, Number, Number, Number]) -> str:
    return "(" + ", ".join(f"{value:.6g}" for value in box) + ")"
