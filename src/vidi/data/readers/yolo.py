"""YOLO text files: a line for each object, its class's number and shares of the image's sides."""

from pathlib import Path

from vidi.core.annotations import Annotation, Scheme
from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError
from vidi.data.annotated import counted, folder_split, listing
from vidi.data.listing import Remarks, existing, glance, holds, walk
from vidi.data.pairing import photos
from vidi.data.yolo_file import label_folders, looks_like_labels, objects_of, split_paths
from vidi.data.yolo_names import names_of, read_names

CARD = Card(
    title="YOLO text files",
    idea="A text file beside each image, or in labels/ for images/, has a line for each object: its class and a box "
    "or an outline, in shares of the image's sides. data.yaml or classes.txt names the classes.",
    differs="An image without a text file shows nothing, and is counted; lines with other numbers are left out.",
)

WANTED = "YOLO text files for images were wanted"


def recognise(root: Path) -> float:
    """0.93 for a folder (or data.yaml) with text files that hold a class and shares, each named like an image."""
    if root.is_file():
        return 0.93 if root.suffix.lower() in (".yaml", ".yml") and read_names(root) is not None else 0.0
    if not root.is_dir():
        return 0.0
    seen = glance(root, depth=4)
    texts: list[str] = []
    waiting = [("", seen)]
    while waiting:
        prefix, each = waiting.pop()
        texts += [prefix + name for name in each.others if name.lower().endswith(".txt")][:5]
        waiting += [(f"{prefix}{name}/", lower) for name, lower in each.folders.items()]
    return 0.93 if seen.holds_images and any(looks_like_labels(root / name) for name in texts[:60]) else 0.0


def read(root: Path, *, options: ReadOptions) -> Listing:
    """Every image with the objects of its text file; an image without one shows nothing."""
    existing(root)
    remarks = Remarks()
    folder = root.parent if root.is_file() else root
    walked = walk(folder, remarks)
    images = photos(walked.images)
    texts = [name for name in walked.others if name.lower().endswith(".txt")]
    if not walked.images or not texts:
        raise UsageError(f"{WANTED}; {holds(folder, walked)} and {len(texts):,} text files{remarks.first()}")
    names = names_of(folder, root if root.is_file() else None, walked.others, remarks)
    found, left = labels_of(folder, images, texts, options, remarks)
    if not found:
        raise UsageError(
            f"{WANTED}; no text file in {folder} is named like an image and holds a class and shares"
        )
    without = [file for file in images if file not in found]
    counted(remarks, "no annotation", without, "no text file is for it: taken as showing nothing")
    apart = sorted(set(walked.images) - set(images))
    counted(remarks, "unlisted", apart, "beside the folder of images; left out")
    drawn = {file: Annotation((), relative=True) for file in without}
    highest, labels = -1, names.labels()
    for file, text in found.items():
        objects, numbers = objects_of(folder / text, text, names, labels, remarks)
        highest = max([highest, *numbers])
        drawn[file] = Annotation(objects, relative=True)
    scheme = Scheme(names.categories(highest), tasks_of(drawn), more=names.more)
    said = split_paths(folder, names, images)
    splits = {file: said.get(file, folder_split(file)) for file in drawn}
    return listing(
        folder,
        "yolo",
        walked,
        {*found.values(), *left, *names.files},
        drawn,
        scheme,
        remarks,
        options,
        splits=splits,
    )


def labels_of(
    folder: Path, images: list[str], texts: list[str], options: ReadOptions, remarks: Remarks
) -> tuple[dict[str, str], list[str]]:
    """Each image's text file, and those of no image: in `labels/` where the image is in `images/`, else beside it, else
    the only one of its name under a folder of its own. Raises UsageError where several would do."""
    if options.part is not None:
        texts = [name for name in texts if options.part in name]
    usual = set(texts)
    found: dict[str, str] = {}
    for file in images:
        stem = file.rpartition(".")[0] + ".txt"
        parts = stem.split("/")
        swapped = ["labels" if part.lower() == "images" else part for part in parts]
        for candidate in ("/".join(swapped), stem):
            if candidate in usual and looks_like_labels(folder / candidate, empty=True):
                found[file] = candidate
                break
    if found:
        left = sorted(set(texts) - set(found.values()))
    else:
        found, left = label_folders(folder, images, texts)
    left = [name for name in left if looks_like_labels(folder / name)]
    for name in left:
        remarks.add("annotation", name, "no image is named like it; left out")
    return found, left


def tasks_of(drawn: dict[str, Annotation]) -> tuple[str, ...]:
    """Outlines for nearly all objects: instances; else boxes."""
    objects = [each for annotation in drawn.values() for each in annotation.objects]
    outlined = sum(bool(each.polygons) for each in objects)
    return ("instances", "detection") if objects and outlined >= 0.9 * len(objects) else ("detection",)
