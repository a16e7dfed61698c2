"""What COCO JSON says is on each image: its annotations as objects, each held to be well formed."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from vidi.core.annotations import Annotation, Category, Instance, Scheme
from vidi.data.coco_file import CocoFile, whole
from vidi.data.listing import Remarks
from vidi.ops import masks

OWN = frozenset(
    {"image_id", "category_id", "bbox", "segmentation", "iscrowd", "keypoints", "num_keypoints", "difficult"}
)


def objects_of(
    coco: CocoFile, categories: Mapping[int, Category], remarks: Remarks
) -> dict[int, list[Instance]]:
    """Each image's objects; an entry that cannot be used is said."""
    found: dict[int, list[Instance]] = {}
    seen = set[int]()
    for place, entry in enumerate(coco.annotations):
        where = f"{coco.name}, annotations[{place}]"
        if not isinstance(entry, dict):
            remarks.add("annotation", where, f"is a {type(entry).__name__}, not an object; left out")
            continue
        image, number = whole(entry.get("image_id")), whole(entry.get("id"))
        if image is None or image not in coco.images:
            known = image in coco.twice
            what = "two images have its image_id" if known else f"no image has its image_id {image}"
            remarks.add("annotation", where, f"{what}; left out")
            continue
        key = whole(entry.get("category_id"))
        category = None if key is None else categories.get(key)
        if category is None:
            remarks.add(
                "annotation",
                where,
                f"no category has its category_id {key}; left out",
            )
            continue
        if number is not None and number in seen:
            remarks.add("annotation", where, f"its id {number} is an earlier one's too; left out")
            continue
        if number is not None:
            seen.add(number)
        made = instance_of(entry, category, coco.images[image].size, partial(said, remarks, where))
        if made is not None:
            found.setdefault(image, []).append(made)
    return found


def said(remarks: Remarks, where: str, kind: str, what: str) -> None:
    remarks.add(kind, where, what)


def instance_of(
    entry: Mapping[str, Any], category: Category, size: tuple[int, int] | None, say: Any
) -> Instance | None:
    """One entry as an object; None, and why, if it has neither box nor mask."""
    polygons, rle = mask_of(entry.get("segmentation"), size, say)
    box = box_of(entry.get("bbox"))
    if box is None and "bbox" in entry and entry["bbox"] not in (None, []):
        say("box", f"its bbox is not four numbers: {str(entry['bbox'])[:60]}; left out")
        return None
    if box is None:
        box = box_around(polygons, rle, size)
    if box is None:
        say("annotation", "it has neither a box nor a mask; left out")
        return None
    return Instance(
        category.name,
        box,
        crowd=bool(entry.get("iscrowd")),
        difficult=bool(entry.get("difficult")),
        polygons=polygons,
        rle=rle,
        keypoints=keypoints_of(entry.get("keypoints"), say),
        more={key: value for key, value in entry.items() if key not in OWN and key != "id"},
    )


def numbers(value: Any) -> tuple[float, ...] | None:
    """A list of numbers; None for anything else."""
    if not isinstance(value, list) or not all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in value
    ):
        return None
    try:
        return tuple(map(float, value))
    except OverflowError:
        return None


def box_of(value: Any) -> tuple[float, float, float, float] | None:
    """COCO's left, top, width, height as corners."""
    found = numbers(value)
    if found is None or len(found) != 4:
        return None
    x, y, w, h = found
    return x, y, x + w, y + h


def box_around(
    polygons: tuple[tuple[float, ...], ...], rle: str | None, size: tuple[int, int] | None
) -> tuple[float, float, float, float] | None:
    """The box around a mask."""
    if polygons:
        xs = [x for polygon in polygons for x in polygon[0::2]]
        ys = [y for polygon in polygons for y in polygon[1::2]]
        return min(xs), min(ys), max(xs), max(ys)
    if rle is not None and size is not None:
        try:
            return masks.bounding_box(masks.Rle(rle, size[1], size[0]))
        except ValueError:
            return None
    return None


def mask_of(
    value: Any, size: tuple[int, int] | None, say: Any
) -> tuple[tuple[tuple[float, ...], ...], str | None]:
    """The segmentation as polygons, or as run lengths in COCO's text; nothing, and why, if it is neither."""
    try:
        if value is None or value == [] or value == {}:
            return (), None
        if isinstance(value, dict):
            return (), rle_of(value, size)
        flat = numbers(value)
        lists = [flat] if flat else [numbers(each) for each in value] if isinstance(value, list) else [None]
        if any(each is None or len(each) < 6 or len(each) % 2 for each in lists):
            raise ValueError("a polygon is a list of three points or more, x and y in turn")
        return tuple(each for each in lists if each is not None), None
    except ValueError as error:
        say("mask", f"its segmentation cannot be read: {error}; only its box is kept")
        return (), None


def rle_of(value: Mapping[str, Any], size: tuple[int, int] | None) -> str:
    """Run lengths as COCO's text, checked against the mask's size; raises ValueError."""
    stated = value.get("size")
    hw = [whole(each) for each in stated] if isinstance(stated, list) else []
    if len(hw) != 2 or hw[0] is None or hw[1] is None:
        raise ValueError(f"its size is a height and a width; got {str(stated)[:40]}")
    if size is not None and (hw[1], hw[0]) != size:
        raise ValueError(f"its mask is {hw[1]} x {hw[0]}, the image {size[0]} x {size[1]}")
    counts = value.get("counts")
    if isinstance(counts, str):
        masks.runs(masks.Rle(counts, hw[0], hw[1]))
        return counts
    lengths = [whole(each) for each in counts] if isinstance(counts, list) else [None]
    if any(each is None or each > 1 << 40 for each in lengths):
        raise ValueError("its counts are a text or a list of whole numbers")
    return masks.from_runs(np.array(lengths, np.int64), hw[0], hw[1]).counts


def keypoints_of(value: Any, say: Any) -> tuple[float, ...]:
    """x, y, visibility in turn."""
    if value in (None, []):
        return ()
    found = numbers(value)
    if found is None or len(found) % 3 or not all(map(math.isfinite, found)):
        say("keypoints", f"its keypoints are not x, y, visibility in turn: {str(value)[:60]}; left out")
        return ()
    return found


def tasks_of(
    categories: Mapping[int, Category], drawn: Mapping[str, Annotation], files: Mapping[str, CocoFile]
) -> Scheme:
    """What the objects serve: boxes for detection; masks, if nearly all have one, for instances too."""
    objects = [each for annotation in drawn.values() for each in annotation.objects]
    masked = sum(each.has_mask for each in objects)
    tasks = ("detection", "instances") if objects and masked >= 0.9 * len(objects) else ("detection",)
    more: dict[str, Any] = {}
    for coco in files.values():
        more = {**coco.more, **more}
    return Scheme(tuple(categories.values()), tasks, more=more)
