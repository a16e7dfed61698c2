"""Curves with their intervals as bands: risk against coverage, accuracy against severity."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents.charts import figure, grid, whole_percent
from vidi.documents.svg import element, path, scale, ticks
from vidi.documents.text import Number, capital, percent, percent_interval


def risk_coverage(curve: Sequence[Mapping[str, Any]]) -> Markup:
    """The share of wrong answers among the surest, against how many are answered; nothing of fewer than two points."""
    points = [entry for entry in curve if entry.get("risk") is not None and entry.get("coverage") is not None]
    if len(points) < 2:
        return Markup("")
    left, top, wide, high = 46, 12, 320, 220
    known = [entry for entry in points if entry.get("high") is not None]
    late = [entry["high"] for entry in known if entry["coverage"] >= 0.1] or [1.0]
    most = min(1.0, max([entry["risk"] for entry in points] + late) * 1.05) or 0.01
    across, down = scale(0, 1, left, left + wide), scale(0, most, top + high, top)
    parts = grid(
        (left, left + wide, top + high),
        {across(share): whole_percent(share) for share in (0, 0.25, 0.5, 0.75, 1)},
        {down(tick): percent(tick, digits=0 if most > 0.05 else 1) for tick in ticks(0, most)},
    )
    parts += band(
        [(across(e["coverage"]), down(min(e["low"], most)), down(min(e["high"], most))) for e in known]
    )
    parts.append(path([(across(e["coverage"]), down(min(e["risk"], most))) for e in points], class_="line"))
    for entry in points:
        hint = (
            f"answers {percent(entry['coverage'])}: wrong on {percent(entry['risk'])}, from a probability of "
        )
        hint += f"{entry['threshold']:.3f} up"
        place = {"cx": across(entry["coverage"]), "cy": down(min(entry["risk"], most))}
        parts.append(element("circle", element("title", hint), class_="touch", r=5, **place))
    end = left + wide
    parts.append(
        element("text", "share it answers", class_="quiet", x=end, y=top + high + 36, text_anchor="end")
    )
    parts.append(element("text", "share of these it gets wrong", class_="quiet", x=left + 6, y=top + 14))
    last = points[-1]
    half = min(points, key=lambda entry: abs(entry["coverage"] - 0.5))
    words = (
        f"Risk against coverage: answering everything it is wrong on {percent(last['risk'])}; "
        f"answering the surest {percent(half['coverage'], digits=0)}, on {percent(half['risk'])}."
    )
    return figure(parts, left + wide + 24, top + high + 44, words)


@dataclass(frozen=True)
class Curve:
    """One corruption: its small chart, and the numbers behind it by severity."""

    name: str
    metric: str
    drawn: Markup
    points: tuple[tuple[int, Measured], ...]


def corruption_curves(robustness: Mapping[str, Any]) -> list[Curve]:
    """A small chart for each corruption, all on one scale, the clean number as a dashed line; worst first."""
    entries = robustness.get("accuracy") or robustness.get("measured") or ()  # labels have accuracies
    found = [Measured.from_record(dict(entry)) for entry in entries]
    metric = found[0].name if found else ""
    clean = robustness.get("clean")
    level = Measured.from_record(dict(clean)).value if clean else None
    named: dict[str, dict[int, Measured]] = {}
    for entry in found:
        match = re.fullmatch(r"(.+), severity (\d+)", entry.of)
        if match and entry.value == entry.value:
            named.setdefault(match[1], {})[int(match[2])] = entry
    order = sorted(named, key=lambda name: sum(e.value for e in named[name].values()) / len(named[name]))
    return [
        Curve(
            name.replace("_", " "),
            metric,
            severity(name, metric, points, level),
            tuple(sorted(points.items())),
        )
        for name, points in ((name, named[name]) for name in order)
    ]


def severity(name: str, metric: str, points: Mapping[int, Measured], clean: float | None) -> Markup:
    """The metric from 0 to 1 against severity 0 (clean) to 5."""
    left, top, wide, high = 30, 8, 132, 92
    across, down = scale(0, 5, left, left + wide), scale(0, 1, top + high, top)
    parts = grid(
        (left, left + wide, top + high),
        {across(step): str(step) for step in (1, 3, 5)},
        {down(share): f"{share * 100:.0f}" for share in (0, 0.5, 1)},
    )
    if clean is not None:
        parts.append(path([(left, down(clean)), (left + wide, down(clean))], class_="ideal"))
    steps = sorted(points)
    known = [step for step in steps if points[step].low == points[step].low]
    parts += band([(across(s), down(points[s].low), down(points[s].high)) for s in known])
    line = [(across(step), down(points[step].value)) for step in steps]
    line = [(left, down(clean)), *line] if clean is not None else line
    parts.append(path(line, class_="line"))
    for step in steps:
        hint = f"severity {step}: {percent(points[step].value)} {percent_interval(points[step])}"
        place = {"cx": across(step), "cy": down(points[step].value)}
        parts.append(element("circle", element("title", hint), class_="dot", r=3, **place))
    said = "; ".join(f"severity {step}: {percent(points[step].value)}" for step in steps)
    return figure(
        parts, left + wide + 8, top + high + 24, f"{capital(metric)} under {name.replace('_', ' ')}. {said}."
    )


def band(edges: Sequence[tuple[Number, Number, Number]]) -> list[Markup]:
    """(x, low, high) in pixels as one filled area; nothing for fewer than two."""
    if len(edges) < 2:
        return []
    outline = [(x, high) for x, _, high in edges] + [(x, low) for x, low, _ in reversed(edges)]
    return [path(outline, class_="band")]
