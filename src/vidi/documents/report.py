"""report.html: one page that needs nothing but itself."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents import (
    audit_page,
    charts,
    confusion,
    objects,
    prose,
    quantitative,
    sentences,
    text,
    verdicts,
)
from vidi.documents.checked import arranged, of_data
from vidi.documents.evidence import Audited, Evidence
from vidi.documents.facts import pairs, per_label
from vidi.documents.frame import page
from vidi.documents.group_matrix import matrix
from vidi.documents.pictures import Album, Thumbnail
from vidi.documents.plots import corruption_curves
from vidi.documents.predicted import behind
from vidi.documents.trusted import trusted

GRIDS = {
    "most_certain": (
        "Most certain mistakes",
        "Wrong, and sure of it: look here for wrong labels and for blind spots.",
    ),
    "least_certain": ("Least certain mistakes", "Wrong, but hesitant."),
    "worst": (
        "Worst images",
        "Found at the left, true at the right. In percent: the F score of objects, or the mean overlap of classes.",
    ),
    "best": ("Best images", "Found at the left, true at the right."),
    "surest_hits": ("Surest hits", "Right, and sure of it: what the model takes for typical."),
}
MAPPED = ("most_certain", "surest_hits")  # grids that show beside each image where the model looked


def map_of(key: str) -> str:
    """The name under which the map of an example's image is asked for, and kept in the page."""
    return f"map of {key}"


CONTENTS = (  # a section's id, its name, and what must be there for it
    ("result", "Result", ("lines", "comparison", "cautions")),
    ("numbers", "Every number", ("whole",)),
    ("labels", "Each label", ("labelled",)),
    ("objects", "Objects", ("objects",)),
    ("confusions", "Confusions", ("confusion",)),
    ("probabilities", "Probabilities", ()),
    ("silence", "“I don’t know”", ("trust",)),
    ("groups", "Groups", ("matrix",)),
    ("corruptions", "Corruptions", ("corrupted",)),
    ("audits", "Audits", ("audits",)),
    ("images", "Images", ("grids",)),
    ("learning", "Learning", ("curves",)),
    ("made", "How it was made", ()),
)


def render(evidence: Evidence, *, thumbnail: Thumbnail, papers: Mapping[str, str] | None = None) -> str:
    """The whole page as HTML; every text from outside is escaped, every picture is inside.

    `papers` are Markdown documents by title, each a tab of its own.
    """
    album = Album(thumbnail)
    grids = list(_grids(evidence, album))  # first: they matter most if there is not room for all pictures
    grouped = _grouped(evidence)
    content: dict[str, Any] = {
        "evidence": evidence,
        "title": evidence.name,
        "main": evidence.headline,
        "headline": sentences.headline(evidence),
        "lines": verdicts.of_run(evidence),
        "comparison": _comparison(evidence),
        "cautions": sentences.cautions(evidence),
        "whole": [*(entry for entry in evidence.measured if not entry.of), *objects.by_size(evidence)],
        "per_label": per_label(evidence),
        "weakest": sentences.weakest(evidence),
        "calibration": sentences.calibration(evidence),
        "reliability": charts.reliability(evidence.results.get("reliability") or ()),
        "bins": [entry for entry in evidence.results.get("reliability") or () if entry.get("n")],
        "inference": sentences.inference(evidence),
        "curves": _curves(evidence),
        "objects": objects.figures(evidence),
        "grids": grids,
        "check": arranged(evidence.check, album),
        "confusion": _confusion(evidence, album),
        **trusted(evidence, album),
        "matrix": matrix(grouped) if grouped else None,
        "worst": quantitative.worst(grouped) if grouped else "",
        "gaps": [gap for gap in quantitative.apart(grouped) if f"({quantitative.chief(grouped)}," in gap.name]
        if grouped
        else [],
        "corrupted": _corrupted(evidence),
        "audits": [_listed(audited) for audited in reversed(evidence.audits)],
        "data": of_data(evidence),
        "made": _made(evidence),
    }
    content["labelled"] = content["per_label"]["rows"]
    contents = [
        (name, title) for name, title, wants in CONTENTS if not wants or any(content[want] for want in wants)
    ]
    tabs = prose.tabs(papers or {})
    return page("report.html", contents=contents, papers=tabs, refused=album.refused, **content)


