"""How many faults planted in real annotations does `vidi check --against RUN` name?

    python benchmarks/object_errors.py --data DIR [--set bccd] [--run RUN] [--epochs 6] [--rate 0.1] [--seeds 5]

DIR holds the set (default: $VIDI_DATA). RUN is a run of detection on it; without, one is trained (minutes). It is asked
about the images it did not learn from, once; then a share of what is drawn there is left out, named otherwise, moved by
two fifths of its size, or drawn once more where nothing is, and the annotations are held against its answers.

What is named before anything was planted stands beside it: in bccd many red cells were never drawn.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import vidi
from report import data_folder, log, write
from vidi.audits.object_errors import ObjectErrors, Suspect, audit
from vidi.core.progress import Terminal
from vidi.core.run_folder import RunFolder
from vidi.data.drawn.detections import FAULTS, Fault
from vidi.data.found import FoundObjects
from vidi.ops.intervals import wilson
from vidi.verbs.against import Testimony, testimony
from vidi.verbs.witnesses import witnesses

NAMES = {"spurious": "not found"}  # what a fault is called by who finds it
SOURCES = {
    "bccd": "BCCD (Shenggan and Nicolas Chen), MIT: blood cells, red ones known to be under-annotated",
    "raccoon": "Raccoon (Dat Tran), MIT",
}


def overlap(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of one box with each of the others."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    return shared / ((box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - shared)


def elsewhere(box: np.ndarray, there: FoundObjects, random: np.random.Generator) -> np.ndarray | None:
    """The box moved to where it touches nothing that is drawn; None if a hundred tries find no such place."""
    side, (height, width) = box[2:] - box[:2], there.image_hw
    for _ in range(100):
        corner = random.uniform(0, np.maximum([width, height] - side, 1))
        moved = np.concatenate([corner, corner + side])
        if (overlap(moved, there.boxes) < 0.05).all():
            return moved
    return None


def spoiled(
    there: FoundObjects, image: int, labels: Sequence[str], rate: float, random: np.random.Generator
) -> tuple[FoundObjects, list[Fault]]:
    """One image's annotation with faults, and these."""
    boxes, names, faults = there.boxes.copy(), there.labels.copy(), list[Fault]()
    stays, added = np.ones(len(boxes), bool), list[tuple[np.ndarray, int]]()
    kinds = [kind for kind in FAULTS if kind != "mislabelled" or len(labels) > 1]
    for row in np.flatnonzero(random.random(len(boxes)) < rate).tolist():
        kind, box = kinds[int(random.integers(len(kinds)))], there.boxes[row]
        if kind == "missing":
            stays[row] = False
        elif kind == "mislabelled":
            names[row] = (names[row] + 1 + random.integers(len(labels) - 1)) % len(labels)
        elif kind == "badly placed":
            box = boxes[row] = box + np.tile((box[2:] - box[:2]) * random.choice([-0.4, 0.4], 2), 2)
        elif (moved := elsewhere(box, there, random)) is not None:
            box = moved
            added.append((moved, int(names[row])))
        else:
            continue
        faults.append(Fault(kind, image, box))
    boxes = np.concatenate([boxes[stays], *(box[None] for box, _ in added)])
    names = np.concatenate([names[stays], np.array([name for _, name in added], np.int64)])
    uncounted = None
    if there.uncounted is not None:
        uncounted = np.concatenate([there.uncounted[stays], np.zeros(len(added), bool)])
    return replace(there, boxes=boxes, labels=names, uncounted=uncounted), faults


def named(told: Testimony, truth: Sequence[FoundObjects], seed: int) -> ObjectErrors:
    judgement = told.model.task.judge(told.found, truth, told.model.labels, seed=seed)
    return audit(judgement, ids=np.arange(len(truth)).astype(str))


def hit(fault: Fault, suspects: Sequence[Suspect]) -> bool:
    """Whether a suspect of the fault's kind lies where it does."""
    boxes = [
        each.box
        for each in suspects
        if each.id == str(fault.image) and each.kind == NAMES.get(fault.kind, fault.kind)
    ]
    return bool(boxes) and bool((overlap(fault.box, np.array(boxes)) >= 0.5).any())


def trial(told: Testimony, rate: float, seed: int) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Faults planted, faults named for what they are, and all that is named, by kind."""
    random = np.random.default_rng(seed)
    pairs = [
        spoiled(each, image, told.model.labels, rate, random)
        for image, each in enumerate(told.truth)
        if isinstance(each, FoundObjects)
    ]
    faults = [fault for _, some in pairs for fault in some]
    found = named(told, [truth for truth, _ in pairs], seed)
    right = Counter(fault.kind for fault in faults if hit(fault, found.suspects))
    return Counter(fault.kind for fault in faults), right, Counter(found.counts)


def rows_of(before: ObjectErrors, trials: Sequence[tuple[Counter[str], ...]]) -> list[list[Any]]:
    rows = []
    for kind in FAULTS:
        name = NAMES.get(kind, kind)
        planted, right = (sum(each[place][kind] for each in trials) for place in (0, 1))
        low, high = wilson(right, planted)
        mean = sum(each[2][name] for each in trials) / len(trials)
        recall = f"{right / max(planted, 1):.3f} ({low:.3f}–{high:.3f})"
        rows.append([kind, planted, recall, round(mean, 1), before.counts[name]])
    return rows


COLUMNS = ("fault", "planted", "recall", "named of this sort, mean", "named before planting")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a folder that holds the set")
    parser.add_argument("--set", default="bccd", help="the set's name")
    parser.add_argument("--run", type=Path, help="a run of detection on it; without, one is trained")
    parser.add_argument("--epochs", type=float, default=6.0, help="of that training")
    parser.add_argument("--rate", type=float, default=0.1, help="the share of objects with a fault")
    parser.add_argument("--seeds", type=int, default=5, help="how often faults are planted anew")
    chosen = parser.parse_args()
    loaded = vidi.load(data_folder(chosen.data, chosen.set), task="detection")
    with tempfile.TemporaryDirectory(prefix="vidi-bench-objects-") as place:
        run = chosen.run or vidi.train(loaded.path, recipe="yolo", epochs=chosen.epochs, out=place).folder
        told = testimony(loaded, witnesses(loaded, [run]), say=Terminal())
        quality = {
            m["name"]: m["value"] for m in RunFolder(run).read("results.json", "results")["measured"][:2]
        }
    before = named(told, [each for each in told.truth if isinstance(each, FoundObjects)], 0)
    trials = [trial(told, chosen.rate, seed) for seed in range(chosen.seeds)]
    log(f"{before.sentences}; {trials}")
    write(
        "object_errors" if chosen.set == "bccd" else f"object_errors_{chosen.set}",
        metric="recall of faults planted in annotations; Wilson's 95 % intervals",
        n={"images": len(told.rows), "objects": before.share.n, "rate": chosen.rate}
        | {name: round(value, 3) for name, value in quality.items()},
        seeds=list(range(chosen.seeds)),
        columns=COLUMNS,
        rows=rows_of(before, trials),
        data=SOURCES.get(chosen.set, chosen.set),
        before=before.share.record(),
    )


if __name__ == "__main__":
    main()
