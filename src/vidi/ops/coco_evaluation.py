"""COCO's precision and recall of found objects, by faster-coco-eval."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from vidi.ops.detected import Detected, Objects
from vidi.ops.matching import MOST, SIZES

MOSTS = (1, 10, MOST)  # found objects that count in an image and class, for recall


@dataclass(frozen=True)
class Evaluated:
    """Average precision (overlap, label, size) and recall (overlap, label, size, most found); nan: none is there.

    Overlaps are 0.5, 0.55, … 0.95; sizes all, small, medium, large; the most found 1, 10, 100.
    """

    precision: Float[np.ndarray, "t k 4"]
    recall: Float[np.ndarray, "t k 4 3"]


def evaluated(detected: Detected) -> Evaluated:
    """The library's evaluation, computed once for a record."""
    return detected.remembered("coco", lambda: _evaluated(detected))


def _evaluated(detected: Detected) -> Evaluated:
    from faster_coco_eval import COCO, COCOeval_faster

    quiet = logging.getLogger("faster_coco_eval").debug
    kind = "segm" if detected.by_masks else "bbox"
    sides: dict[str, list[dict[str, Any]]] = {
        "images": [{"id": number + 1, "height": 0, "width": 0} for number in range(detected.images)],
        "categories": [{"id": number + 1, "name": name} for number, name in enumerate(detected.labels)],
    }
    if detected.by_masks:
        for objects in (detected.truth, detected.found):
            for image, rle in zip(objects.image.tolist(), objects.mask or (), strict=True):
                sides["images"][image] |= {"height": rle.height, "width": rle.width}
    there, found = (
        COCO(sides | {"annotations": _records(objects, masks=detected.by_masks)}, print_function=quiet)
        for objects in (detected.truth, detected.found)
    )
    job = COCOeval_faster(there, found, kind, print_function=quiet)
    job.params.areaRng = [list(limits) for limits in SIZES.values()]
    job.params.areaRngLbl = list(SIZES)
    job.params.maxDets = list(MOSTS)
    job.evaluate()
    job.accumulate()
    precision, recall = (np.asarray(job.eval[name], dtype=np.float64) for name in ("precision", "recall"))
    value = precision[..., -1].mean(axis=1)
    return Evaluated(np.where(value > -1, value, np.nan), np.where(recall > -1, recall, np.nan))


def _records(objects: Objects, *, masks: bool) -> list[dict[str, Any]]:
    """COCO's annotations; numbers begin at 1, because 0 means "not matched" there."""
    corner, side = objects.box[:, :2], objects.box[:, 2:] - objects.box[:, :2]
    columns = {
        "id": np.arange(1, len(objects) + 1),
        "image_id": objects.image + 1,
        "category_id": objects.label + 1,
        "bbox": np.concatenate([corner, side], axis=1),
        "area": objects.size,
        "iscrowd": objects.is_crowd.astype(int),
    }
    if objects.score is not None:
        columns["score"] = objects.score
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    if masks:
        for record, rle in zip(records, objects.mask or (), strict=True):
            record["segmentation"] = {"size": [rle.height, rle.width], "counts": rle.counts}
    return records
