"""One COCO file, entry by entry: what can be used, and what is wrong with the rest."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vidi.core.annotations import Annotation, Category, Instance, Scheme
from vidi.core.errors import UsageError
from vidi.data.annotated import clean
from vidi.data.listing import Remarks
from vidi.data.parsing import Malformed, read_json, refuse
from vidi.ops import masks

OWN = frozenset(
    {"image_id", "category_id", "bbox", "segmentation", "iscrowd", "keypoints", "num_keypoints", "difficult"}
)
IMAGE_OWN = frozenset({"id", "file_name", "width", "height"})


@dataclass(frozen=True)
class CocoImage:
    """An image as the file has it; `given` is what else it says of it."""

    file: str
    size: tuple[int, int] | None
    given: Mapping[str, Any]


@dataclass(frozen=True)
class CocoFile:
    """The file's lists. `placed` is filled by who finds the images: which file each id is."""

    name: str
    images: dict[int, CocoImage]
    categories: Sequence[Any]
    annotations: Sequence[Any]
    more: Mapping[str, Any]
    twice: frozenset[int] = frozenset()
    placed: dict[int, str] = field(default_factory=dict)
    remarks: Remarks = field(default_factory=Remarks)


def read_file(path: Path, name: str, wanted: str) -> CocoFile:
    """The file; raises UsageError if it is not JSON or lacks one of the three lists."""
    try:
        told = read_json(path)
    except Malformed as error:
        refuse(path, error, wanted)
    if not isinstance(told, dict):
        raise UsageError(f"{wanted}; {path} holds a {type(told).__name__}, not an object with these lists")
    for key in ("images", "annotations", "categories"):
        if not isinstance(told.get(key), list):
            raise UsageError(f"{wanted}; {path} has no list {key!r}")
    remarks = Remarks()
    licences = licences_of(told)
    images: dict[int, CocoImage] = {}
    twice = set[int]()
    for place, entry in enumerate(told["images"]):
        number = whole(entry.get("id")) if isinstance(entry, dict) else None
        if number is None or not isinstance(entry.get("file_name"), str):
            remarks.add("row", f"{name}, images[{place}]", "has no whole id or no file_name; left out")
        elif number in images:
            twice.add(number)
            remarks.add(
                "conflict",
                f"{name}, image {number}",
                f"two images have this id ({images[number].file}, {entry['file_name'][:200]}); both are left out",
            )
        else:
            images[number] = CocoImage(entry["file_name"], size_of(entry), image_more(entry, licences))
    for number in twice:
        del images[number]
    more = {key: told[key] for key in ("info", "licenses") if key in told}
    return CocoFile(
        name, images, told["categories"], told["annotations"], more, frozenset(twice), remarks=remarks
    )


def licences_of(told: Mapping[str, Any]) -> dict[Any, str]:
    """The licences' names by id."""
    entries = told.get("licenses")
    if not isinstance(entries, list):
        return {}
    return {
        entry["id"]: entry["name"]
        for entry in entries
        if isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("id"), int | str)
    }


def image_more(entry: Mapping[str, Any], licences: Mapping[Any, str]) -> dict[str, Any]:
    more = {key: value for key, value in entry.items() if key not in IMAGE_OWN}
    if isinstance(more.get("license"), int | str):
        more["license"] = licences.get(more["license"], more["license"])
    return more


def size_of(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height where both are stated; 0 and less state nothing."""
    width, height = whole(entry.get("width")), whole(entry.get("height"))
    return (width, height) if width and height and width > 0 and height > 0 else None


def whole(value: Any) -> int | None:
    """An integer, also where it is written as text or with a fraction of 0; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19:
        return int(value)
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    return value if isinstance(value, int) and abs(value) < 1 << 63 else None


def categories_of(files: Mapping[str, CocoFile], remarks: Remarks) -> dict[int, Category]:
    """Every category by its id, in the order of ids; ids may have holes.

    Raises UsageError if files disagree on an id, or if there is none. Of two in one file the first counts.
    """
    found: dict[int, Category] = {}
    owner: dict[int, str] = {}
    for name, coco in files.items():
        for remark in coco.remarks.all():
            remarks.add(remark.kind, remark.where, remark.what)
        for place, entry in enumerate(coco.categories):
            number = whole(entry.get("id")) if isinstance(entry, dict) else None
            if number is None or not isinstance(entry.get("name"), str) or not clean(entry["name"]):
                remarks.add(
                    "category", f"{name}, categories[{place}]", "has no whole id or no name; left out"
                )
                continue
            category = category_of(number, entry)
            if number not in found:
                found[number], owner[number] = category, name
            elif owner[number] == name:
                remarks.add("category", f"{name}, category {number}", "two have this id; the first counts")
            elif found[number].name != category.name:
                raise UsageError(
                    f"category {number} is {found[number].name!r} in {owner[number]} and {category.name!r} in {name}; "
                    "make the files agree, or pass one of them alone"
                )
    if not found:
        raise UsageError(f"categories were wanted; {', '.join(files)} names none")
    return distinct(dict(sorted(found.items())), remarks)


def category_of(number: int, entry: Mapping[str, Any]) -> Category:
    keypoints = entry.get("keypoints")
    skeleton = entry.get("skeleton")
    pairs = [p for p in skeleton if isinstance(p, list) and len(p) == 2] if isinstance(skeleton, list) else []
    above = entry.get("supercategory")
    return Category(
        clean(entry["name"]),
        number,
        above if isinstance(above, str) and above else None,
        tuple(map(str, keypoints)) if isinstance(keypoints, list) else (),
        tuple((int(a), int(b)) for a, b in pairs if whole(a) is not None and whole(b) is not None),
    )


def distinct(found: dict[int, Category], remarks: Remarks) -> dict[int, Category]:
    """Categories of the same name told apart by their id."""
    names = [category.name for category in found.values()]
    for number, category in found.items():
        if names.count(category.name) > 1:
            remarks.add(
                "category", category.name, f"several categories have this name; {number} becomes its own"
            )
            found[number] = Category(
                f"{category.name} ({number})", number, category.above, category.keypoints, category.skeleton
            )
    return found


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
