"""A folder for each class, with or without folders for the splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError, nearest_names
from vidi.data.beside import Beside, beside
from vidi.data.listing import (
    Glance,
    Remarks,
    Walked,
    example,
    existing,
    glance,
    holds,
    is_image_name,
    remark_skipped,
    split_of,
    walk,
)

CARD = Card(
    title="Folder per class",
    idea="The first folder below the root, or below a split's folder, is an image's class.",
    differs="Where the same folder names repeat under every first folder (domain/class), the lower one is the class "
    "and the upper one an attribute. A table beside the folders gives attributes.",
)

PLAIN_NAMES = frozenset(
    {"images", "image", "imgs", "img", "data", "photos", "pictures", "jpg", "jpeg", "png"}
)
WANTED = "a folder for each class (photos/cat/1.jpg) or a table that names each image's class was wanted"


@dataclass(frozen=True)
class Place:
    """Where one image lies: its split, its folders below that, its path."""

    file: str
    split: str | None
    folders: tuple[str, ...]


def recognise(root: Path) -> float:
    """0.85 for class folders; 0.05 for anything at all, because `read` has the sentence for what is none."""
    if not root.is_dir():
        return 0.05
    seen = glance(root, depth=5)
    folders = {name: each for name, each in seen.folders.items() if each.holds_images}
    if not folders:
        return 0.05
    if len(folders) == 1 or all(name.lower() in PLAIN_NAMES for name in folders):
        return 0.5 if any(_has_class_folders(each) for each in folders.values()) else 0.3
    if all(split_of(name) for name in folders):
        return 0.85 if any(_has_class_folders(each) for each in folders.values()) else 0.3
    return 0.6 if seen.images else 0.85


def _has_class_folders(folder: Glance) -> bool:
    return any(each.holds_images for each in folder.folders.values())


def read(root: Path, *, options: ReadOptions) -> Listing:
    """Every image in a class folder. Images outside of one are set aside; other files are remarked."""
    _refuse_file(existing(root))
    remarks = Remarks()
    walked = walk(root, remarks)
    if not walked.images:
        raise UsageError(f"{WANTED}; {holds(root, walked)}{remarks.first()}")
    top, folders_of = _unwrapped(walked)
    places = _places(folders_of, remarks)
    if not any(place.folders for place in places):
        raise UsageError(f"{WANTED}; {holds(root, walked)} but no class folders: sort them or pass a table")
    table = beside(root, walked, options, remarks)
    classes = _classes(places, options, top, remarks)
    return _listing(root, places, classes, table, options, remarks)


def _refuse_file(root: Path) -> None:
    if root.is_dir():
        return
    what = "an image" if is_image_name(root.name) else "a file of no layout known here"
    raise UsageError(f"{WANTED}; {root} is {what}: pass the folder that holds all the images")


def _unwrapped(walked: Walked) -> tuple[str, list[tuple[str, tuple[str, ...]]]]:
    """The folders of every image, without the single folders around them all (`photos/PetImages/cat/1.jpg`)."""
    folders_of = [(file, tuple(file.split("/")[:-1])) for file in walked.images]
    top: list[str] = []
    while len({folders[:1] for _, folders in folders_of}) == 1 and folders_of[0][1]:
        name = folders_of[0][1][0]
        all_deeper = all(len(folders) > 1 for _, folders in folders_of)
        if split_of(name) or not (all_deeper or name.lower() in PLAIN_NAMES):
            break
        top.append(name)
        folders_of = [(file, folders[1:]) for file, folders in folders_of]
    return "/".join(top), folders_of


def _places(folders_of: Sequence[tuple[str, tuple[str, ...]]], remarks: Remarks) -> list[Place]:
    """Split and class folders told apart: split/class, class/split, or no split at all."""
    lower: dict[str, set[str]] = {}
    for _, folders in folders_of:
        if folders:
            lower.setdefault(folders[0], set()).update(folders[1:2] or [""])
    splits = {name for name in lower if split_of(name)}
    with_classes = {name for name in splits if lower[name] - {""}}
    if splits and (len(splits) == len(lower) or len({split_of(name) for name in with_classes}) > 1):
        return _split_first(folders_of, splits, remarks)
    inner = set().union(*lower.values()) if lower else set()
    if len(lower) > 1 and len(inner) > 1 and all(split_of(name) for name in inner):
        return [
            Place(file, split_of(folders[1]), folders[:1] + folders[2:])
            if folders
            else Place(file, None, folders)
            for file, folders in folders_of
        ]
    return [Place(file, None, folders) for file, folders in folders_of]


def _split_first(
    folders_of: Sequence[tuple[str, tuple[str, ...]]], splits: set[str], remarks: Remarks
) -> list[Place]:
    places = []
    for file, folders in folders_of:
        if folders and folders[0] not in splits:
            remarks.add("skipped", file, f"beside the splits {', '.join(sorted(splits))}: in none of them")
        else:
            places.append(Place(file, split_of(folders[0]) if folders else None, folders[1:]))
    return places


def _classes(
    places: Sequence[Place], options: ReadOptions, top: str, remarks: Remarks
) -> Sequence[tuple[str | None, Mapping[str, str]]]:
    """For each place its class and, in a domain/class layout, the other folder as an attribute."""
    upper = _domains([place.folders for place in places if place.folders])
    if not upper:
        _remark_deep(places, remarks)
        return [(place.folders[0] if place.folders else None, {}) for place in places]
    if options.target == "folder":
        return [
            (place.folders[0], {"subfolder": place.folders[1]}) if len(place.folders) > 1 else (None, {})
            for place in places
        ]
    remarks.add(
        "layout",
        top or ".",
        f"the same folders repeat under each of {', '.join(upper[:6])}: the lower folder is taken as the class, the "
        "upper one as the attribute `folder`; say --target folder for the other way round",
    )
    return [
        (place.folders[1], {"folder": place.folders[0]}) if len(place.folders) > 1 else (None, {})
        for place in places
    ]


def _remark_deep(places: Sequence[Place], remarks: Remarks) -> None:
    """Classes that hold nothing but folders may be collections of classes; the user should know how it was read."""
    if all(len(place.folders) > 1 for place in places):
        first = places[0]
        remarks.add(
            "layout",
            "/".join(first.folders[:1]),
            f"every class holds only folders ({first.folders[1]}, …); the upper folder is taken as the class: pass the "
            "folder of one of them if the lower ones are meant",
        )


def _domains(folders: Sequence[tuple[str, ...]]) -> list[str]:
    """The upper folders, if at least half of all lower folder names stand under every one of them; else none."""
    lower: dict[str, set[str]] = {}
    for each in folders:
        if len(each) < 2:
            return []
        lower.setdefault(each[0], set()).add(each[1])
    if len(lower) < 2:
        return []
    common, every = set.intersection(*lower.values()), set.union(*lower.values())
    return sorted(lower) if len(common) >= 2 and 2 * len(common) >= len(every) else []


def _listing(
    root: Path,
    places: Sequence[Place],
    classes: Sequence[tuple[str | None, Mapping[str, str]]],
    table: Beside,
    options: ReadOptions,
    remarks: Remarks,
) -> Listing:
    rows: list[dict[str, Any]] = []
    own = {name for _, given in classes for name in given}
    known = [*sorted(own), *(name for name in table.attributes if name not in own)]
    _refuse_unknown(options, known, table)
    for place, (label, given) in zip(places, classes, strict=True):
        target = table.target.get(place.file) if table.target is not None else label
        if target is None:
            what = "in no class folder" if table.target is None else f"{table.name} gives it no target"
            remarks.add("no target", place.file, what)
            continue
        said = table.values.get(place.file, {})
        attributes = {name: given[name] if name in own else said.get(name) for name in known}
        split = table.split.get(place.file) if table.split else place.split
        rows.append(example(place.file, target=target, split=split, attributes=attributes))
    if not rows:
        raise UsageError(f"{WANTED}; {root} has no image with a class{remarks.first()}")
    remark_skipped(table.unused, remarks)
    columns = {"target": "folder", **table.columns}
    if options.group:
        columns["group"] = table.names.get(options.group, options.group)
    return Listing(root, "folder", rows, tuple(known), remarks.all(), columns)


def _refuse_unknown(options: ReadOptions, known: Sequence[str], table: Beside) -> None:
    """An option that names a column neither the folders nor the table have is refused."""
    names = sorted({*known, *table.names})
    for flag, asked in (("group", options.group), ("target", options.target), ("split", options.split)):
        if asked is None or asked in names or (flag == "target" and asked in ("folder", table.target_name)):
            continue
        has = f"has {', '.join(names)}" if names else "has no table beside its folders"
        raise UsageError(
            f"--{flag} {asked!r} is no column here: the folder {has}{nearest_names(asked, names)}"
        )
