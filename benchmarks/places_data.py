"""Images with what is drawn on them, as the peers of places.py take them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vidi.core.dataset import Dataset
from vidi.data.targets import Targets


def work_file(dataset: Dataset, task: str, place: Path, rows: Sequence[int], tests: Sequence[str]) -> Path:
    """`work.json` in the folder `place`: labels, training images with their targets, and paths of test images."""
    targets = Targets(dataset)
    content = {
        "labels": list(dataset.labels),
        "train": [_entry(dataset, targets, row, task, place) for row in rows],
        "test": [{"path": path} for path in tests],
    }
    (place / "work.json").write_text(json.dumps(content))
    return place / "work.json"


def _entry(dataset: Dataset, targets: Targets, row: int, task: str, place: Path) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": str(dataset.root / str(dataset.column("path")[row]))}
    if task == "segmentation":
        Image.fromarray(targets.semantic(row)).save(place / f"{row}.png")
        return entry | {"map": str(place / f"{row}.png")}
    boxes = targets.boxes(row)
    keep = ~(targets.crowd(row) | targets.difficult(row)) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    entry |= {"boxes": boxes[keep].tolist(), "labels": targets.labels(row)[keep].tolist()}
    if task == "instances":
        drawn = np.zeros(targets.image_hw(row), np.uint16)
        for number, mask in enumerate(targets.masks(row)[keep], start=1):
            drawn[mask] = number
        Image.fromarray(drawn).save(place / f"{row}.png")
        entry["masks"] = str(place / f"{row}.png")
    return entry
