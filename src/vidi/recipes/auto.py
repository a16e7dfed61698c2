"""Tries what fits the task, the size and the budget, and keeps what measured best on the validation split."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vidi.core.card import Card
from vidi.core.job import Fitted, Job
from vidi.core.task import DenseTask

CARD = Card(
    title="Automatic choice",
    idea="A linear probe first, because it costs seconds; then what the budget allows; the best on validation is kept.",
    differs="Nothing is guessed from rules alone: rules choose what is tried, measured validation chooses what stays.",
    serves=("classification", "multilabel", "detection", "instances", "segmentation"),
)

SCRATCH_FROM = 20_000  # training images; with fewer, pretrained features won in every trial of ours
TAIL_SECONDS = 25.0  # below this a tail gets too few steps to beat the probe


def candidates(train: int, median_px: float, seconds_left: float) -> list[tuple[str, str]]:
    """What to try after the probe, each with why."""
    chosen = []
    if train >= SCRATCH_FROM and median_px <= 64 and seconds_left >= 300:
        chosen.append(("scratch", f"{train:,} small training images are enough to learn from random weights"))
    if not chosen and seconds_left >= TAIL_SECONDS and train >= 50:
        chosen.append(
            ("tail", f"{train:,} training images and the time left allow the last stages to be trained")
        )
    return chosen


USUAL = {"detection": "yolo", "instances": "mask_rcnn", "segmentation": "lraspp"}


SIDE_PX, LARGER_PX = 320, 448
LARGER_SECONDS = 600  # hundreds of steps on two slow cores: with fewer, smaller images learn more
SMALL_PX = 16.0  # an object of this side has two places of the finest map across it
DEEP_FROM, DEEP_SECONDS = 4_000, 1.0  # training images, and time for each, from which more stages are trained


def usual(job: Job) -> Fitted:
    """The fast one of the recipes that serve a task whose answers lie on the image, as its size and budget want it."""
    name = USUAL[job.task.name]
    rows = job.dataset.where("train")
    chosen = job.folder.decide(
        "options", lambda: options_for(name, object_side(job, rows), len(rows), job.budget.left)
    )
    fitted = job.recipes[name](job, **{option: value for option, value, _ in chosen})
    said = f"auto took {name}: the fastest of the recipes for {job.task.name}, and the one that learns from few images"
    return replace(fitted, reasons=(said, *(why for _, _, why in chosen), *fitted.reasons))


def options_for(
    name: str, side: float | None, images: int, seconds_left: float
) -> list[tuple[str, int, str]]:
    """What differs from the recipe's defaults: an option, its value, and why."""
    found = []
    if name == "yolo" and side is not None and side < SMALL_PX and seconds_left > max(LARGER_SECONDS, images):
        why = f"a quarter of the objects are less than {side:.0f} px wide at {SIDE_PX} px, and there is time for more"
        found.append(("size_px", LARGER_PX, f"size {LARGER_PX} px: {why}"))
    if images >= DEEP_FROM and seconds_left > DEEP_SECONDS * images:
        why = (
            f"{images:,} training images are enough to change more than the last stages, and there is time to"
        )
        found.append(("frozen", 8, f"only the stages up to stride 8 stay as they came: {why}"))
    return found


def object_side(job: Job, rows: NDArray[np.int64]) -> float | None:
    """The side in pixels, at the usual size, that a quarter of the training objects stay under; None without any."""
    if job.dataset.scheme is None or job.task.name == "segmentation":
        return None
    every = job.dataset.annotations()
    mine = np.isin(every.image, rows)
    image = every.image[mine]
    sides = np.stack([job.dataset.column("width"), job.dataset.column("height")], axis=1).astype(float)[image]
    share = (every.boxes[mine, 2:] - every.boxes[mine, :2]) / sides
    return float(np.quantile(SIDE_PX * np.sqrt(share.prod(axis=1)), 0.25)) if len(share) else None


def recipe(job: Job, *, network: str = "lite0", size_px: int = 128) -> Fitted:
    """The best of several recipes on the validation split.

    network: the pretrained network that the candidates share
    size_px: the side images are resized to, in pixels
    """
    if isinstance(job.task, DenseTask):
        return usual(job)
    shared = {"network": network, "size_px": size_px}
    rows = job.dataset.where("train")
    probe = job.recipes["probe"](job, **shared)
    tried = [(probe, "it costs seconds")]
    said = [f"probe was tried because it costs seconds: {_percent(probe.validation)} on validation"]
    median = float(sorted(job.dataset.column("height"))[len(job.dataset) // 2])
    plan = job.folder.decide("candidates", lambda: candidates(len(rows), median, job.budget.left))
    for name, why in plan:
        fitted = job.recipes[name](job, **(shared if name != "scratch" else {}))
        tried.append((fitted, why))
        said.append(f"{name} was tried because {why}: {_percent(fitted.validation)} on validation")
    if not plan:
        said.append(
            f"nothing else was tried: {job.budget.left:.0f} s were left for {len(rows):,} training images"
        )
    best = max((fitted for fitted, _ in tried), key=lambda fitted: fitted.validation or 0.0)
    if len(tried) > 1:
        said.append(f"auto chose {best.recipe}: the best on validation")
    return replace(
        best,
        reasons=(*said, *best.reasons),
        decisions={"tried": {fitted.recipe: fitted.validation for fitted, _ in tried}, **best.decisions},
    )


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{100 * value:.1f} %"