@dataclass(frozen=True)
class Compared:
    """One row of the first figure: the model itself, or a baseline with the verdict on it."""

    name: str
    measured: Measured
    what: str = ""
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
            rows.append(Compared(baseline.name, reached, baseline.what))
    return rows


def _confusion(evidence: Evidence, album: Album) -> dict[str, Any]:
    counts, labels = evidence.results.get("confusion"), evidence.labels
    if not counts or len(counts) != len(labels):
        return {}
    drawn = len(labels) <= confusion.READABLE
    rows = confusion.matrix(counts, labels, behind(evidence.folder)) if drawn else []
    told = [
        {"truth": labels[row], "said": labels[column], "count": count, "whole": whole}
        for row, column, count, whole in confusion.confused_pairs(counts, most=8 if drawn else 25)
    ]
    longest = max((len(text.shortened(label, most=18)) for label in labels), default=0)
    size = next(
        size for most, size in ((5, 60), (12, 30), (20, 27), (len(labels), 22)) if len(labels) <= most
    )
    return {
        "rows": rows,
        "names": labels,
        "size": size,
        "turned": 7.5 * longest > size,
        "words": confusion.words(counts),
        "galleries": [_gallery(cell, labels, album) for row in rows for cell in row if cell.images],
        "pairs": told,
        "labels": len(labels),
    }


def _gallery(cell: confusion.Cell, labels: Sequence[str], album: Album) -> dict[str, Any]:
    """The images behind a cell."""
    truth, said = labels[cell.row], labels[cell.column]
    right = cell.row == cell.column
    which = "the least sure" if right else "the surest"
    shown = len(cell.images)
    note = (
        f"All {shown}, {which} first."
        if shown == cell.count
        else f"{text.capital(which)} {shown} of {cell.count:,}."
    )
    return {
        "id": cell.id,
        "title": text.visible(f"Is {truth}, and called so" if right else f"Is {truth}, called {said}"),
        "note": "The only one." if cell.count == 1 else note,
        "images": [
            {**vars(image), "truth": truth, "prediction": said, "source": album(image.id)}
            for image in cell.images
        ],
    }


def _grouped(evidence: Evidence) -> Audited | None:
    """The latest audit that looked at groups; else what the run itself counted of its attributes."""
    audits = [audited for audited in evidence.audits if audited.groups]
    if audits:
        return audits[-1]
    own = evidence.results.get("groups")
    return audit_page.audited(evidence.folder.name, own) if own else None


def _corrupted(evidence: Evidence) -> list[Any]:
    found = (
        corruption_curves(audited.content.get("robustness") or {}) for audited in reversed(evidence.audits)
    )
    return next((curves for curves in found if curves), [])


def _listed(audited: Audited) -> dict[str, Any]:
    lines = verdicts.of_audit(audited)
    return {
        "name": audited.name,
        "of": audited.content.get("of") or "",
        "n": int(audited.content.get("n") or 0),
        "by": text.listed(audited.by) if audited.by else "",
        "said": audit_page.summary(lines, audited) if lines else "none",
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


def _grids(evidence: Evidence, album: Album) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for key, (title, what) in GRIDS.items():
        found = (evidence.results.get("mistakes") or {}).get(key) or []
        entries = [
            entry for entry in found if entry["id"] not in seen
        ]  # few mistakes are both most and least certain
        seen.update(entry["id"] for entry in entries)
        if entries:
            shown = [dict(entry) | {"source": album(str(entry["id"]))} for entry in entries]
            if key in MAPPED:
                shown = [entry | {"map": album(map_of(str(entry["id"])))} for entry in shown]
            mapped = any(entry.get("map") for entry in shown)
            yield {"title": title, "what": what, "images": shown, "mapped": mapped}


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
