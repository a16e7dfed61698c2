"""How long does it take to evaluate 5,000 images with 50,000 boxes, and what do the intervals cost?

    python benchmarks/detection_metrics.py [--images 5000] [--boxes 50000] [--classes 20] [--rounds 3]

Objects and answers are drawn by chance (a model that finds most of them, moved a little, some twice, some misnamed, and
invents others), so that nothing needs to be downloaded. Peers in the same rounds: pycocotools, and faster-coco-eval
alone, whose evaluation vidi's values are; both only give values, vidi's members also intervals from a bootstrap over
images for AP, AP50, AP75, each size, each class and recall. So many objects get fewer replicates than a small set does
(`ops.average_precision`): the result says how many.
"""

import argparse
import contextlib
import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from report import interleaved, log, middle, spread, write
from vidi.metrics.detection import (
    average_precision,
    average_recall,
    by_size,
    calibration,
    error_types,
    per_class,
)
from vidi.ops.average_precision import replicates_of
from vidi.ops.coco_evaluation import _records, evaluated
from vidi.ops.detected import Detected, Objects

SIDE = 640
MEMBERS = {
    "AP, AP50, AP75": average_precision,
    "AR": average_recall,
    "by size": by_size,
    "per class": per_class,
    "calibration": calibration,
    "sorts of errors": error_types,
}


def drawn(images: int, boxes: int, classes: int, replicates: int) -> Detected:
    """`boxes` true objects and about as many answers again by half."""
    rng = np.random.default_rng(0)
    corner, side = (
        rng.uniform(0, SIDE - 20, (boxes, 2)),
        np.exp(rng.uniform(np.log(10), np.log(300), (boxes, 2))),
    )
    box = np.concatenate([corner, np.minimum(corner + side, SIDE)], axis=1)
    image, label = np.sort(rng.integers(images, size=boxes)), rng.integers(classes, size=boxes)
    seen = np.concatenate([np.flatnonzero(rng.random(boxes) < 0.85), rng.integers(boxes, size=boxes // 8)])
    width = (box[seen, 2:] - box[seen, :2]).repeat(2, axis=1)
    moved = box[seen] + rng.normal(size=(len(seen), 4)) * width * 0.08
    named = np.where(rng.random(len(seen)) < 0.9, label[seen], rng.integers(classes, size=len(seen)))
    other = rng.permutation(boxes)[: boxes // 2]
    guess = np.concatenate([moved, box[other]])
    guess = np.concatenate(
        [np.minimum(guess[:, :2], guess[:, 2:]), np.maximum(guess[:, :2], guess[:, 2:])], axis=1
    )
    score = np.concatenate([rng.beta(4, 2, len(seen)), rng.beta(1.5, 5, len(other))])
    found = Objects(
        np.concatenate([image[seen], rng.integers(images, size=len(other))]),
        np.concatenate([named, label[other]]),
        guess,
        score,
    )
    names = tuple(f"class {number}" for number in range(classes))
    return Detected(Objects(image, label, box), found, images, names, replicates=replicates)


def pycocotools(data: Detected) -> float:
    """AP by the reference, from the same arrays."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    sides: dict[str, Any] = {
        "images": [{"id": n + 1} for n in range(data.images)],
        "categories": [{"id": n + 1, "name": name} for n, name in enumerate(data.labels)],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        apis = []
        for objects in (data.truth, data.found):
            api = COCO()
            api.dataset = sides | {"annotations": _records(objects, masks=False)}
            api.createIndex()
            apis.append(api)
        job = COCOeval(*apis, "bbox")
        job.evaluate()
        job.accumulate()
        job.summarize()
    return float(job.stats[0])


def seconds(job: Callable[[], Any]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--boxes", type=int, default=50_000, help="true objects")
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true", help="leave pycocotools out")
    parser.add_argument("--dry", action="store_true", help="print only; leave results/ as it is")
    chosen = parser.parse_args()

    def fresh() -> Detected:
        return drawn(chosen.images, chosen.boxes, chosen.classes, chosen.replicates)

    def members(*names: str) -> Callable[[], float]:
        def job() -> float:
            data = fresh()
            return seconds(lambda: [MEMBERS[name].measure(data) for name in names])

        return job

    found: dict[str, float] = {}

    def peer() -> float:
        data = fresh()
        return seconds(lambda: found.update(AP=pycocotools(data)))

    def values() -> float:
        data = fresh()
        return seconds(lambda: evaluated(data))

    rates = {
        "values alone, by faster-coco-eval": values,
        "AP, AP50, AP75 with intervals": members("AP, AP50, AP75"),
        "all of COCO's numbers with intervals": members("AP, AP50, AP75", "AR", "by size", "per class"),
        "and calibration and sorts of errors": members(*MEMBERS),
    } | ({} if chosen.no_peer else {"pycocotools, values alone": peer})
    measured = interleaved(rates, chosen.rounds)
    data = fresh()
    ap = average_precision.measure(data)[0]
    log(f"AP {ap}, pycocotools {found.get('AP', float('nan')):.6f}; {len(data.found):,} answers")
    if found and abs(found["AP"] - ap.value) > 1e-9:
        raise SystemExit(f"AP differs from pycocotools': {ap.value} and {found['AP']}")
    rows = [[name, middle(took, 2), spread(took, 2)] for name, took in measured.items()]
    for row in rows:
        log(str(row))
    if not chosen.dry:
        write(
            "detection_metrics",
            metric="seconds to evaluate, median and range",
            n={
                "images": chosen.images,
                "true boxes": chosen.boxes,
                "found boxes": len(data.found),
                "classes": chosen.classes,
                "replicates": len(replicates_of(data)),
                "rounds": chosen.rounds,
            },
            seeds=[0],
            columns=["what", "seconds", "median (range)"],
            rows=rows,
            data="drawn by chance; nothing downloaded",
            average_precision=ap.record(),
        )


if __name__ == "__main__":
    main()
