"""Which mask file belongs to which image: by name, in folders that are named like each other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from vidi.core.errors import UsageError

_WORD = (
    r"(masks?|annots?|annotations?|labels?|labelids|segmentations?|segmentationclass|seg|ground_?truth|gt)"
)
MASK_FOLDER = re.compile(rf"(^|[^a-z]){_WORD}([^a-z]|$)|(mask|annot|label)s?$|^gt", re.IGNORECASE)
MASK_NAME = re.compile(rf"[_\-. ]({_WORD}|L|gtfine_labelids)$", re.IGNORECASE)
PHOTOS = frozenset({"images", "image", "imgs", "img", "jpegimages", "photos"})
IMAGE_NAME = re.compile(r"[_\-. ](leftImg8bit|image|img|sat|rgb)$", re.IGNORECASE)


@dataclass(frozen=True)
class Pairs:
    """Each image's mask, or its masks where there is a file for each object; what was left on both sides."""

    one: Mapping[str, str]
    many: Mapping[str, tuple[str, ...]]
    images_left: tuple[str, ...]
    masks_left: tuple[str, ...]


def pairs_of(files: Sequence[str], *, part: str | None = None) -> Pairs:
    """The pairs among image files. With `part` the masks are those with it in their path.

    Raises UsageError where several folders hold a mask for the same images.
    """
    masks = [file for file in files if (part in file if part else mask_like(file))]
    apart = set(masks)
    images = photos([file for file in files if file not in apart])
    many = _folders_of_many(images, masks)
    taken = {mask for each in many.values() for mask in each}
    one = _by_name([i for i in images if i not in many], [m for m in masks if m not in taken])
    used = taken | set(one.values())
    return Pairs(
        one,
        many,
        tuple(file for file in images if file not in many and file not in one),
        tuple(file for file in masks if file not in used),
    )


def photos(files: Sequence[str]) -> list[str]:
    """Of several folders with files of the same names those in one called images, if there is one; else all."""
    inside = [file for file in files if PHOTOS.intersection(file.lower().split("/")[:-1])]
    return inside or list(files)


def mask_like(file: str) -> bool:
    path = PurePosixPath(file)
    return any(MASK_FOLDER.search(part) for part in path.parts[:-1]) or bool(MASK_NAME.search(path.stem))


def stem(file: str) -> str:
    """The name that image and mask share."""
    name = PurePosixPath(file).stem
    return IMAGE_NAME.sub("", MASK_NAME.sub("", name)).lower()


def _by_name(images: Sequence[str], masks: Sequence[str]) -> dict[str, str]:
    by_stem: dict[str, list[str]] = {}
    for mask in masks:
        by_stem.setdefault(stem(mask), []).append(mask)
    found: dict[str, str] = {}
    for image in images:
        near = _nearest(image, by_stem.get(stem(image), []))
        if len(near) > 1:
            raise UsageError(
                f"one mask for {image} was wanted; {', '.join(near[:4])} would all do: say --layout masks:NAME with "
                "a part of the path of those that are meant"
            )
        if near:
            found[image] = near[0]
    return found


def _nearest(image: str, masks: Sequence[str]) -> list[str]:
    """The masks whose folders are most like the image's: `train/` and `trainannot/`, `images/a/` and `masks/a/`."""
    if len(masks) < 2:
        return list(masks)
    own = _words(image)
    shared = {mask: len(own & _words(mask)) - len(own ^ _words(mask)) for mask in masks}
    best = max(shared.values())
    return [mask for mask in masks if shared[mask] == best]


def _words(file: str) -> set[str]:
    """The folders' names without what says image or mask."""
    words = set()
    for part in PurePosixPath(file).parts[:-1]:
        bare = re.sub(rf"(images?|imgs?|jpe?gimages|{_WORD})", "", part.lower()).strip("_-. ")
        if bare:
            words.add(bare)
    return words


def _folders_of_many(images: Sequence[str], masks: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Images whose masks have a folder of their own: `a/images/a.png` with `a/masks/*.png`, or `masks/a/*.png`."""
    in_folder: dict[str, list[str]] = {}
    for mask in masks:
        in_folder.setdefault(mask.rpartition("/")[0], []).append(mask)
    beside: dict[str, list[str]] = {}
    for image in images:
        beside.setdefault(image.rpartition("/")[0], []).append(image)
    found: dict[str, tuple[str, ...]] = {}
    for folder, inside in in_folder.items():
        above, _, name = folder.rpartition("/")
        near = beside.get(f"{above}/images".lstrip("/")) or beside.get(above) or []
        if len(near) == 1 and above and not _same_names(near, inside):
            found[near[0]] = tuple(sorted(inside))
            continue
        same = [image for image in images if stem(image) == name.lower()]
        if len(same) == 1:
            found[same[0]] = tuple(sorted(inside))
    return found


def _same_names(images: Sequence[str], masks: Sequence[str]) -> bool:
    return len(masks) == 1 and stem(images[0]) == stem(masks[0])
