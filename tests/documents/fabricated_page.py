"""A run in which every section of the page has something to show; nothing was trained."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from fabricated_run import fabricate, fabricate_audit, results_of, wilson

from vidi.core.measured import Measured
from vidi.core.run_folder import RunFolder

LABELS = tuple("0123456789")
CORRUPTIONS = ("fog", "gaussian_noise", "motion_blur")


def fabricate_page(folder: Path, labels: tuple[str, ...] = LABELS) -> RunFolder:
    """Predictions behind every cell, silence, sets, unfamiliar images, groups, corruptions, checks of the data."""
    change = {**trust(), "check": check()}
    run = fabricate(folder, labels=labels, change=change)
    predictions(run, labels)
    audit = fabricate_audit(run)
    content = json.loads((audit / "results.json").read_text(encoding="utf-8"))
    content |= {"robustness": robustness(), "slices": slices(), "small": [["sex=other", 3]]}
    (audit / "manifest.json").unlink()
    (audit / "results.json").write_text(json.dumps(content), encoding="utf-8")
    return run


def predictions(run: RunFolder, labels: tuple[str, ...]) -> None:
    """predictions.parquet that counts up to the confusion matrix."""
    pairs = [
        (row, column)
        for row, line in enumerate(results_of(labels)["confusion"])
        for column, count in enumerate(line)
        for _ in range(count)
    ]
    columns: dict[str, list[object]] = {
        "id": [f"example-{place}" for place in range(len(pairs))],
        "path": [f"{labels[row]}/IMG_{place}.JPG" for place, (row, _) in enumerate(pairs)],
        "truth": [labels[row] for row, _ in pairs],
        "prediction": [labels[column] for _, column in pairs],
    }
    for number, label in enumerate(labels):
        columns[f"p({label})"] = [
            0.5 + 0.4 * (place % 7) / 7 if column == number else 0.01
            for place, (_, column) in enumerate(pairs)
        ]
    pq.write_table(pa.table(columns), run.path / "predictions.parquet")


def trust() -> dict[str, object]:
    curve = [
        {
            "coverage": c / 20,
            "risk": 0.08 * (c / 20) ** 2,
            "low": 0.0,
            "high": 0.2 * c / 20,
            "threshold": 1 - c / 40,
        }
        for c in range(1, 21)
    ]
    chosen = [
        wilson("answered at promised risk 0.05", 300, 410),
        wilson("errors at promised risk 0.05", 6, 300),
    ]
    covered = [
        wilson("set coverage", 371, 410),
        Measured("mean set size", 1.21, 1.1, 1.3, 410, "b", unit="labels"),
    ]
    strange = [wilson("flagged as unfamiliar", 20, 410), wilson("accuracy on the flagged", 15, 20)]
    return {
        "selective": {"curve": curve, "measured": [m.record() for m in chosen]},
        "conformal": {
            "alpha": 0.1,
            "threshold": 0.7,
            "n_calibration": 210,
            "range": [0.86, 0.94],
            "sizes": {"1": 330, "2": 80},
            "measured": [m.record() for m in covered],
            "sentence": "The sets hold it.",
        },
        "familiarity": {
            "threshold": 0.8,
            "measured": [m.record() for m in strange],
            "flagged": [{"id": "w1", "path": "a/strange.jpg", "score": 0.91}],
        },
    }


def robustness() -> dict[str, object]:
    accuracy = [
        wilson("accuracy", 380 - 30 * severity, 410, of=f"{name}, severity {severity}").record()
        for name in CORRUPTIONS
        for severity in range(1, 6)
    ]
    errors = [wilson("corruption error", 90, 410, of=name).record() for name in CORRUPTIONS]
    clean, mean = wilson("accuracy", 380, 410).record(), wilson("mean corruption error", 90, 410).record()
    return {"clean": clean, "accuracy": accuracy, "corruption_error": errors, "mean": mean, "size_px": 128}


def slices() -> list[dict[str, object]]:
    apart = Measured("difference", -0.2, -0.3, -0.1, 410, "Newcombe", unit="difference")
    return [
        {
            "name": "darkest fifth",
            "attribute": "brightness",
            "n": 82,
            "measured": wilson("accuracy", 60, 82).record(),
            "difference": apart.record(),
            "p": 0.001,
            "adjusted": 0.01,
            "flagged": True,
            "examples": [],
        }
    ]


def check() -> dict[str, object]:
    pair = {"a": "w1", "b": "h1", "path_a": "a/1.jpg", "path_b": "b/2.jpg", "kind": "near", "distance": 0.1}
    pair |= {"split_a": "train", "split_b": "test", "target_a": "1", "target_b": "7"}
    suspect = {"id": "w2", "path": "a/3.jpg", "split": "train", "given": "1", "suggested": "7", "score": 0.02}
    shortcut = {
        "name": "border",
        "what": "the outermost pixels",
        "measured": wilson("balanced accuracy", 90, 410).record(),
    }
    shortcut |= {
        "chance": 0.1,
        "p": 0.001,
        "adjusted": 0.01,
        "flagged": True,
        "sentence": "The border tells.",
    }
    return {
        "duplicates": {"exact": 0, "near": 1, "pairs": [pair]},
        "label_errors": {
            "count": 1,
            "suspects": [suspect],
            "sentence": "An estimated 2 % of labels are wrong.",
        },
        "shortcuts": [shortcut],
        "outliers": [{"id": "h2", "path": "a/4.jpg", "score": 0.9, "reason": "far from all others"}],
    }
