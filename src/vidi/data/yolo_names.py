"""The file that names YOLO's classes: a data.yaml, or a list with a name to a line."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from vidi.core.annotations import Category
from vidi.core.errors import UsageError
from vidi.data.annotated import clean
from vidi.data.listing import Remarks, split_of
from vidi.data.parsing import Malformed, content, read_yaml

LARGEST_TEXT = 16 << 20
MOST_CLASSES = 100_000
LISTS = ("classes.txt", "obj.names", "class_names.txt", "labels.txt", "predefined_classes.txt")


@dataclass(frozen=True)
class Names:
    """The classes' names by number, what else data.yaml says, its paths of splits, and the files this is from."""

    known: Mapping[int, str] = field(default_factory=dict)
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    points: tuple[int, int] | None = None  # keypoints to an object, and numbers to a keypoint
    more: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    def categories(self, highest: int) -> tuple[Category, ...]:
        """Every class up to the highest number that is drawn; one that has no name is called by its number."""
        numbers = sorted({*self.known, *(range(highest + 1) if not self.known else ())})
        taken: dict[str, int] = {}
        points = tuple(str(number) for number in range(self.points[0])) if self.points else ()
        found = []
        for number in numbers:
            name = self.known.get(number, str(number))
            name = name if taken.setdefault(name, number) == number else f"{name} ({number})"
            found.append(Category(name, number, keypoints=points))
        return tuple(found)

    def labels(self) -> dict[int, str]:
        """The names by number; none if nothing names them."""
        return {category.number: category.name for category in self.categories(-1)}


def read_names(path: Path) -> Names | None:
    """The classes of a data.yaml; None if it is none, or cannot be read."""
    try:
        told = read_yaml(path)
    except Malformed:
        return None
    if not isinstance(told, dict):
        return None
    known, shape = _numbered(told.get("names")), told.get("kpt_shape")
    if not known or not all(name and number >= 0 for number, name in known.items()):
        return None
    more = {key: told[key] for key in ("kpt_shape", "flip_idx") if key in told}
    return Names(known, _paths(told), _points(shape), more, (path.name,))


def _numbered(names: Any) -> dict[int, str]:
    """The names by number, of a list or of a mapping."""
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(names, list):
        pairs = enumerate(names)
    elif isinstance(names, dict):
        pairs = names.items()
    return {
        int(number): clean(str(name))
        for number, name in itertools.islice(pairs, MOST_CLASSES)
        if isinstance(number, int) or (isinstance(number, str) and number.isdecimal() and len(number) < 7)
    }


def _paths(told: Mapping[str, Any]) -> dict[str, list[str]]:
    """Where each split's images are said to lie."""
    base = told.get("path")
    paths: dict[str, list[str]] = {}
    for key, value in told.items():
        split = split_of(str(key))
        if split is not None:
            entries = value if isinstance(value, list) else [value]
            paths[split] = [
                str(PurePosixPath(base if isinstance(base, str) else "") / entry)
                for entry in entries
                if isinstance(entry, str)
            ]
    return paths


def _points(shape: Any) -> tuple[int, int] | None:
    """How many keypoints an object has, and how many numbers each."""
    whole = isinstance(shape, list) and len(shape) == 2
    return (shape[0], shape[1]) if whole and all(isinstance(v, int) and 0 < v < 1000 for v in shape) else None


def names_of(folder: Path, given: Path | None, others: Sequence[str], remarks: Remarks) -> Names:
    """The classes' names by the file given, else by a data.yaml, else by a list; none if there is none of these."""
    if given is not None:
        named = read_names(given)
        if named is None:
            raise UsageError(
                f"a data.yaml with names of classes was wanted; {given} has none that can be read"
            )
        return named
    yamls = [n for n in others if n.lower().endswith((".yaml", ".yml")) and n.count("/") < 2]
    for name in sorted(yamls, key=lambda n: (n.count("/"), PurePosixPath(n).name != "data.yaml", n)):
        named = read_names(folder / name)
        if named is not None:
            return Names(named.known, named.paths, named.points, named.more, (name,))
        remarks.add("layout", name, "names no classes, or cannot be read; not used")
    for name in sorted(others, key=lambda n: n.count("/")):
        if PurePosixPath(name).name.lower() in LISTS and name.count("/") < 3:
            lines = [clean(line) for line in text_of(folder / name, name, remarks).splitlines()]
            known = {number: line for number, line in enumerate(lines) if line}
            if known:
                return Names(known, files=(name,))
    remarks.add(
        "layout", ".", "no data.yaml or classes.txt names the classes; they are called by their numbers"
    )
    return Names()


def text_of(path: Path, name: str, remarks: Remarks) -> str:
    """A text file's content; nothing, and why, if it cannot be read."""
    try:
        return content(path, LARGEST_TEXT).decode("utf-8-sig", errors="replace")
    except Malformed as error:
        remarks.add("annotation", name, f"{error}; left out")
        return ""
