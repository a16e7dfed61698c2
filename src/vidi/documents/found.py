"""Figures of found objects: precision against recall, what each sort of error costs; judged marks for drawings."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents.charts import figure, grid, whole_percent
from vidi.documents.drawn import MISSED, RIGHT, WRONG, Colour, Mark
from vidi.documents.svg import element, path, scale, ticks
from vidi.documents.text import Number, percent, percent_interval
from vidi.ops import masks
from vidi.ops.average_precision import FIFTY
from vidi.ops.detected import Detected, Objects
from vidi.ops.detection_errors import SORTS, errors_of
from vidi.ops.matching import matches_of

MOST_CURVES = 8
DASHES = (None, "7 3", "2 3", "9 3 2 3")  # lines are told apart without colours


def precision_recall(curves: Mapping[str, Sequence[tuple[float, float]]], *, overlap: float = 0.5) -> Markup:
    """Precision (down) against recall (across), both 0 to 1: one line for each label, (recall, precision) pairs.

    The first eight are drawn, each named at its end; a hint on every line names it. Nothing without points.
    """
    lines = {name: list(points) for name, points in list(curves.items())[:MOST_CURVES] if len(points) > 1}
    if not lines:
        return Markup("")
    left, top, side = 46, 12, 260
    across, down = scale(0, 1, left, left + side), scale(0, 1, top + side, top)
    quarters = (0, 0.25, 0.5, 0.75, 1)
    parts = grid(
        (left, left + side, top + side),
        {across(share): whole_percent(share) for share in quarters},
        {down(share): whole_percent(share) for share in quarters},
    )
    ends = []
    for (name, points), dashes in zip(lines.items(), itertools.cycle(DASHES), strict=False):
        reached = [(r, p) for r, p in points if p > 0] or points[:1]
        drawn = [(across(r), down(p)) for r, p in reached]
        parts.append(path(drawn, class_="line", fill="none", stroke_dasharray=dashes))
        ends.append((name, drawn[-1], _mean(points)))
    for (name, (x, y), mean), label_y in zip(
        ends, _apart([y for _, (_, y), _ in ends], top, top + side), strict=True
    ):
        parts.append(element("line", class_="grid", x1=x, y1=y, x2=left + side + 12, y2=label_y))
        text = f"{name} {percent(mean, digits=0)}"
        parts.append(element("text", text, x=left + side + 16, y=label_y + 4))
    low = top + side + 38
    parts.append(
        element("text", "share of objects found", class_="quiet", x=left + side, y=low, text_anchor="end")
    )
    parts.append(
        element("text", "share of answers that is right", class_="quiet", x=left + 6, y=top + side - 8)
    )
    words = "; ".join(f"{name}: average precision {percent(mean)}" for name, _, mean in ends)
    wide = max(len(name) for name in lines) * 7 + 60
    return figure(
        parts, left + side + wide, low + 8, f"Precision against recall at an overlap of {overlap:g}. {words}."
    )


def _mean(points: Sequence[tuple[float, float]]) -> float:
    return float(np.mean([precision for _, precision in points]))


def _apart(heights: Sequence[Number], top: Number, bottom: Number, *, step: Number = 15) -> list[float]:
    """The heights moved so that no two are nearer than a line of text, in their order, between top and bottom."""
    order = np.argsort(heights, kind="stable")
    placed = np.zeros(len(heights))
    last = top - step
    for number in order:
        last = placed[number] = max(heights[number], last + step)
    placed -= np.clip(placed.max() - bottom, 0, None) if len(placed) else 0
    return [float(value) for value in placed]


def error_bars(found: Sequence[Measured]) -> Markup:
    """A bar with its interval for each sort of error: what AP50 would gain without it. Nothing of nothing."""
    known = [entry for entry in found if entry.value == entry.value]
    if not known:
        return Markup("")
    left, top, wide, row = 96, 8, 250, 26
    most = max(
        [entry.high for entry in known if entry.high == entry.high] + [e.value for e in known] + [0.01]
    )
    across = scale(0, most, left, left + wide)
    bottom = top + row * len(known)
    parts = grid(
        (left, left + wide, bottom), {across(tick): whole_percent(tick) for tick in ticks(0, most)}, {}
    )
    for place, entry in enumerate(known):
        y = top + row * place
        hint = f"{entry.of}: {percent(entry.value)} {percent_interval(entry)}; {entry.note}"
        width = max(0.0, across(entry.value) - left)
        parts.append(element("text", entry.of, x=left - 8, y=y + 16, text_anchor="end"))
        parts.append(
            element("rect", element("title", hint), class_="bar", x=left, y=y + 5, width=width, height=14)
        )
        if entry.low == entry.low:
            ends = {"x1": across(max(0.0, entry.low)), "x2": across(entry.high)}
            parts.append(element("line", class_="span", y1=y + 12, y2=y + 12, **ends))
    words = "; ".join(f"{entry.of} {percent(entry.value)}" for entry in known)
    return figure(parts, left + wide + 24, bottom + 28, f"What each sort of error takes from AP50: {words}.")


def named_marks(
    objects: Objects, labels: Sequence[str], colours: Sequence[Colour], *, dashed: bool = False
) -> list[Mark]:
    """Objects of one image as marks in their labels' colours; those that were found with their score."""
    decoded = [None] * len(objects) if objects.mask is None else [masks.decode(rle) for rle in objects.mask]
    said = [""] * len(objects) if objects.score is None else [f" {score:.2f}" for score in objects.score]
    return [
        Mark(tuple(box), labels[label] + score, colours[label], mask, dashed)
        for box, label, score, mask in zip(objects.box.tolist(), objects.label, said, decoded, strict=True)
    ]


def judged_marks(detected: Detected, image: int, *, least: float = 0.3) -> list[Mark]:
    """What was found in one image with a score of `least` or more: right (green), wrong with its sort (red), and
    dashed what was missed (yellow)."""
    matches, found = matches_of(detected), errors_of(detected)
    rows = np.flatnonzero(
        (detected.found.image[matches.ranked] == image) & (detected.score[matches.ranked] >= least)
    )
    used = set(matches.true[FIFTY, rows].tolist())
    marks = []
    for row in rows:
        number, sort = matches.ranked[row], found.sort[row]
        name = detected.labels[detected.found.label[number]]
        text = f"{name} {detected.score[number]:.2f}" + (f", {SORTS[sort]}" if sort >= 0 else "")
        marks.append(Mark(tuple(detected.found.box[number].tolist()), text, RIGHT if sort < 0 else WRONG))
    truth = detected.truth
    for number in np.flatnonzero((truth.image == image) & ~truth.is_crowd):
        if number not in used:
            box = tuple(truth.box[number].tolist())
            marks.append(Mark(box, f"{detected.labels[truth.label[number]]}, missed", MISSED, dashed=True))
    return marks


def image_quality(detected: Detected, *, least: float = 0.3) -> Float[np.ndarray, " n"]:
    """Each image's F score at an overlap of 0.5 and a score of `least` or more; nan where nothing is or was found."""
    matches = matches_of(detected)
    judged = (detected.score[matches.ranked] >= least) & ~matches.ignored[FIFTY]
    image = detected.found.image[matches.ranked][judged]
    right = np.bincount(image, weights=matches.true[FIFTY, judged] >= 0, minlength=detected.images)
    found = np.bincount(image, minlength=detected.images)
    there = np.bincount(detected.truth.image[matches.counted], minlength=detected.images)
    with np.errstate(invalid="ignore"):
        return np.asarray(2 * right / (found + there))
