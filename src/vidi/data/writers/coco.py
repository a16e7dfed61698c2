"""COCO JSON: images/ and annotations/instances_….json, one for each split."""

from pathlib import Path
from typing import Any

import numpy as np

from vidi.core.annotations import IGNORE, Annotation, Category, Instance, Scheme
from vidi.core.card import Card
from vidi.core.dataset import Dataset
from vidi.core.files import write_json
from vidi.core.progress import Say
from vidi.data.exporting import FOLDERS, Lost, drawn, own_attributes, placed, short, write_bytes
from vidi.data.targets import Targets
from vidi.ops import masks

CARD = Card(
    title="COCO JSON",
    idea="Boxes, polygons, run lengths, crowds, keypoints and metadata of images in one JSON file for each split.",
    paper="Lin et al. 2014, arXiv:1405.0312",
    differs="Instance maps become run lengths; of a class map each class becomes one object of its image.",
)


def write(dataset: Dataset, out: Path, *, say: Say | None = None) -> Lost:
    """The data set in `out`; what COCO JSON cannot hold, counted."""
    lost, targets = Lost(), Targets(dataset)
    given = own_attributes(dataset)
    parts: dict[str | None, dict[str, list[Any]]] = {}
    for place in placed(dataset, say):
        annotation = drawn(dataset, place.row, "COCO JSON")
        write_bytes(out / "images" / place.inner, place.content)
        part = parts.setdefault(place.split, {"images": [], "annotations": []})
        height, width = targets.image_hw(place.row)
        image = {"id": place.row + 1, "file_name": place.inner, "width": width, "height": height}
        more = {key: value for key, value in given[place.row].items() if value is not None}
        part["images"].append(image | {key: told for key, told in more.items() if key not in image})
        for entry in entries(dataset, targets, annotation, place.row, lost):
            part["annotations"].append(entry | {"image_id": place.row + 1})
    scheme = dataset.scheme
    if scheme is None:
        return lost
    ids, number = category_ids(scheme), 0
    for split in (*FOLDERS.values(), None):
        if split in parts:
            for entry in parts[split]["annotations"]:
                number += 1
                entry |= {"id": number, "category_id": ids[entry.pop("label")]}
            head = {key: scheme.more[key] for key in ("info", "licenses") if key in scheme.more}
            categories = [category(each, ids[each.name]) for each in scheme.categories]
            name = f"instances_{split}.json" if split else "instances.json"
            write_json(out / "annotations" / name, plain(head | parts[split] | {"categories": categories}))
    return lost


def category_ids(scheme: Scheme) -> dict[str, int]:
    """The source's own numbers; counted from 1 where these begin with 0, which some tools take for background."""
    own = {each.name: each.number for each in scheme.categories}
    if min(own.values(), default=1) > 0:
        return own
    return {each.name: place for place, each in enumerate(scheme.categories, 1)}


def category(each: Category, number: int) -> dict[str, Any]:
    told: dict[str, Any] = {"id": number, "name": each.name}
    if each.above:
        told["supercategory"] = each.above
    if each.keypoints:
        told |= {"keypoints": list(each.keypoints), "skeleton": [list(pair) for pair in each.skeleton]}
    return told


def entries(
    dataset: Dataset, targets: Targets, annotation: Annotation, row: int, lost: Lost
) -> list[dict[str, Any]]:
    """The image's objects; each class of a class map as one."""
    if annotation.mask is None:
        runs = [each.file is not None or each.rle is not None for each in annotation.objects]
        rles = targets.rles(row) if any(runs) else []
        return [entry(each, rles[n] if runs[n] else None) for n, each in enumerate(annotation.objects)]
    found, told = targets.semantic(row), []
    lost.add("class maps whose classes become one object each")
    lost.add("pixels that count for nothing", int((found == IGNORE).sum()))
    for number in np.unique(found[found != IGNORE]).tolist():
        rle = masks.encode(found == number)
        told.append(entry(Instance(dataset.labels[number], masks.bounding_box(rle), rle=rle.counts), rle))
    hw = found.shape
    for each in told:
        each["segmentation"]["size"] = [int(hw[0]), int(hw[1])]
    return told


def entry(each: Instance, rle: masks.Rle | None) -> dict[str, Any]:
    """One object; its label stands for the category until ids are given."""
    x1, y1, x2, y2 = each.box
    told: dict[str, Any] = {"label": each.label, "bbox": [short(x1), short(y1), x2 - x1, y2 - y1]}
    told["bbox"][2:] = [exact_side(told["bbox"][0], x2), exact_side(told["bbox"][1], y2)]
    told["iscrowd"] = int(each.crowd)
    told["area"] = (x2 - x1) * (y2 - y1)
    told["segmentation"] = [list(polygon) for polygon in each.polygons]
    if rle is not None:
        told["segmentation"] = {"size": [rle.height, rle.width], "counts": rle.counts}
        told["area"] = masks.area(rle)
    if each.keypoints:
        told["keypoints"] = list(each.keypoints)
        told["num_keypoints"] = sum(visible > 0 for visible in each.keypoints[2::3])
    if each.difficult:
        told["difficult"] = 1
    return told | {
        key: value for key, value in each.more.items() if key not in ("label", "bbox", "segmentation")
    }


def exact_side(start: float, end: float) -> float:
    """A width that added to `start` gives `end` again in single precision, as short as it can be."""
    side = short(end) - start
    rounded = round(side, 6)
    return rounded if np.float32(start + rounded) == np.float32(end) else side


def plain(told: Any) -> Any:
    """The same in JSON's types: what metadata holds beyond them (dates) as text."""
    if isinstance(told, dict):
        return {str(key): plain(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [plain(value) for value in told]
    if isinstance(told, float) and not np.isfinite(told):
        return None
    return told if isinstance(told, str | int | float | bool | None) else str(told)
