"""Three easy classes drawn by program, as a job for recipes and as a folder for the command line."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from vidi import catalog
from vidi.core.dataset import Dataset
from vidi.core.job import Budget, Job
from vidi.core.progress import Quiet
from vidi.core.run_folder import RunFolder
from vidi.data.store import Cache
from vidi.evaluation.features import FeaturePass
from vidi.ops.resize import resize

LABELS = ("blue", "green", "red")
COLOURS = np.array([[40, 60, 200], [50, 180, 60], [210, 50, 40]])


def squares(per_class: int, *, size_px: int = 32, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures of a coloured square on grey, and which colour; classes take turns."""
    random = np.random.default_rng(seed)
    label = np.tile(np.arange(3), per_class)
    image = random.normal(128, 25, (len(label), size_px, size_px, 3))
    for picture, number in zip(image, label, strict=True):
        top, left = random.integers(0, size_px // 2, 2)
        picture[top : top + size_px // 2, left : left + size_px // 2] += COLOURS[number] - 128
    return image.clip(0, 255).astype(np.uint8), label


def write_folder(root: Path, per_class: int, *, size_px: int = 32, seed: int = 0) -> Path:
    """The same as PNG files in a folder for each class."""
    for number, (image, label) in enumerate(
        zip(*squares(per_class, size_px=size_px, seed=seed), strict=True)
    ):
        path = root / LABELS[label] / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return root


def drawn_dataset(per_class: int, *, size_px: int, multilabel: bool) -> tuple[Dataset, np.ndarray]:
    """60 % train, 20 % validation, 20 % test."""
    image, label = squares(per_class, size_px=size_px)
    n = len(image)
    target = [LABELS[number] for number in label]
    if multilabel:  # red things are warm; some pictures have no label
        target = [{"red": "red|warm", "green": "green", "blue": ""}[text] for text in target]
    split = np.array(["train", "train", "train", "validation", "test"])[np.arange(n) // 3 % 5]
    table = pa.table(
        {
            "id": [f"image-{number}" for number in range(n)],
            "path": [f"{number}.png" for number in range(n)],
            "hash": [hashlib.sha256(picture.tobytes()).hexdigest() for picture in image],
            "target": target,
            "split": split,
            "width": [size_px] * n,
            "height": [size_px] * n,
        }
    )
    labels = ("green", "red", "warm") if multilabel else LABELS
    task = "multilabel" if multilabel else "classification"
    return Dataset(name="drawn", root=Path(), layout="drawn", table=table, labels=labels, task=task), image


def drawn_job(
    folder: Path,
    *,
    per_class: int = 20,
    size_px: int = 32,
    multilabel: bool = False,
    seed: int = 0,
    budget: Budget | None = None,
    checkpoint_seconds: float = 1e9,
) -> Job:
    """A job on drawn images that writes into `folder`."""
    dataset, image = drawn_dataset(per_class, size_px=size_px, multilabel=multilabel)

    def pixels(rows: np.ndarray, *, size_px: int, fit: str = "squash") -> np.ndarray:
        if size_px == image.shape[1]:
            return image[rows]
        if not len(rows):
            return np.zeros((0, size_px, size_px, 3), np.uint8)
        return np.stack([resize(image[row], size_px=size_px, fit=fit) for row in rows])

    folder.mkdir(parents=True, exist_ok=True)
    return Job(
        dataset=dataset,
        task=catalog.load("tasks", dataset.task).TASK,
        pixels=pixels,
        features=FeaturePass(dataset, pixels, Cache().store, Quiet()),
        build=catalog.network,
        folder=RunFolder(folder),
        budget=budget or Budget(),
        seed=seed,
        recipes={name: catalog.recipe(name) for name in catalog.cards("recipes") if name != "auto"},
        checkpoint_seconds=checkpoint_seconds,
    )


def history(folder: Path) -> list[dict]:
    """The lines of history.jsonl; the one being written is left out."""
    lines = []
    path = folder / "history.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines
