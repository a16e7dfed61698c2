"""Coloured squares on noise with boxes, outlines and class maps: a job for recipes that answer on the image."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from vidi import catalog
from vidi.core.annotations import Annotation, Category, Instance, Scheme
from vidi.core.dataset import Dataset, Listing
from vidi.core.job import Budget, Job
from vidi.core.progress import Quiet
from vidi.core.run_folder import RunFolder
from vidi.data.listing import example
from vidi.data.pixels import DatasetPixels
from vidi.data.scan import scan
from vidi.data.store import Cache
from vidi.evaluation.features import FeaturePass

LABELS = ("blue", "red")
COLOURS = ((40, 60, 220), (220, 50, 40))
TASKS = ("detection", "instances", "segmentation")
SIDE = 64


def drawn_image(number: int, side: int = SIDE) -> tuple[np.ndarray, np.ndarray, list[Instance]]:
    """A picture, its class map (2 is the ground) and its one or two objects, which do not overlap."""
    random = np.random.default_rng(number)
    image = random.normal(128, 20, (side, side, 3))
    classes = np.full((side, side), 2, np.uint8)
    objects = []
    for half in range(1 + number % 2):
        label, size = int(random.integers(2)), int(random.integers(side // 4, side // 2 - 2))
        top = int(random.integers(0, side - size))
        left = half * side // 2 + int(random.integers(0, side // 2 - size + 1))
        image[top : top + size, left : left + size] += np.array(COLOURS[label]) - 128
        classes[top : top + size, left : left + size] = label
        corners = (left, top, left + size, top + size)
        x1, y1, x2, y2 = corners
        objects.append(Instance(LABELS[label], corners, polygons=((x1, y1, x2, y1, x2, y2, x1, y2),)))
    return image.clip(0, 255).astype(np.uint8), classes, objects


def dense_dataset(root: Path, task: str, count: int = 20) -> Dataset:
    """60 % train, 20 % validation, 20 % test."""
    rows, names = [], (*LABELS, "ground") if task == "segmentation" else LABELS
    for number in range(count):
        image, classes, objects = drawn_image(number)
        Image.fromarray(image).save(root / f"{number}.png")
        Image.fromarray(classes).save(root / f"map-{number}.png")
        drawn = Annotation(mask=f"map-{number}.png") if task == "segmentation" else Annotation(tuple(objects))
        there = "|".join(names[value] for value in np.unique(classes)) if task == "segmentation" else ""
        split = ("train", "train", "train", "validation", "test")[number % 5]
        rows.append(example(f"{number}.png", target=there, split=split) | {"annotation": drawn})
    categories = tuple(Category(name, value) for value, name in enumerate(names))
    mask = "index" if task == "segmentation" else None
    tasks = ("segmentation",) if task == "segmentation" else ("detection", "instances")
    listing = Listing(root, "made", rows, scheme=Scheme(categories, tasks, mask=mask))
    return scan(listing, name="squares", task=task, fewest_labels=1)


def dense_job(
    folder: Path, task: str, *, count: int = 20, seed: int = 0, budget: Budget | None = None
) -> Job:
    """A job on drawn images that writes into `folder / "run"`."""
    (folder / "run").mkdir(parents=True)
    dataset = dense_dataset(folder, task, count)
    cache = Cache(folder / "cache")
    pixels = DatasetPixels(dataset, cache, Quiet())
    return Job(
        dataset=dataset,
        task=catalog.load("tasks", task).TASK,
        pixels=pixels,
        features=FeaturePass(dataset, pixels, cache.store, Quiet()),
        build=catalog.network,
        folder=RunFolder(folder / "run"),
        budget=budget or Budget(),
        seed=seed,
        recipes={name: catalog.recipe(name) for name in catalog.cards("recipes") if name != "auto"},
        checkpoint_seconds=1e9,
    )


def without_validation(job: Job) -> Job:
    import pyarrow as pa

    split = ["train" if text == "validation" else text for text in job.dataset.column("split")]
    return replace(job, dataset=job.dataset.with_column("split", pa.array(split)))
