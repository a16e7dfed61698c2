"""How good the answer to each image is, and which were best and worst."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidi.core.dataset import Dataset
from vidi.documents.drawn import best_and_worst
from vidi.documents.found import image_quality
from vidi.ops.average_precision import curve
from vidi.ops.detected import Detected
from vidi.ops.segmented import Segmented

SHOWN = 8  # images of each sort


def qualities(judgement: Detected | Segmented) -> NDArray[np.float64]:
    """Each image's F score of its objects, or the mean IoU of its classes; nan where there is nothing to judge."""
    if isinstance(judgement, Detected):
        return np.asarray(image_quality(judgement), np.float64)
    union = judgement.true + judgement.predicted - judgement.right
    with np.errstate(invalid="ignore", divide="ignore"):
        each = np.where(union > 0, judgement.right / union, np.nan)
    known = ~np.isnan(each)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, each, 0).sum(axis=1) / known.sum(axis=1), np.float64)


def hardest_images(
    dataset: Dataset, rows: NDArray[np.int64], quality: NDArray[np.float64]
) -> Mapping[str, list[dict[str, Any]]]:
    """The worst and the best images by their quality."""
    best, worst = best_and_worst(quality, SHOWN)
    ids, paths = dataset.column("id"), dataset.column("path")
    return {
        name: [
            {
                "id": str(ids[rows[place]]),
                "path": str(paths[rows[place]]),
                "quality": round(float(quality[place]), 4),
            }
            for place in places
        ]
        for name, places in (("worst", worst), ("best", best))
    }


def precision_recall_points(detected: Detected) -> dict[str, list[list[float]]]:
    """Precision at 101 recalls for each label, at an overlap of 0.5: (recall, precision) pairs."""
    there = set(detected.truth.label[~detected.truth.is_crowd].tolist())
    curves = {}
    for number in sorted(there):
        found = curve(detected, number)
        pairs = zip(found.recall, found.precision, strict=True)
        curves[detected.labels[number]] = [[round(float(r), 4), round(float(p), 4)] for r, p in pairs]
    return curves
