"""Pascal VOC: an XML file for each image."""

from pathlib import Path, PurePosixPath

from vidi.core.annotations import Annotation, Category, Scheme
from vidi.core.card import Card
from vidi.core.dataset import Listing, ReadOptions
from vidi.core.errors import UsageError
from vidi.data.annotated import counted, folder_split, listing
from vidi.data.class_lists import natural
from vidi.data.listing import Remarks, existing, glance, holds, split_of, walk
from vidi.data.matching import Files
from vidi.data.parsing import Malformed, read_xml
from vidi.data.voc_file import VocFile, parsed

CARD = Card(
    title="Pascal VOC XML",
    idea="An XML file for each image lists its objects with boxes; ImageSets/Main/train.txt and others give the split.",
    paper="Everingham et al. 2010, The Pascal Visual Object Classes (VOC) challenge, IJCV 88",
    differs="Coordinates are taken as edges of pixels, as labelling tools write them; where the source is named VOC "
    "they count pixels from 1, both ends included, as the devkit says.",
)

WANTED = "Pascal VOC XML files beside their images were wanted"


def recognise(root: Path) -> float:
    """0.94 for a folder with XML files that start like VOC's, at the top or up to two folders down."""
    if not root.is_dir():
        return 0.0
    seen = glance(root, depth=3)
    names = [name for name in seen.others if name.lower().endswith(".xml")][:3]
    for folder, each in seen.folders.items():
        names += [f"{folder}/{name}" for name in each.others if name.lower().endswith(".xml")][:3]
        for inner, lower in each.folders.items():
            names += [f"{folder}/{inner}/{n}" for n in lower.others if n.lower().endswith(".xml")][:3]
    return 0.94 if any(looks_like_voc(root / name) for name in names[:30]) else 0.0


def looks_like_voc(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return b"<annotation" in stream.read(2048)
    except OSError:
        return False


def read(root: Path, *, options: ReadOptions) -> Listing:
    """Every image with an XML file that can be read; the others are remarked by name and reason."""
    if not existing(root).is_dir():
        raise UsageError(f"{WANTED}; {root} is a file: pass the folder that holds all of them")
    remarks = Remarks()
    walked = walk(root, remarks)
    names = [n for n in walked.others if n.lower().endswith(".xml") and (options.part or "") in n]
    if not walked.images or not names:
        raise UsageError(f"{WANTED}; {holds(root, walked)} and {len(names):,} XML files{remarks.first()}")
    files, found = Files(root, walked.images), dict[str, tuple[str, VocFile]]()
    for name in names:
        try:
            told = parsed(read_xml(root / name), name, remarks)
        except Malformed as error:
            remarks.add("annotation", name, f"{error}; left out")
            continue
        file = image_of(name, told, files, remarks)
        if file in found:
            remarks.add("conflict", name, f"{file} is annotated by {found[file][0]} too; the first counts")
        elif file is not None:
            found[file] = name, told
    drawn = {file: Annotation(told.objects, size=told.size) for file, (_, told) in found.items()}
    counted(
        remarks, "unlisted", [f for f in walked.images if f not in drawn], "no XML file is for it; left out"
    )
    labels = {each.label for annotation in drawn.values() for each in annotation.objects}
    scheme = Scheme(
        tuple(Category(label, number) for number, label in enumerate(sorted(labels, key=natural), 1)),
        ("detection",),
    )
    lists, used = split_lists(root, walked.others, remarks)
    splits = {
        file: lists.get(PurePosixPath(file).stem, folder_split(file) or folder_split(found[file][0]))
        for file in drawn
    }
    return listing(root, "voc", walked, {*names, *used}, drawn, scheme, remarks, options, splits=splits)


def image_of(name: str, told: VocFile, files: Files, remarks: Remarks) -> str | None:
    """The image of an XML file: that of its own name, else the one it names; None, and why, if neither is there."""
    own = files.find(PurePosixPath(name).stem)
    named = files.find(told.filename) if told.filename else own
    if own.file is not None:
        if named.file not in (None, own.file):
            remarks.add(
                "filename", name, f"it says {told.filename[:200]!r}; taken for {own.file}, by its own name"
            )
        return own.file
    if named.file is not None:
        return named.file
    beside = files.find(str(PurePosixPath(name).with_suffix("")))
    if beside.file is None:
        remarks.add(
            "annotation",
            name,
            f"its image {(told.filename or PurePosixPath(name).stem)[:200]!r} is not there",
        )
    return beside.file


def split_lists(root: Path, others: list[str], remarks: Remarks) -> tuple[dict[str, str], list[str]]:
    """Each image's split by the lists in ImageSets/Main (`trainval` is both, and not read), and the lists' names."""
    splits: dict[str, str] = {}
    lists = [n for n in others if n.lower().endswith(".txt") and "imagesets" in n.lower().split("/")]
    for name in lists:
        split = split_of(PurePosixPath(name).stem)
        if split is None:
            continue
        try:
            lines = (root / name).read_text("utf-8", errors="replace").splitlines()
        except OSError as error:
            remarks.add("skipped", name, f"cannot be opened: {error.strerror}")
            continue
        for line in lines:
            stem = PurePosixPath(line.split()[0]).name if line.split() else ""
            if splits.get(stem, split) != split:
                remarks.add("leak", stem, f"is listed in {splits[stem]} and in {split}; the first counts")
            elif stem:
                splits[stem] = split
    return splits, lists
