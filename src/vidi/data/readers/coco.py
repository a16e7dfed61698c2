"""COCO JSON: images, categories, and objects with boxes, polygons, run lengths, crowds and keypoints."""

import re
from pathlib import Path

from vidi.core.annotations import Annotation, Category
from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError
from vidi.data.annotated import folder_split, listing
from vidi.data.coco_file import CocoFile, categories_of, read_file
from vidi.data.coco_objects import objects_of, tasks_of
from vidi.data.listing import Remarks, existing, glance, holds, split_in, walk
from vidi.data.matching import Files

CARD = Card(
    title="COCO JSON",
    idea="One JSON file (or one for each split) lists images, categories and objects: boxes, polygons, run lengths, "
    "crowds, keypoints.",
    paper="Lin et al. 2014, arXiv:1405.0312",
    differs="An object with a box but a mask that cannot be drawn keeps its box. Where files of several kinds lie "
    "together, instances_… are taken and the others named.",
)

WANTED = "COCO JSON with images, categories and annotations was wanted"
HEAD = 1 << 20
KEYS = (b"images", b"annotations", b"categories")


def recognise(root: Path) -> float:
    """0.96 for a JSON file with COCO's keys, and for a folder with one at the top or one folder down."""
    if root.is_file():
        return 0.96 if root.suffix.lower() == ".json" and looks_like_coco(root) else 0.0
    if not root.is_dir():
        return 0.0
    seen = glance(root, depth=2)
    names = [name for name in seen.others if name.lower().endswith(".json")]
    names += [
        f"{folder}/{n}" for folder, each in seen.folders.items() for n in each.others if n.endswith(".json")
    ]
    return 0.96 if any(looks_like_coco(root / name) for name in names[:20]) else 0.0


def looks_like_coco(path: Path) -> bool:
    """True if two of COCO's keys stand in the file's first or last mebibyte."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
            stream.seek(max(path.stat().st_size - HEAD, 0))
            text = head + stream.read(HEAD)
    except OSError:
        return False
    return sum(re.search(rb'"%s"\s*:\s*\[' % key, text) is not None for key in KEYS) >= 2


def read(root: Path, *, options: ReadOptions) -> Listing:
    """Every image that a file lists and that is there; everything else by name and reason."""
    existing(root)
    remarks = Remarks()
    folder = root.parent if root.is_file() else root
    if (
        root.is_file() and folder.name == "annotations"
    ):  # as COCO itself is laid out: beside it are the images
        folder = folder.parent
    walked = walk(folder, remarks)
    if not walked.images:
        raise UsageError(f"{WANTED} beside its images; {holds(folder, walked)}{remarks.first()}")
    names = (
        [root.relative_to(folder).as_posix()]
        if root.is_file()
        else chosen(root, walked.others, options, remarks)
    )
    found = {name: read_file(folder / name, name, WANTED) for name in names}
    categories = categories_of(found, remarks)
    drawn: dict[str, Annotation] = {}
    splits: dict[str, str | None] = {}
    given: dict[str, dict[str, object]] = {}
    for name, coco in found.items():
        base = name.rpartition("/")[0]
        files = Files(folder, walked.images, base=base)
        said = split_in(Path(name).stem) if len(found) > 1 else None
        join(coco, files, categories, drawn, given, remarks)
        for file in coco.placed.values():
            splits.setdefault(file, said or folder_split(name) or folder_split(file))
    unlisted = [file for file in walked.images if file not in drawn]
    for file in unlisted:
        remarks.add("unlisted", file, "no entry of the JSON names it; left out")
    scheme = tasks_of(categories, drawn, found)
    return listing(
        folder, "coco", walked, set(names), drawn, scheme, remarks, options, splits=splits, given=given
    )


def join(
    coco: CocoFile,
    files: Files,
    categories: dict[int, Category],
    drawn: dict[str, Annotation],
    given: dict[str, dict[str, object]],
    remarks: Remarks,
) -> None:
    """The file's images with their objects, into `drawn`; of two entries for one file none counts."""
    objects = objects_of(coco, categories, remarks)
    seen: dict[str, int] = {}
    for number, image in coco.images.items():
        match = files.find(image.file)
        if match.file is None:
            remarks.add(match.kind, f"{coco.name}, image {number}", f"{image.file[:200]!r} {match.what}")
        elif match.file in seen or match.file in drawn:
            remarks.add(
                "conflict",
                match.file,
                "several entries name it; the first counts",
            )
        else:
            seen[match.file] = number
    for file, number in seen.items():
        drawn[file] = Annotation(tuple(objects.get(number, ())), size=coco.images[number].size)
        given[file] = dict(coco.images[number].given)
        coco.placed[number] = file


def chosen(root: Path, others: list[str], options: ReadOptions, remarks: Remarks) -> list[str]:
    """The JSON files to read: one for each split, or the only one; raises UsageError where one must be chosen."""
    names = [
        n for n in others if n.lower().endswith(".json") and n.count("/") < 3 and looks_like_coco(root / n)
    ]
    top = min((name.count("/") for name in names), default=0)
    if options.part is not None:
        names = [name for name in names if options.part in name]
    elif top == 0:  # what lies at the top goes for the whole folder
        names = [name for name in names if "/" not in name]
    if not names:
        raise UsageError(f"{WANTED}; {root} has none" + (f" named {options.part!r}" if options.part else ""))
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(kind_of(name), []).append(name)
    kind = (
        next((each for each in kinds if "instances" in each), None) if len(kinds) > 1 else next(iter(kinds))
    )
    if kind is None:
        raise UsageError(
            f"one kind of COCO file was wanted; {', '.join(names[:6])} are several: say --layout coco:NAME, a part of "
            "the names of those that are meant"
        )
    for other in sorted(set(names) - set(kinds[kind])):
        remarks.add(
            "layout", other, f"not read beside {kinds[kind][0]}; say --layout coco:{Path(other).stem} for it"
        )
    return sorted(kinds[kind])


def kind_of(name: str) -> str:
    """A file's name without its split and numbers: files that differ in these alone are read together."""
    words = re.split(r"[^a-z]+", Path(name).stem.lower())
    return "_".join(word for word in words if word and split_in(word) is None)
