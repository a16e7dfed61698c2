"""Tries what fits the task, the size and the budget, and keeps what measured best on the validation split."""

from dataclasses import replace

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


def usual(job: Job) -> Fitted:
    """The fast one of the recipes that serve a task whose answers lie on the image."""
    name = USUAL[job.task.name]
    fitted = job.recipes[name](job)
    said = f"auto took {name}: the fastest of the recipes for {job.task.name}, and the one that learns from few images"
    return replace(fitted, reasons=(said, *fitted.reasons))


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
