"""How long does it take to evaluate 5,000 images with 50,000 boxes, and what do the intervals cost?

    python benchmarks/detection_metrics.py [--images 5000] [--boxes 50000] [--classes 20] [--rounds 3]

Objects and answers are drawn by chance (a model that finds most of them, moved a little, some twice, some misnamed, and
invents others), so that nothing needs to be downloaded. Peers in the same rounds: pycocotools and
faster-coco-eval, which vidi's values equal; both only give values, vidi's members also intervals from a bootstrap over
images for AP, AP50, AP75, each size, each class and recall. So many objects get fewer replicates than a small set does
(`ops.average_precision`): the result says how many.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from report import HERE, interleaved, log, middle, spread, write
from vidi.metrics.detection import (
    average_precision,
    average_recall,
    by_size,
    calibration,
    error_types,
    per_class,
)
from vidi.ops.average_precision import replicates_of
from vidi.ops.detected import Detected, Objects

sys.path.insert(0, str(HERE / "peers"))
import coco_library

SIDE = 640
PEERS = {"faster-coco-eval": coco_library.faster, "pycocotools": coco_library.reference}
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


def average(found: coco_library.Evaluated) -> float:
    """AP: the mean over labels and overlaps, for objects of all sizes."""
    return float(np.nanmean(found.precision[:, :, 0]))


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

    def peer(name: str) -> Callable[[], float]:
        def job() -> float:
            data = fresh()
            return seconds(lambda: found.update({name: average(PEERS[name](data))}))

        return job

    rates = {
        "AP, AP50, AP75 with intervals": members("AP, AP50, AP75"),
        "all of COCO's numbers with intervals": members("AP, AP50, AP75", "AR", "by size", "per class"),
        "and calibration and sorts of errors": members(*MEMBERS),
    } | {f"{name}, values alone": peer(name) for name in ({} if chosen.no_peer else PEERS)}
    measured = interleaved(rates, chosen.rounds)
    data = fresh()
    ap = average_precision.measure(data)[0]
    log(f"AP {ap}; {found}; {len(data.found):,} answers")
    for name, value in found.items():
        if abs(value - ap.value) > 1e-9:
            raise SystemExit(f"AP {ap.value} differs from that of {name}: {value}")
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
