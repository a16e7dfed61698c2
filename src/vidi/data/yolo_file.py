"""YOLO's text files: what they say of an image, and where they lie."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from vidi.core.annotations import Instance
from vidi.core.errors import UsageError
from vidi.core.files import inside
from vidi.data.listing import Remarks
from vidi.data.parsing import Malformed, content
from vidi.data.yolo_names import LARGEST_TEXT, Names, text_of


def looks_like_labels(path: Path, *, empty: bool = False) -> bool:
    """True if the file's first line is a class and shares; an empty file if `empty`."""
    try:
        with path.open("rb") as stream:
            head = stream.read(1 << 16)
    except OSError:
        return False
    line = next((line for line in head.split(b"\n") if line.strip()), None)
    if line is None:
        return empty
    words = line.split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        return False
    return (
        len(values) >= 5
        and values[0] >= 0
        and values[0] == int(values[0])
        and max(map(abs, values[1:5])) <= 2
    )


def objects_of(
    path: Path, name: str, names: Names, labels: Mapping[int, str], remarks: Remarks
) -> tuple[tuple[Instance, ...], list[int]]:
    """A text file's objects in shares, and the numbers of their classes; lines that cannot be used are said."""
    objects, numbers = [], []
    for place, line in enumerate(text_of(path, name, remarks).splitlines(), 1):
        if not line.strip():
            continue
        where = f"{name}, line {place}"
        try:
            number, *values = map(float, line.split())
        except ValueError:
            remarks.add("annotation", where, f"is not of numbers: {line.strip()[:60]!r}; left out")
            continue
        if not (math.isfinite(number) and number == int(number) and number >= 0):
            remarks.add("annotation", where, f"starts with {number:g}, not a class's number; left out")
            continue
        label = labels.get(int(number)) if names.known else str(int(number))
        if label is None:
            remarks.add(
                "annotation",
                where,
                f"is of class {int(number)}, which has no name in {', '.join(names.files)}; left out",
            )
            continue
        made = instance(label, values, names.points, where, remarks)
        if made is not None:
            objects.append(made)
            numbers.append(int(number))
    return tuple(objects), numbers


def instance(
    label: str, values: list[float], points: tuple[int, int] | None, where: str, remarks: Remarks
) -> Instance | None:
    """An object of a box (4 numbers), an outline (6 and more), or a box and keypoints; None, and why, if it is none."""
    if not all(map(math.isfinite, values)):
        remarks.add("box", where, "has a number that is not finite; left out")
        return None
    if values and max(map(abs, values)) > 2 and (points is None or max(map(abs, values[:4])) > 2):
        remarks.add(
            "box",
            where,
            f"has {max(map(abs, values)):g}, where shares of the image's sides are 0 to 1; left out",
        )
        return None
    if points is not None and len(values) == 4 + points[0] * points[1]:
        return Instance(label, corners(values[:4]), keypoints=keypoints(values[4:], points[1]))
    if len(values) == 4:
        return Instance(label, corners(values))
    if len(values) >= 6 and len(values) % 2 == 0:
        xs, ys = values[0::2], values[1::2]
        return Instance(label, (min(xs), min(ys), max(xs), max(ys)), polygons=(tuple(values),))
    remarks.add(
        "annotation",
        where,
        f"has {len(values)} numbers after its class; 4, or 6 and more in pairs, were wanted; left out",
    )
    return None


def corners(values: Sequence[float]) -> tuple[float, float, float, float]:
    x, y, w, h = values
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def keypoints(values: Sequence[float], each: int) -> tuple[float, ...]:
    """x, y, visibility in turn; of points without visibility those at 0, 0 are not labelled."""
    found: list[float] = []
    for start in range(0, len(values), each):
        x, y = values[start : start + 2]
        found += [x, y, values[start + 2] if each > 2 else (2.0 if x or y else 0.0)]
    return tuple(found)


def label_folders(
    folder: Path, images: Sequence[str], texts: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """Text files of their images' names in folders of their own; raises UsageError where several folders would do."""
    by_stem: dict[str, list[str]] = {}
    for name in texts:
        by_stem.setdefault(PurePosixPath(name).stem, []).append(name)
    tops: dict[str, dict[str, str]] = {}
    for file in images:
        path = PurePosixPath(file)
        for name in by_stem.get(path.stem, []):
            inner = PurePosixPath(name).parent.name
            if path.parent.name in (inner, "images") or len(by_stem[path.stem]) == 1:
                tops.setdefault(name.split("/")[0], {})[file] = name
    tops = {
        top: found
        for top, found in tops.items()
        if any(looks_like_labels(folder / n) for n in found.values())
    }
    if len(tops) > 1:
        raise UsageError(
            f"one folder of YOLO text files was wanted; {', '.join(sorted(tops))} are all for the same images: say "
            f"--layout yolo:{min(tops)} (or another)"
        )
    found = next(iter(tops.values()), {})
    return found, sorted(set(texts) - set(found.values()))


def split_paths(folder: Path, names: Names, images: Sequence[str]) -> dict[str, str]:
    """Each image's split by data.yaml's paths: folders, or text files that list images."""
    splits: dict[str, str] = {}
    for split, entries in names.paths.items():
        for entry in entries:
            wanted = str(PurePosixPath(entry.replace("\\", "/").removeprefix("./"))).replace("../", "")
            listed = _listed(folder, wanted)
            for file in images:
                if file in listed or (not listed and f"/{file}".find(f"/{wanted.strip('/')}/") >= 0):
                    splits.setdefault(file, split)
    return splits


def _listed(folder: Path, wanted: str) -> set[str]:
    if not wanted.lower().endswith(".txt"):
        return set()
    path = inside(folder, wanted)
    if path is None:
        return set()
    try:
        lines = content(path, LARGEST_TEXT).decode("utf-8", errors="replace").splitlines()
    except Malformed:
        return set()
    return {str(PurePosixPath(line.strip().removeprefix("./"))) for line in lines if line.strip()}
