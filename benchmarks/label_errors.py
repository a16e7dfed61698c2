"""How many of the labels that are wrong does `audit.label_errors` name, and how many of its names are right?

    python benchmarks/label_errors.py --data DIR [--images 5000] [--peers DIR]

DIR holds cifar10_ordered and label_noise (default: $VIDI_DATA). Two questions, of the first images of each class:

CIFAR-10N: labels that people gave CIFAR-10's training images anew; one is wrong where it is not CIFAR-10's own.
CIFAR-10H: CIFAR-10's own labels of its test images; one is wrong where most of about fifty people say another.
In the second, hardly one label in a hundred is wrong: what any method names is mostly what its probe mistakes.

Features are the embedded network's, out of vidi.load; copies that it finds stay together. With `--peers` cleanlab is
given the same probabilities, in the peers' environment (made if it is not there), and its names are compared.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import vidi
from folder_to_model import peers_python
from report import CIFAR10, CLASSES, HERE, cifar10, data_folder, log, run, write
from vidi.audits.label_errors import judged as suspects
from vidi.data.store import Cache
from vidi.evaluation.features import weights_key
from vidi.ops.confident import FILTERS, label_issues
from vidi.ops.intervals import wilson
from vidi.training.folds import out_of_fold
from vidi.verbs.load import default_backbone

NOISY = ("aggre_label", "random_label1", "worse_label")
NOISE = (
    "CIFAR-10N (Wei et al. 2022, arXiv:2110.12088), CC BY-NC 4.0, and CIFAR-10H (Peterson et al. 2019, "
    "arXiv:1908.07086), CC BY-NC-SA 4.0: labels by people"
)
PEER = HERE / "peers" / "cleanlab_issues.py"


def subset(labels: np.ndarray, images: int) -> np.ndarray:
    """The places of the first images / 10 of each class."""
    return np.sort(np.concatenate([np.flatnonzero(labels == number)[: images // 10] for number in range(10)]))


def features(source: Path, split: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Features of these images of a split, a number for each that copies share, and the seconds it took."""
    images, labels = cifar10(source, split)
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
    log(f"features of {len(rows):,} images: {seconds:.1f} s")
    return found[order], loaded.duplicates.cluster[order], seconds


@dataclass(frozen=True)
class Question:
    """One labelling of images with known features: the labels given, and those that count as right."""

    name: str
    features: np.ndarray
    group: np.ndarray
    given: np.ndarray
    clean: np.ndarray


def questions(data: Path | None, images: int) -> tuple[list[Question], float]:
    """CIFAR-10N's labellings and CIFAR-10H's, and the seconds that their features took."""
    noise, source = data_folder(data, "label_noise"), data_folder(data, "cifar10_ordered")
    n, h = (np.load(noise / f"{name}.npz") for name in ("cifar10n_train", "cifar10h_test"))
    clean = n["clean_label"].astype(np.int64)
    rows = subset(clean, images)
    x, group, seconds = features(source, "train", rows)
    asked = [
        Question(f"CIFAR-10N {name}", x, group, n[name].astype(np.int64)[rows], clean[rows]) for name in NOISY
    ]
    own = h["clean_label"].astype(np.int64)
    rows = subset(own, images)
    x, group, more = features(source, "test", rows)
    said = h["counts"].argmax(axis=1).astype(np.int64)
    asked.append(Question("CIFAR-10's own, against CIFAR-10H", x, group, own[rows], said[rows]))
    return asked, seconds + more


