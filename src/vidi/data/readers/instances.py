"""Images and instance maps: a file for each image whose pixels number its objects, or a file for each object."""

from collections.abc import Sequence
from pathlib import Path

from vidi.core.annotations import Annotation, Category, Instance, Scheme
from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError
from vidi.data.annotated import folder_split, listing
from vidi.data.class_lists import class_list
from vidi.data.listing import Remarks, glance, walk
from vidi.data.mask_facts import MaskFacts, are_masks, facts, hold_objects, sampled
from vidi.data.mask_pairs import named_for_masks, paired, usable
from vidi.data.pairing import Pairs, pairs_of

CARD = Card(
    title="Instance masks",
    idea="A map of each image's name numbers its objects from 1, 0 is none; or each image has a folder of masks, "
    "a file for each object. All are of one class.",
    differs="Of two masks on one pixel both keep it.",
)

WANTED = "images with maps of their objects, or with a folder of masks each, were wanted"
LABEL = "object"


def recognise(root: Path) -> float:
    """0.92 for maps that number objects and for folders of masks; 0.86 if the numbers may as well be classes."""
    if not root.is_dir() or not named_for_masks(glance(root, depth=5)):
        return 0.0
    remarks = Remarks()
    walked = walk(root, remarks)
    try:
        pairs = pairs_of(walked.images)
    except UsageError:
        return 0.0
    if len(pairs.many) > len(pairs.one):
        return 0.92
    if not pairs.one or class_list(root, walked.others, remarks) is not None:
        return 0.0
    found = sampled(root, list(pairs.one.values()))
    return {True: 0.92, None: 0.86, False: 0.1}[hold_objects(found)] if are_masks(found) else 0.0


def read(root: Path, *, options: ReadOptions) -> Listing:
    """Every image with the objects of its map or masks; the others are remarked by name and reason."""
    there = paired(root, wanted=WANTED, part=options.part, many=True)
    pairs, remarks = there.pairs, there.remarks
    found = usable(facts(root, masks_of(pairs)), remarks)
    drawn: dict[str, Annotation] = {}
    for image, mask in pairs.one.items():
        if mask in found:
            drawn[image] = from_map(found[mask])
    for image, files in pairs.many.items():
        annotation = from_files([found[file] for file in files if file in found], image, remarks)
        if annotation is not None:
            drawn[image] = annotation
    there.remark_left()
    splits = {image: folder_split(image) for image in drawn}
    scheme = Scheme((Category(LABEL, 1),), ("instances", "detection"))
    return listing(root, "instances", there.walked, set(), drawn, scheme, remarks, options, splits=splits)


def masks_of(pairs: Pairs) -> list[str]:
    return [*pairs.one.values(), *(file for files in pairs.many.values() for file in files)]


def from_map(each: MaskFacts) -> Annotation:
    """An object for each number but 0."""
    objects = tuple(
        Instance(LABEL, box, file=each.file, value=number)
        for number, box in (each.boxes or {}).items()
        if number
    )
    return Annotation(objects, size=each.size, content=each.sha256)


def from_files(masks: Sequence[MaskFacts], image: str, remarks: Remarks) -> Annotation | None:
    """An object for each file: all of its pixels that are not 0. None, and why, if the files' sizes differ."""
    if len({each.size for each in masks}) > 1:
        remarks.add("size", image, "its masks are of several sizes; left out")
        return None
    objects = []
    for each in masks:
        boxes = [box for number, box in (each.boxes or {}).items() if number]
        if not boxes:
            remarks.add("mask", each.file, "is empty; left out")
            continue
        x1, y1, x2, y2 = zip(*boxes, strict=True)
        objects.append(Instance(LABEL, (min(x1), min(y1), max(x2), max(y2)), file=each.file))
    content = "|".join(each.sha256 for each in masks)
    return Annotation(tuple(objects), size=masks[0].size if masks else None, content=content)
