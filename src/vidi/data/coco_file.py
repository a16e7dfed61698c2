"""One COCO file, entry by entry: what can be used, and what is wrong with the rest."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidi.core.annotations import Category
from vidi.core.errors import UsageError
from vidi.data.annotated import clean
from vidi.data.listing import Remarks
from vidi.data.parsing import Malformed, read_json, refuse

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
