"""report.html: one page that needs nothing but itself."""

import base64
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents import charts, confusion, sentences, text
from vidi.documents.evidence import Evidence
from vidi.documents.facts import MOST_LABELS, MOST_REMARKS, facts_of_data, pairs, per_label
from vidi.documents.pages import environment

Thumbnail = Callable[[str], bytes | None]

GRIDS = {
    "most_certain": (
        "Most certain mistakes",
        "Wrong, and sure of it: look here for wrong labels and for blind spots.",
    ),
    "least_certain": ("Least certain mistakes", "Wrong, but hesitant."),
    "surest_hits": ("Surest hits", "Right, and sure of it: what the model takes for typical."),
}


def render(evidence: Evidence, *, thumbnail: Thumbnail) -> str:
    """The whole page as HTML; every text from outside is escaped, every picture is inside."""
    template = environment(html=True).get_template("report.html")
    return template.render(
        evidence=evidence,
        title=evidence.name,
        text=text,
        charts=charts,
        main=evidence.headline,
        headline=sentences.headline(evidence),
        comparison=_comparison(evidence),
        cautions=sentences.cautions(evidence),
        whole=[entry for entry in evidence.measured if not entry.of],
        per_label=per_label(evidence),
        weakest=sentences.weakest(evidence),
        confusion=_confusion(evidence),
        calibration=sentences.calibration(evidence),
        reliability=charts.reliability(evidence.results.get("reliability") or ()),
        curves=_curves(evidence),
        grids=list(_grids(evidence, thumbnail)),
        data=_data(evidence),
        made=_made(evidence),
        inference=sentences.inference(evidence),
    )


@dataclass(frozen=True)
class Compared:
    """One row of the first figure: the model itself, or a baseline with the verdict on it."""

    name: str
    measured: Measured
    what: str = ""
    said: str = ""
    own: bool = False


def _comparison(evidence: Evidence) -> list[Compared]:
    """The model and its baselines, to be drawn on one scale."""
    main = evidence.headline
    if main is None:
        return []
    rows = [Compared("this model", main, own=True)]
    for baseline in evidence.baselines:
        reached = baseline.find(main.name)
        if reached is not None:
            _, said = sentences.verdict(main, baseline)
            rows.append(Compared(baseline.name, reached, baseline.what, said))
    return rows


@dataclass(frozen=True)
class CountRow:
    """Images of a label in each split, and together."""

    label: str
    counts: list[int]
    total: int


def _confusion(evidence: Evidence) -> dict[str, Any]:
    matrix, labels = evidence.results.get("confusion"), evidence.labels
    if not matrix or len(matrix) != len(labels):
        return {}
    drawn = len(labels) <= confusion.READABLE
    pairs = [
        {"truth": labels[row], "said": labels[column], "count": count, "whole": whole}
        for row, column, count, whole in confusion.confused_pairs(matrix, most=8 if drawn else 25)
    ]
    return {
        "figure": confusion.matrix(matrix, labels) if drawn else "",
        "pairs": pairs,
        "labels": len(labels),
    }


def _curves(evidence: Evidence) -> list[Markup]:
    loss = {
        "training": _series(evidence.history, "loss"),
        "validation": _series(evidence.history, "validation_loss"),
    }
    accuracy = {
        "training": _series(evidence.history, "accuracy"),
        "validation": _series(evidence.history, "validation_accuracy"),
    }
    drawn = [
        ("Loss", charts.curves(loss, what="Loss", shares=False)),
        ("Accuracy", charts.curves(accuracy, what="Accuracy", shares=True)),
    ]
    return [
        Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(*pair) for pair in drawn if pair[1]
    ]


def _series(history: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    found = ((line["step"], line.get(name)) for line in history)
    numbers = ((float(step), float(value)) for step, value in found if isinstance(value, int | float))
    return [(step, value) for step, value in numbers if math.isfinite(value)]


def _grids(evidence: Evidence, thumbnail: Thumbnail) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for key, (title, what) in GRIDS.items():
        found = (evidence.results.get("mistakes") or {}).get(key) or []
        entries = [
            entry for entry in found if entry["id"] not in seen
        ]  # few mistakes are both most and least certain
        seen.update(entry["id"] for entry in entries)
        if entries:
            shown = [dict(entry) | {"source": picture(thumbnail(str(entry["id"])))} for entry in entries]
            yield {"title": title, "what": what, "images": shown}


def picture(content: bytes | None) -> str:
    """The picture as a `data:` address; empty for None and for what is neither JPEG, PNG nor WebP."""
    if content is None:
        return ""
    kinds = ((b"\xff\xd8", "jpeg"), (b"\x89PNG", "png"), (b"RIFF", "webp"))
    kind = next((kind for start, kind in kinds if content.startswith(start)), None)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}" if kind else ""


def _data(evidence: Evidence) -> dict[str, Any]:
    """What the page says of the data."""
    counts = evidence.counts
    splits = [name for name in ("train", "validation", "test") if evidence.total(name)]
    rows = [
        CountRow(label, [row.get(name, 0) for name in splits], sum(row.values()))
        for label, row in counts.items()
    ]
    if len(rows) > MOST_LABELS:
        rows = sorted(rows, key=lambda row: (-row.total, row.label))
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for remark in evidence.data.get("remarks") or ():
        grouped.setdefault(str(remark["kind"]), []).append(remark)
    told = evidence.data.get("remark_counts") or {kind: len(found) for kind, found in grouped.items()}
    return {
        "splits": splits,
        "rows": rows[:MOST_LABELS],
        "left_out": max(0, len(rows) - MOST_LABELS),
        "largest": max((row.total for row in rows), default=0),
        "split": text.capital(sentences.split(evidence)),
        "facts": facts_of_data(evidence),
        "remarks": [
            {"kind": kind, "count": count, "named": grouped.get(kind, [])[:MOST_REMARKS]}
            for kind, count in told.items()
        ],
    }


def _made(evidence: Evidence) -> dict[str, Any]:
    recipe, results = evidence.recipe, evidence.results
    time = results.get("time") or {}
    stages = {str(name): float(seconds) for name, seconds in (time.get("stages") or {}).items()}
    facts = {
        "recipe": sentences.made_by(evidence),
        "network": results.get("network"),
        "options": pairs(recipe.get("options")),
        "seed": recipe.get("seed"),
        "validation accuracy": None
        if results.get("validation") is None
        else text.number(float(results["validation"])),
        "time allowed": None if recipe.get("minutes") is None else text.duration(60 * recipe["minutes"]),
        "time taken": text.duration(float(time["total_seconds"]))
        if time.get("total_seconds") is not None
        else None,
        "machine": pairs(recipe.get("machine")),
        "versions": pairs(recipe.get("versions"), between=" "),
        "made": str(recipe.get("created") or "")
        .replace("T", " ")
        .replace("Z", " UTC")
        .replace("+00:00", " UTC"),
        "data fingerprint": evidence.data.get("fingerprint") or (recipe.get("data") or {}).get("fingerprint"),
    }
    return {
        "facts": {key: value for key, value in facts.items() if value not in (None, "")},
        "reasons": [text.sentence(str(reason)) for reason in results.get("reasons") or ()],
        "command": recipe.get("command"),
        "stages": stages,
        "longest": max(stages.values(), default=0.0),
    }
