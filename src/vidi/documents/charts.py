"""The report's figures as SVG: colours come from the page's style, so that they follow light, dark and print."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents.svg import element, path, scale, ticks
from vidi.documents.text import Number, counted, has_interval, is_share, number, percent


def interval_bar(
    measured: Measured, *, bounds: tuple[Number, Number] | None = None, mark: Number | None = None
) -> Markup:
    """A dot with its interval, as wide as its cell, on a scale from 0 to 1 or between `bounds`; a tick at `mark`.

    Nothing for what is not a share where no bounds are given, and for what is not a number.
    """
    if not math.isfinite(measured.value) or (bounds is None and not is_share(measured)):
        return Markup("")
    place = scale(*(bounds or (0, 1)), 0, 100)

    def at(value: Number) -> str:
        return f"{min(max(place(value), 0), 100):.2f}%"

    marks = [element("line", class_="rail", x1="0%", x2="100%", y1=8, y2=8)]
    if mark is not None:
        marks.append(element("line", class_="mark", x1=at(mark), x2=at(mark), y1=1, y2=15))
    if has_interval(measured):
        marks.append(element("line", class_="span", x1=at(measured.low), x2=at(measured.high), y1=8, y2=8))
    marks.append(element("circle", class_="dot", cx=at(measured.value), cy=8, r=3.5))
    return element("svg", *marks, class_="interval", height=16, aria_hidden="true")


def share_bar(part: Number, whole: Number) -> Markup:
    """A plain bar, `part` of `whole` long."""
    width = f"{100 * part / whole if whole else 0:.2f}%"
    return element(
        "svg",
        element("rect", class_="bar", x=0, y=3, width=width, height=8),
        class_="interval",
        height=14,
        aria_hidden="true",
    )


def reliability(bins: Sequence[Mapping[str, Any]]) -> Markup:
    """Share of right answers against stated probability; a dot's area is its number of images."""
    full = [entry for entry in bins if entry.get("n") and entry.get("accuracy") is not None]
    if not full:
        return Markup("")
    left, top, side = 44, 12, 260
    across, down = scale(0, 1, left, left + side), scale(0, 1, top + side, top)
    quarters = (0, 0.25, 0.5, 0.75, 1)
    parts = grid(
        (left, left + side, top + side),
        {across(share): whole_percent(share) for share in quarters},
        {down(share): whole_percent(share) for share in quarters},
    )
    parts.append(path([(across(0), down(0)), (across(1), down(1))], class_="ideal"))
    parts += _bubbles(full, across, down)
    parts.append(
        element(
            "text",
            "probability it states",
            class_="quiet",
            x=left + side,
            y=top + side + 38,
            text_anchor="end",
        )
    )
    parts.append(element("text", "share it gets right", class_="quiet", x=left + 6, y=top + 14))
    words = "; ".join(
        f"about {whole_percent(entry['confidence'])}: right on {percent(entry['accuracy'])} of {entry['n']:,}"
        for entry in full
    )
    return figure(parts, left + side + 24, top + side + 46, f"Reliability by stated probability. {words}.")


def _bubbles(
    full: Sequence[Mapping[str, Any]], across: Callable[[Number], Number], down: Callable[[Number], Number]
) -> list[Markup]:
    """A bin's whisker and its dot, and the line through all dots."""
    parts: list[Markup] = []
    largest = max(entry["n"] for entry in full)
    points = [(across(entry["confidence"]), down(entry["accuracy"])) for entry in full]
    for entry, (x, _) in zip(full, points, strict=True):
        if entry.get("accuracy_low") is not None:
            ends = {"y1": down(entry["accuracy_low"]), "y2": down(entry["accuracy_high"])}
            parts.append(element("line", class_="whisker", x1=x, x2=x, **ends))
    parts.append(path(points, class_="line"))
    for entry, (x, y) in zip(full, points, strict=True):
        hint = (
            f"said {percent(entry['confidence'])} on average, right on {percent(entry['accuracy'])} "
            f"of {counted(entry['n'], 'image')}"
        )
        radius = 2.5 + 7.5 * (entry["n"] / largest) ** 0.5
        parts.append(element("circle", element("title", hint), class_="bubble", cx=x, cy=y, r=radius))
    return parts


def curves(lines: Mapping[str, Sequence[tuple[Number, Number]]], *, what: str, shares: bool) -> Markup:
    """Lines over training steps, the first in the accent colour, the second dashed; nothing without points."""
    lines = {name: points for name, points in lines.items() if points}
    if not lines:
        return Markup("")
    left, top, wide, high = 46, 30, 320, 190
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    low, most = (min(0.0, *ys), 1.0) if shares else (min(0.0, *ys), max(ys) * 1.05 or 1.0)
    across, down = scale(min(xs), max(xs), left, left + wide), scale(low, most, top + high, top)
    write = whole_percent if shares else lambda value: f"{value:g}"
    parts = grid(
        (left, left + wide, top + high),
        {across(step): f"{step:,.0f}" for step in ticks(min(xs), max(xs)) if step == round(step)},
        {down(tick): write(tick) for tick in ticks(low, most)},
    )
    place = float(left)
    for order, (name, points) in enumerate(lines.items()):
        style = "line" if order == 0 else "line second"
        drawn = [(across(x), down(y)) for x, y in thinned(points, most=240)]
        parts.append(
            path(drawn, class_=style)
            if len(drawn) > 1
            else element("circle", class_="dot", cx=drawn[0][0], cy=drawn[0][1], r=4)
        )
        if order and len(drawn) <= 40:
            parts += [element("circle", class_="knot", cx=x, cy=y, r=2.5) for x, y in drawn]
        parts.append(path([(place, 11), (place + 20, 11)], class_=style))
        parts.append(element("text", name, x=place + 26, y=15))
        place += 44 + 7 * len(name)
    parts.append(element("text", "step", class_="quiet", x=left + wide, y=top + high + 36, text_anchor="end"))
    ends = "; ".join(
        f"{name} from {write(points[0][1]) if shares else number(points[0][1])} "
        f"to {write(points[-1][1]) if shares else number(points[-1][1])}"
        for name, points in lines.items()
    )
    return figure(parts, left + wide + 14, top + high + 42, f"{what} over training steps: {ends}.")


def thinned(points: Sequence[tuple[Number, Number]], *, most: int) -> list[tuple[Number, Number]]:
    """At most `most` of the points, evenly taken, the first and the last always among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(index * (len(points) - 1) / (most - 1))] for index in range(most)]


def whole_percent(share: Number) -> str:
    """`80 %`."""
    return f"{share * 100:.0f} %"


def grid(
    frame: tuple[Number, Number, Number],
    across: Mapping[Number, str],
    down: Mapping[Number, str],
) -> list[Markup]:
    """Lines at the heights of `down`, and what stands at the ticks; `frame` is left, right and bottom in pixels."""
    left, right, bottom = frame
    parts = []
    for y, words in down.items():
        parts.append(element("line", class_="grid", x1=left, x2=right, y1=y, y2=y))
        parts.append(element("text", words, class_="tick", x=left - 8, y=y + 4, text_anchor="end"))
    for x, words in across.items():
        parts.append(element("text", words, class_="tick", x=x, y=bottom + 18, text_anchor="middle"))
    return parts


def figure(parts: Sequence[Markup], width: Number, height: Number, words: str) -> Markup:
    """The parts as one drawing; `words` say what it shows to whoever does not see it."""
    return element(
        "svg",
        *parts,
        class_="chart",
        role="img",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        aria_label=words,
    )
