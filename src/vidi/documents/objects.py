"""Figures of a run whose model finds objects: precision against recall, and what each sort of error costs."""

from dataclasses import replace

from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents.evidence import Evidence

LOST = "AP50 lost"  # the figure shows it


def by_size(evidence: Evidence) -> list[Measured]:
    """Numbers of small, medium and large objects, each named by both."""
    return [
        replace(entry, name=f"{entry.name}, {entry.of} objects", of="")
        for entry in evidence.measured
        if entry.of and entry.of not in evidence.labels and entry.name != LOST
    ]


def figures(evidence: Evidence) -> list[Markup]:
    """Those that there is something to draw of."""
    curves = {
        str(name): [(float(recall), float(precision)) for recall, precision in points]
        for name, points in (evidence.results.get("precision_recall") or {}).items()
    }
    lost = [entry for entry in evidence.measured if entry.name == LOST]
    if not curves and not lost:
        return []
    from vidi.documents.found import (
        error_bars,
        precision_recall,
    )  # matching wants torch, which no other page does

    drawn = (
        ("Precision against recall, at an overlap of 0.5", precision_recall(curves)),
        ("What AP50 would gain if errors of one sort were mended", error_bars(lost)),
    )
    return [
        Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(*pair) for pair in drawn if pair[1]
    ]
