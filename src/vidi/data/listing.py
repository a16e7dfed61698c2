"""What lies in a folder of images: its files in order, its splits, and what was left aside on the way."""

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidi.core.dataset import Remark
from vidi.core.errors import UsageError
from vidi.core.files import inside
from vidi.data.image_format import FOREIGN, IMAGE_SUFFIXES, format_of

_SPLITS = {
    "train": ("train", "training", "trn"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "tst", "eval", "evaluation"),
}
SPLIT_OF = {name: split for split, names in _SPLITS.items() for name in names}
TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
LEDGER_FILE = "vidi-withdrawn.json"  # what was withdrawn, beside the data
IGNORED = frozenset({"__macosx", "thumbs.db", "desktop.ini", "icon\r", "$recycle.bin", LEDGER_FILE})
MOST_REMARKS = 100


def split_of(name: str) -> str | None:
    """The split that a folder's name or a cell means, in any capitalisation (`dev` is validation)."""
    return SPLIT_OF.get(name.strip().lower())


def split_in(name: str) -> str | None:
    """The split that a file's name speaks of, as `train-00000-of-00002` does; None if none or several."""
    found = {SPLIT_OF[word] for word in re.split(r"[^a-z]+", name.lower()) if word in SPLIT_OF}
    return found.pop() if len(found) == 1 else None


class Remarks:
    """What was noticed: each by name, up to MOST_REMARKS of a kind; the rest is counted."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Remark]] = {}
        self.more: dict[str, int] = {}

    def add(self, kind: str, where: str, what: str) -> None:
        kept = self.kept.setdefault(kind, [])
        if len(kept) < MOST_REMARKS:
            kept.append(Remark(kind, where, what))
        else:
            self.more[kind] = self.more.get(kind, 0) + 1

    def all(self) -> tuple[Remark, ...]:
        ends = {
            kind: [Remark(kind, "", f"and {count:,} more of this kind")] for kind, count in self.more.items()
        }
        return tuple(remark for kind, kept in self.kept.items() for remark in kept + ends.get(kind, []))

    def first(self) -> str:
        """The first remark as half a sentence, to say why nothing is left."""
        return next((f" ({each[0].where}: {each[0].what})" for each in self.kept.values()), "")


def example(
    file: str,
    *,
    path: str | None = None,
    target: str | None = None,
    split: str | None = None,
    offset: int | None = None,
    length: int | None = None,
    row: int | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One row of a Listing; `path` is `file` unless said otherwise."""
    return {
        "path": path or file,
        "file": file,
        "offset": offset,
        "length": length,
        "row": row,
        "target": target,
        "split": split,
        **(attributes or {}),
    }


def is_image_name(name: str) -> bool:
    return "." + name.rpartition(".")[2].lower() in IMAGE_SUFFIXES and name.rpartition(".")[0] != ""


def existing(root: Path) -> Path:
    """`root` itself; raises UsageError if nothing has this name."""
    try:
        if root.exists():
            return root
    except OSError as error:
        raise UsageError(f"{root} cannot be opened: {error.strerror}; check its permissions") from error
    raise UsageError(f"a folder of images or a table was wanted; {root} does not exist")


@dataclass(frozen=True)
class Walked:
    """Files under a folder, relative to it and sorted: images, and others (hidden ones left out)."""

    images: list[str]
    others: list[str]


def walk(root: Path, remarks: Remarks) -> Walked:
    """Every file under `root`. Links that leave it, lead nowhere or lead to folders are remarked, not followed."""
    images: list[str] = []
    others: list[str] = []
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        for entry in _entries(root, prefix, remarks):
            relative = prefix + entry.name
            if entry.is_symlink() and not _followable(root, relative, entry, remarks):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(relative + "/")
            elif is_image_name(entry.name) or ("." not in entry.name and _sniffed(entry)):
                images.append(relative)
            elif entry.is_file():
                others.append(relative)
            else:
                remarks.add("skipped", relative, "not a regular file")
    return Walked(sorted(images), sorted(others))


def _entries(root: Path, prefix: str, remarks: Remarks) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(root / prefix) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower() in IGNORED:
                    continue
                if not entry.name.isascii() and not _is_unicode(entry.name):
                    shown = (prefix + entry.name).encode("utf-8", "backslashreplace").decode()
                    remarks.add("skipped", shown, "its name is not valid UTF-8; rename it")
                    continue
                yield entry
    except OSError as error:
        remarks.add("skipped", prefix or str(root), f"the folder cannot be opened: {error.strerror}")


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _followable(root: Path, relative: str, entry: "os.DirEntry[str]", remarks: Remarks) -> bool:
    if inside(root, relative) is None:
        remarks.add("link", relative, "a link that leaves the folder or goes in circles; not followed")
    elif not Path(entry.path).exists():
        remarks.add("link", relative, "a link to nothing, or in circles; not followed")
    elif entry.is_dir():
        remarks.add("link", relative, "a link to a folder that is read under its own name; not followed")
    else:
        return True
    return False


def _sniffed(entry: "os.DirEntry[str]") -> bool:
    """True for a file without a suffix that starts like an image."""
    try:
        if not entry.is_file():
            return False
        with Path(entry.path).open("rb") as stream:
            kind = format_of(stream.read(64))
    except OSError:
        return False
    return kind is not None and kind not in FOREIGN


def remark_skipped(others: list[str], remarks: Remarks) -> None:
    for name in others:
        remarks.add("skipped", name, "not an image that is read here")


@dataclass(frozen=True)
class Glance:
    """The first look at a folder, bounded below the top: how many images lie in it, its other files, its folders."""

    images: int = 0
    others: tuple[str, ...] = ()
    folders: Mapping[str, "Glance"] = field(default_factory=dict)

    @property
    def holds_images(self) -> bool:
        return self.images > 0 or any(each.holds_images for each in self.folders.values())


def glance(folder: Path, *, depth: int = 3) -> Glance:
    """`depth` levels of a folder: the top one whole, below it 200 entries each of about 500 folders.

    Links are not followed.
    """
    return _glance(folder, depth, None, 500)


def _glance(folder: Path, depth: int, most: int | None, budget: int) -> Glance:
    images, others, folders = 0, [], []
    try:
        with os.scandir(folder) as entries:
            for entry in itertools.islice(entries, most):
                if entry.name.startswith(".") or entry.name.lower() in IGNORED:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif is_image_name(entry.name) or ("." not in entry.name and _sniffed(entry)):
                    images += 1
                else:
                    others.append(entry.name)
    except OSError:
        return Glance()
    chosen = sorted(folders)[:budget] if depth > 1 else []
    share = (budget - len(chosen)) // max(
        len(chosen), 1
    )  # each folder its own, so that none uses up another's
    inner = {name: _glance(folder / name, depth - 1, 200, share) for name in chosen}
    return Glance(images, tuple(sorted(others)), inner)


def holds(root: Path, walked: Walked) -> str:
    """What a folder was found to hold, for the sentence that refuses it."""
    if walked.images:
        return f"{root} holds {len(walked.images):,} images"
    if walked.others:
        return f"{root} holds {len(walked.others):,} files, none of them an image"
    return f"{root} is empty"
