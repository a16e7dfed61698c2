"""How many of the labels that people got wrong does `audit.label_errors` name, and how many of its names are right?

    python benchmarks/label_errors.py --data DIR [--images 5000] [--labels aggre_label,random_label1,worse_label]

DIR holds cifar10_ordered and label_noise (default: $VIDI_DATA). The images are the first of each class of CIFAR-10's
training images, their labels those that people gave them anew (CIFAR-10N); a label counts as wrong where it is not
CIFAR-10's own. Features are the embedded network's, out of vidi.load; copies that it finds stay together.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import vidi
from report import CIFAR10, CLASSES, cifar10, data_folder, log, write
from vidi.audits.label_errors import audit
from vidi.data.store import Cache
from vidi.evaluation.features import weights_key
from vidi.ops.confident import FILTERS, label_issues
from vidi.ops.intervals import wilson
from vidi.training.folds import out_of_fold
from vidi.verbs.load import default_backbone

NOISY = ("aggre_label", "random_label1", "worse_label")
NOISE = "CIFAR-10N (Wei et al. 2022, arXiv:2110.12088), labels by people; CC BY-NC 4.0"


def subset(labels: np.ndarray, images: int) -> np.ndarray:
    """The places of the first images / 10 of each class."""
    return np.sort(np.concatenate([np.flatnonzero(labels == number)[: images // 10] for number in range(10)]))


def features(source: Path, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Features of these training images, a number for each that copies share, and the seconds it took."""
    images, labels = cifar10(source, "train")
    with tempfile.TemporaryDirectory(prefix="vidi-bench-label-errors-") as place:
        root = Path(place) / "images"
        for row in rows:
            folder = root / CLASSES[labels[row]]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{row:05}.jpg").write_bytes(images[row])
        began = time.perf_counter()
        loaded = vidi.load(root, similar=True, cache=Cache(Path(place) / "cache"))
        backbone = default_backbone()
        found = np.array(loaded.features(backbone, weights_key(backbone), np.arange(len(loaded))))
        seconds = time.perf_counter() - began
        names = [int(Path(path).stem) for path in loaded.dataset.column("path")]
    order = np.argsort(names)
    if [names[number] for number in order] != rows.tolist():
        raise SystemExit("vidi.load did not return every image that was written")
    return found[order], loaded.duplicates.cluster[order], seconds


def judged(
    name: str, x: np.ndarray, given: np.ndarray, clean: np.ndarray, group: np.ndarray
) -> dict[str, Any]:
    """One labelling: what each filter names of it, and the estimated share of wrong labels beside the true one."""
    wrong = given != clean
    began = time.perf_counter()
    found = audit(x, given, labels=CLASSES, ids=np.arange(len(x)), group=group)
    seconds = time.perf_counter() - began
    named = np.array([int(suspect.id) for suspect in found.suspects], dtype=np.int64)
    probability = out_of_fold(x, given, classes=10, group=group)
    chosen = {
        "audit": np.isin(np.arange(len(x)), named),
        "audit, its first quarter": np.isin(np.arange(len(x)), named[: len(named) // 4]),
    } | {by: label_issues(probability, given, by=by) for by in FILTERS}
    row = {
        "labels": name,
        "n": len(x),
        "wrong": float(wrong.mean()),
        "estimated": found.share.record(),
        "accuracy_of_probe": float((probability.argmax(axis=1) == clean).mean()),
        "suggestions_right": share([CLASSES.index(s.suggested) == clean[int(s.id)] for s in found.suspects]),
        "seconds": round(seconds, 1),
        "found": {by: scored(mask, wrong) for by, mask in chosen.items()},
    }
    log(str(row))
    return row


def share(hits: Sequence[bool]) -> list[float]:
    """Value, low, high."""
    count = int(np.sum(hits))
    return [count / max(len(hits), 1), *wilson(count, len(hits))]


def scored(named: np.ndarray, wrong: np.ndarray) -> dict[str, Any]:
    """Recall, precision (each with Wilson's interval) and how many were named."""
    return {
        "named": int(named.sum()),
        "recall": share(named[wrong].tolist()),
        "precision": share(wrong[named].tolist()),
    }


def said(three: Sequence[float]) -> str:
    return f"{three[0]:.3f} ({three[1]:.3f}–{three[2]:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a folder that holds cifar10_ordered and label_noise")
    parser.add_argument("--images", type=int, default=5000, help="how many images, a tenth of each class")
    parser.add_argument("--labels", default=",".join(NOISY), help="which of CIFAR-10N's labellings")
    parser.add_argument("--dry", action="store_true", help="print only; leave results/ as it is")
    chosen = parser.parse_args()
    noise = np.load(data_folder(chosen.data, "label_noise") / "cifar10n_train.npz")
    clean = noise["clean_label"].astype(np.int64)
    rows = subset(clean, chosen.images)
    x, group, seconds = features(data_folder(chosen.data, "cifar10_ordered"), rows)
    log(f"features of {len(rows):,} images: {seconds:.1f} s")
    runs = [
        judged(name, x, noise[name].astype(np.int64)[rows], clean[rows], group)
        for name in chosen.labels.split(",")
    ]
    if chosen.dry:
        return
    table = [
        [
            run["labels"],
            f"{run['wrong']:.3f}",
            said([run["estimated"][key] for key in ("value", "low", "high")]),
            by,
            found["named"],
            said(found["recall"]),
            said(found["precision"]),
        ]
        for run in runs
        for by, found in run["found"].items()
    ]
    write(
        "label_errors",
        metric="recall and precision of suspected label errors, in labels given anew by people; Wilson's intervals",
        n={"images": len(rows)},
        seeds=[0],
        columns=["labels", "wrong", "estimated wrong", "filter", "named", "recall", "precision"],
        rows=table,
        data=f"{CIFAR10}. Labels: {NOISE}",
        runs=runs,
        seconds_for_features=round(seconds, 1),
    )


if __name__ == "__main__":
    main()
