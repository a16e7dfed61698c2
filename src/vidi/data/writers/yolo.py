"""YOLO: images/ and labels/ with a folder for each split, and data.yaml."""

from pathlib import Path
from typing import Any

from vidi.core.annotations import Annotation, Instance
from vidi.core.card import Card
from vidi.core.dataset import Dataset
from vidi.core.progress import Say
from vidi.data.exporting import FOLDERS, Lost, drawn, placed, write_bytes, write_text, write_yaml

CARD = Card(
    title="YOLO text files",
    idea="A line for each object in a text file for each image: a box, or an outline where all have just one, or a "
    "box and keypoints where all have equally many.",
    differs="Crowds are left out, because a line cannot say that it is one.",
)


def write(dataset: Dataset, out: Path, *, say: Say | None = None) -> Lost:
    """The data set in `out`; what YOLO's lines cannot hold, counted."""
    lost = Lost()
    width, height = dataset.column("width"), dataset.column("height")
    number = {label: place for place, label in enumerate(dataset.labels)}
    found = [drawn(dataset, row, "YOLO text files") for row in range(len(dataset))]
    outlined, points = form(found)
    splits: set[str | None] = set()
    for place in placed(dataset, say):
        annotation, lines = found[place.row], []
        lost.add("class maps", annotation.mask is not None)
        for each in annotation.objects:
            losses(each, lost, outlined=outlined, points=points)
            if not each.crowd:
                values = numbers(each, float(width[place.row]), float(height[place.row]), outlined, points)
                lines.append(" ".join([str(number[each.label]), *(f"{value!r}" for value in values)]))
        write_bytes(out / "images" / place.inner, place.content)
        folder = out / "labels" / place.split if place.split else out / "labels"
        write_text(folder / f"{place.stem}.txt", "".join(f"{line}\n" for line in lines))
        splits.add(place.split)
    told: dict[str, Any] = {"path": "."}
    told |= {split: f"images/{split}" for split in FOLDERS.values() if split in splits}
    if points:
        told["kpt_shape"] = [points, 3]
    write_yaml(out / "data.yaml", told | {"names": dict(enumerate(dataset.labels))})
    lost.add("columns of metadata", len(dataset.attributes))
    if dataset.scheme is not None:
        lost.add("names of keypoints", sum(bool(each.keypoints) for each in dataset.scheme.categories))
        lost.add(
            "classes' upper categories", sum(each.above is not None for each in dataset.scheme.categories)
        )
    return lost


def form(found: list[Annotation]) -> tuple[bool, int]:
    """Whether every object has just one outline, and if not how many keypoints each has (0 if not all alike)."""
    objects = [each for annotation in found for each in annotation.objects if not each.crowd]
    if objects and all(len(each.polygons) == 1 for each in objects):
        return True, 0
    points = {len(each.keypoints) // 3 for each in objects}
    return False, points.pop() if len(points) == 1 else 0


def losses(each: Instance, lost: Lost, *, outlined: bool, points: int) -> None:
    lost.add("crowds, left out", each.crowd)
    if each.crowd:
        return
    lost.add("difficult flags", each.difficult)
    lost.add("objects' masks (only boxes are kept)", each.has_mask and not outlined)
    lost.add("objects' keypoints", bool(each.keypoints) and not points)
    lost.add("further values of objects", len(set(each.more) - {"area"}))
    x1, y1, x2, y2 = each.box
    if outlined:
        xs, ys = each.polygons[0][0::2], each.polygons[0][1::2]
        around = (min(xs), min(ys), max(xs), max(ys))
        apart = max(abs(a - b) for a, b in zip(around, (x1, y1, x2, y2), strict=True))
        lost.add("boxes that are not those of their outline", apart > 0.5)


def numbers(each: Instance, width: float, height: float, outlined: bool, points: int) -> list[float]:
    """The object's numbers as shares of the image's sides."""
    x1, y1, x2, y2 = map(float, each.box)
    box = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height]
    if outlined:
        return [float(value) / (height if n % 2 else width) for n, value in enumerate(each.polygons[0])]
    sides = (width, height, 1.0)
    return box + ([float(value) / sides[n % 3] for n, value in enumerate(each.keypoints)] if points else [])
