"""COCO's evaluation by two libraries, faster-coco-eval and pycocotools: what vidi's own matching must equal."""

import contextlib
import io
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from vidi.ops.detected import Detected, Objects
from vidi.ops.matching import SIZES

MOSTS = (1, 10, 100)  # found objects that count in an image and class, for recall


@dataclass(frozen=True)
class Evaluated:
    """Precision (overlap, label, size) and recall (overlap, label, size, most found); nan: none is there.

    Overlaps are 0.5, 0.55, … 0.95; sizes all, small, medium, large; the most found 1, 10, 100.
    """

    precision: np.ndarray
    recall: np.ndarray


def faster(detected: Detected) -> Evaluated:
    from faster_coco_eval import COCO, COCOeval_faster

    quiet = logging.getLogger("faster_coco_eval").debug
    apis = [COCO(side, print_function=quiet) for side in sides(detected)]
    job = COCOeval_faster(*apis, "segm" if detected.by_masks else "bbox", print_function=quiet)
    job.params.areaRng = [list(limits) for limits in SIZES.values()]
    job.params.areaRngLbl = list(SIZES)
    job.params.maxDets = list(MOSTS)
    return _numbers(job)


def reference(detected: Detected) -> Evaluated:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        apis = []
        for side in sides(detected):
            api = COCO()
            api.dataset = side
            api.createIndex()
            apis.append(api)
        return _numbers(COCOeval(*apis, "segm" if detected.by_masks else "bbox"))


def _numbers(job: Any) -> Evaluated:
    job.evaluate()
    job.accumulate()
    precision, recall = (np.asarray(job.eval[name], dtype=np.float64) for name in ("precision", "recall"))
    value = precision[..., -1].mean(axis=1)
    return Evaluated(np.where(value > -1, value, np.nan), np.where(recall > -1, recall, np.nan))


def sides(detected: Detected) -> list[dict[str, Any]]:
    """The truth and the answers in COCO's records."""
    images = [{"id": number + 1, "height": 0, "width": 0} for number in range(detected.images)]
    if detected.by_masks:
        for objects in (detected.truth, detected.found):
            for image, rle in zip(objects.image.tolist(), objects.mask or (), strict=True):
                images[image] |= {"height": rle.height, "width": rle.width}
    labels = [{"id": number + 1, "name": name} for number, name in enumerate(detected.labels)]
    return [
        {"images": images, "categories": labels, "annotations": records(objects, masks=detected.by_masks)}
        for objects in (detected.truth, detected.found)
    ]


def records(objects: Objects, *, masks: bool) -> list[dict[str, Any]]:
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
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    if masks:
        for record, rle in zip(found, objects.mask or (), strict=True):
            record["segmentation"] = {"size": [rle.height, rle.width], "counts": rle.counts}
    return found
