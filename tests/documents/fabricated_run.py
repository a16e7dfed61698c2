"""A run folder made by hand, in the schemas that the verbs write; nothing was trained."""

import io
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vidi.audits import groups
from vidi.core.answers import Answers
from vidi.core.measured import Measured
from vidi.core.run_folder import RunFolder

HOSTILE = '<script>alert("1")</script>'


def wilson(name: str, right: float, n: int, of: str = "") -> Measured:
    """The Wilson score interval, 95 %."""
    z, p = 1.959964, right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Measured(name, p, max(0.0, middle - half), min(1.0, middle + half), n, "Wilson", of=of)


def confusion_of(count: int, each: int, generator: np.random.Generator) -> list[list[int]]:
    matrix = np.zeros((count, count), dtype=int)
    for row in range(count):
        right = generator.binomial(each, 0.91)
        matrix[row, row] = right
        for _ in range(each - right):
            matrix[row, (row + generator.choice([1, 1, 1, 2, 5])) % count] += 1
    return matrix.tolist()


def per_label(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> list[Measured]:
    table = np.array(matrix)
    found: list[Measured] = []
    for index, label in enumerate(labels):
        right, called, true = table[index, index], table[:, index].sum(), table[index].sum()
        found += [
            wilson("precision", right, max(int(called), 1), label),
            wilson("recall", right, max(int(true), 1), label),
        ]
        f1 = 2 * right / max(called + true, 1)
        low, high = max(0.0, f1 - 0.07), min(1.0, f1 + 0.05)
        found.append(Measured("F1", f1, low, high, int(true), "bootstrap, 1,000 replicates", of=label))
    return found


def results_of(labels: Sequence[str], *, each: int = 41, split: str = "test") -> dict[str, Any]:
    generator = np.random.default_rng(0)
    matrix = confusion_of(len(labels), each, generator)
    n = sum(map(sum, matrix))
    right = sum(matrix[index][index] for index in range(len(labels)))
    bootstrap = "bootstrap, 1,000 replicates, images of one student together"
    measured = [
        wilson("accuracy", right, n),
        Measured("balanced accuracy", right / n - 0.002, right / n - 0.03, right / n + 0.024, n, bootstrap),
        Measured("F1", 0.92, 0.891, 0.943, n, bootstrap, note="mean over the labels"),
        Measured("AUROC", 0.991, 0.984, 0.996, n, bootstrap),
        *(Measured("AUROC", 0.99, 0.98, 0.997, each, "DeLong", of=label) for label in labels),
        Measured("log loss", 0.312, 0.248, 0.391, n, bootstrap, unit="nats"),
        Measured("Brier score", 0.131, 0.104, 0.162, n, bootstrap, unit="squared error"),
        Measured(
            "calibration error, equal width", 0.021, math.nan, math.nan, n, "15 bins", note="biased upward"
        ),
        *per_label(matrix, labels),
    ]
    bins = []
    for index in range(10):
        low, count = index / 10, int([0, 0, 3, 8, 11, 14, 19, 24, 41, 292][index])
        confidence = low + 0.06
        accuracy = min(
            1.0, max(0.0, confidence + [0, 0, 0.1, -0.08, 0.06, -0.03, 0.02, -0.04, 0.01, 0.005][index])
        )
        bins.append(
            {
                "low": low,
                "high": low + 0.1,
                "n": count,
                "confidence": confidence if count else None,
                "accuracy": accuracy if count else None,
            }
        )
    wrong = [
        {
            "id": f"w{index}",
            "path": f"{labels[index % len(labels)]}/IMG_{1118 + index}.JPG",
            "truth": labels[index % len(labels)],
            "prediction": labels[(index + 1) % len(labels)],
            "probability": 0.99 - 0.03 * index,
        }
        for index in range(12)
    ]
    hits = [
        entry | {"id": f"h{i}", "prediction": entry["truth"], "probability": 0.9999}
        for i, entry in enumerate(wrong)
    ]
    counts = {
        label: {"train": 130 + index, "validation": 21, "test": each} for index, label in enumerate(labels)
    }
    examples = sum(sum(row.values()) for row in counts.values())
    return {
        "task": "classification",
        "labels": list(labels),
        "split": split,
        "n": n,
        "network": "efficientnet_lite",
        "recipe": "tail",
        "measured": [entry.record() for entry in measured],
        "baselines": [
            {
                "name": "majority class",
                "what": "always says the most frequent label of the training split",
                "measured": [wilson("accuracy", each, n).record()],
            },
            {
                "name": "k-NN",
                "what": "the label of the five nearest training images by frozen features",
                "measured": [wilson("accuracy", round(0.83 * n), n).record()],
            },
        ],
        "confusion": matrix,
        "reliability": bins,
        "calibration": {
            "temperature": 1.31,
            "n": 210,
            "split": "validation",
            "log_loss_before": 0.341,
            "log_loss_after": 0.298,
        },
        "mistakes": {
            "most_certain": wrong,
            "least_certain": [
                entry | {"id": f"l{i}", "probability": 0.31 + i / 100} for i, entry in enumerate(wrong)
            ],
            "surest_hits": hits,
        },
        "inference": {
            "engine": "openvino",
            "precision": "bf16",
            "compared": 64,
            "same_answer_as_fp32": 63,
            "largest_difference": 0.013,
            "images_per_second": 1409.0,
        },
        "data": {
            "name": "sign_digits",
            "root": "photos",
            "layout": "folder per class",
            "examples": examples,
            "counts": counts,
            "exact_duplicates": 2,
            "near_duplicates": 17,
            "group": "student",
            "fingerprint": "9f2d0837a1cdb1b2a009c5542dff8c61703c91cc48a5a16ad8352ea7bd1c0a55",
            "attributes": ["student", "camera"],
            "columns": {"image": "file_name", "target": "digit"},
            "sizes": {"width": [100, 100, 640], "height": [100, 100, 480]},
            "remarks": [
                *(
                    {"kind": "unreadable", "where": f"3/broken_{i}.jpg", "what": "the file is cut short"}
                    for i in range(3)
                ),
                {
                    "kind": "conflicting labels",
                    "where": "2/a.jpg, 3/b.jpg",
                    "what": "the same image has two labels",
                },
                {"kind": "alpha channel", "where": "9/shadow.png", "what": "laid on white"},
            ],
            "remark_counts": {"unreadable": 3, "conflicting labels": 1, "alpha channel": 24},
        },
        "reasons": [
            "auto chose tail because it reached 0.930 on validation in the time given, where the probe reached 0.905.",
        ],
        "time": {
            "total_seconds": 117.4,
            "stages": {"scan": 2.1, "features": 14.2, "train": 92.0, "evaluate": 4.1},
        },
        "validation": 0.93,
    }


def recipe_record() -> dict[str, Any]:
    return {
        "recipe": "auto",
        "minutes": 2.0,
        "options": {"learning_rate": 0.003, "augment": True, "group": None},
        "command": "vidi train photos/ --group student --minutes 2",
        "seed": 0,
        "data": {"path": "photos", "fingerprint": "9f2d0837"},
        "machine": {"system": "Linux", "cpu": "AMD EPYC 9B45", "processors": 2, "native_bf16": True},
        "versions": {"python": "3.11.9", "vidi": "0.1.0", "torch": "2.13.0"},
        "created": "2026-11-22T10:00:00+00:00",
        "network": {"name": "efficientnet_lite", "options": {"classes": 10}},
        "decisions": {},
    }


def history_lines(steps: int = 400) -> list[dict[str, float]]:
    generator = np.random.default_rng(1)
    lines: list[dict[str, float]] = []
    for step in range(2, steps + 1, 2):
        loss = 0.28 + 2.0 * math.exp(-step / 60) + 0.05 * generator.standard_normal()
        accuracy = min(1.0, 0.96 - 0.8 * math.exp(-step / 50) + 0.02 * generator.standard_normal())
        lines.append(
            {"step": step, "epoch": step / 20, "loss": loss, "accuracy": accuracy, "learning_rate": 0.003}
        )
        if step % 40 == 0:
            held_out = {"validation_loss": 0.33 + 1.8 * math.exp(-step / 70)}
            held_out["validation_accuracy"] = 0.93 - 0.7 * math.exp(-step / 60)
            lines.append({"step": step, **held_out})
    return lines


def fabricate(
    folder: Path,
    *,
    labels: Sequence[str] = tuple("0123456789"),
    history: bool = True,
    change: dict[str, Any] | None = None,
) -> RunFolder:
    """A run folder in `folder` with everything the papers read; `change` replaces keys of results.json."""
    folder.mkdir(parents=True, exist_ok=True)
    run = RunFolder(folder)
    run.write("results.json", "results", results_of(labels) | (change or {}))
    run.write("recipe.json", "recipe", recipe_record())
    run.write(
        "model.json", "model", {"labels": list(labels), "preprocessing": {"size_px": 128, "fit": "squash"}}
    )
    if history:
        lines = "".join(json.dumps(line) + "\n" for line in history_lines())
        (folder / "history.jsonl").write_text(lines, encoding="utf-8")
    return run


def hostile(folder: Path) -> RunFolder:
    """A run whose every name, label and remark tries to be markup."""
    labels = (HOSTILE, "a|b `c` ](http://x)", '"><img src=x onerror=alert(1)>', "\u202e{{ 7*7 }}\n# x")
    results = results_of(labels)
    for entries in results["mistakes"].values():
        for entry in entries:
            entry["path"] = f"{HOSTILE}/\x00{HOSTILE}.jpg"
    remarks = [{"kind": HOSTILE, "where": HOSTILE, "what": HOSTILE + "\n\n# heading"}]
    results["data"] |= {
        "name": HOSTILE,
        "group": HOSTILE,
        "attributes": [HOSTILE],
        "columns": {"image": HOSTILE},
    }
    results["data"] |= {"remarks": remarks, "remark_counts": {HOSTILE: 1}, "layout": HOSTILE}
    results["baselines"][0] |= {"name": HOSTILE, "what": HOSTILE}
    results["reasons"] = [HOSTILE]
    run = fabricate(folder, labels=labels, change=results)
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    recipe |= {
        "command": f"vidi train {HOSTILE}",
        "options": {HOSTILE: HOSTILE},
        "license": f"x\nevil: {HOSTILE}",
    }
    run.write("recipe.json", "recipe", recipe)
    return run


def fabricate_audit(run: RunFolder, *, by: Sequence[str] = ("sex", "skin"), seed: int = 0) -> Path:
    """An audit in the run: its held-out answers, drawn anew with more mistakes where both attributes say so."""
    generator = np.random.default_rng(seed)
    n, labels = 410, ("a", "b")
    answers = Answers(
        truth=generator.integers(0, 2, n),
        prediction=np.zeros(n, np.int64),
        labels=labels,
        attributes={
            name: generator.choice(np.array(values, dtype=object), n)
            for name, values in zip(by, (("female", "male"), ("darker", "lighter")), strict=True)
        },
        where="sign_digits",
    )
    both = (answers.attributes[by[0]] == "female") & (answers.attributes[by[1]] == "darker")
    wrong = generator.random(n) < np.where(both, 0.4, 0.05)
    answers = replace(answers, prediction=np.where(wrong, 1 - answers.truth, answers.truth))
    found = groups.audit(answers, by=list(by), seed=seed)
    demand = next(m for m in found.measured if m.name == f"gap(accuracy, {', '.join(by)})")
    claim = {"requirement": f"{demand.name} <= 0.05", "verdict": "fails", "measured": demand.record()}
    folder = RunFolder.create(run.path / "audits", "sign_digits", today=date(2026, 11, 23))
    folder.write(
        "results.json",
        "audit",
        {
            "of": answers.where,
            "n": n,
            "labels": list(labels),
            "by": list(by),
            "positive": found.positive,
            "claims": [claim],
            "measured": [wilson("accuracy", int(answers.correct.sum()), n).record()],
            "groups": [m.record() for m in found.measured],
            "small": [list(pair) for pair in found.small],
            "smallest": found.smallest,
            "sentences": list(found.sentences),
            "remarks": [],
        },
    )
    folder.seal()
    return folder.path


def thumbnail(name: str) -> bytes | None:
    """A small JPEG whose colour depends on the name; one name has no picture, and no example has a map."""
    if name == "w3" or name.startswith("map of "):
        return None
    colour = tuple(40 + (sum(name.encode()) * step) % 180 for step in (7, 13, 29))
    stream = io.BytesIO()
    Image.new("RGB", (48, 48), colour).save(stream, "JPEG")
    return stream.getvalue()