def judged(asked: Question) -> tuple[dict[str, Any], np.ndarray]:
    """What each filter names, the estimated share of wrong labels beside the true one, and the probabilities."""
    x, given, clean = asked.features, asked.given, asked.clean
    wrong = given != clean
    began = time.perf_counter()
    probability = out_of_fold(x, given, classes=10, group=asked.group)
    found = suspects(probability, given, labels=CLASSES, ids=np.arange(len(x)), group=asked.group)
    seconds = time.perf_counter() - began
    named = np.array([int(suspect.id) for suspect in found.suspects], dtype=np.int64)
    chosen = {
        "audit": np.isin(np.arange(len(x)), named),
        "audit, its first quarter": np.isin(np.arange(len(x)), named[: len(named) // 4]),
    } | {by: label_issues(probability, given, by=by) for by in FILTERS}
    row = {
        "labels": asked.name,
        "n": len(x),
        "wrong": float(wrong.mean()),
        "estimated": found.share.record(),
        "accuracy_of_probe": float((probability.argmax(axis=1) == clean).mean()),
        "suggestions_right": share([CLASSES.index(s.suggested) == clean[int(s.id)] for s in found.suspects]),
        "seconds": round(seconds, 1),
        "found": {by: scored(mask, wrong) for by, mask in chosen.items()},
    }
    log(str(row))
    return row, probability


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


def beside_cleanlab(
    peers: Path, asked: Sequence[Question], probabilities: Sequence[np.ndarray]
) -> dict[str, Any]:
    """By labelling and filter: how many cleanlab names, how many vidi names, and how many only one of them."""
    with tempfile.TemporaryDirectory(prefix="vidi-bench-cleanlab-") as place:
        arrays = {}
        for number, (one, probability) in enumerate(zip(asked, probabilities, strict=True)):
            arrays |= {f"{number}/given": one.given, f"{number}/probability": probability}
        np.savez(Path(place) / "asked.npz", **arrays)
        theirs = json.loads(run([peers_python(peers), PEER, Path(place) / "asked.npz"]).output)
    found: dict[str, Any] = {"version": theirs["cleanlab"]}
    for number, (one, probability) in enumerate(zip(asked, probabilities, strict=True)):
        found[one.name] = {}
        for by in FILTERS:
            named = set(np.flatnonzero(label_issues(probability, one.given, by=by)).tolist())
            other = set(theirs["found"][str(number)][by])
            found[one.name][by] = {"cleanlab": len(other), "vidi": len(named), "only one": len(named ^ other)}
    log(str(found))
    return found


def rows_of(run: Mapping[str, Any], cleanlab: Mapping[str, Any] | None) -> list[list[Any]]:
    """The table's rows of one labelling, a row for each filter."""
    estimated = said([run["estimated"][key] for key in ("value", "low", "high")])
    differ = {by: each["only one"] for by, each in cleanlab[run["labels"]].items()} if cleanlab else {}
    return [
        [
            run["labels"],
            f"{run['wrong']:.3f}",
            estimated,
            by,
            found["named"],
            said(found["recall"]),
            said(found["precision"]),
            differ.get(by),
        ]
        for by, found in run["found"].items()
    ]


COLUMNS = (
    "labels",
    "wrong",
    "estimated wrong",
    "filter",
    "named",
    "recall",
    "precision",
    "named by cleanlab or vidi alone",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a folder that holds cifar10_ordered and label_noise")
    parser.add_argument("--images", type=int, default=5000, help="of each question, a tenth of each class")
    parser.add_argument("--peers", type=Path, help="the peers' environment; without it cleanlab is not asked")
    chosen = parser.parse_args()
    asked, seconds = questions(chosen.data, chosen.images)
    runs, probabilities = zip(*(judged(one) for one in asked), strict=True)
    cleanlab = beside_cleanlab(chosen.peers, asked, probabilities) if chosen.peers else None
    write(
        "label_errors",
        metric="recall and precision of suspected label errors; Wilson's 95 % intervals",
        n={"images": chosen.images, "labellings": len(asked)},
        seeds=[0],
        columns=COLUMNS,
        rows=[row for each in runs for row in rows_of(each, cleanlab)],
        data=f"{CIFAR10}. Labels: {NOISE}",
        more_versions={"cleanlab": cleanlab["version"]} if cleanlab else None,
        runs=runs,
        cleanlab=cleanlab,
        seconds_for_features=round(seconds, 1),
    )


if __name__ == "__main__":
    main()
