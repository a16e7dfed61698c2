"""audit.html: one audit as a page that needs nothing but itself; demands with their verdicts first."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vidi.core.files import atomic
from vidi.core.measured import Measured
from vidi.documents import quantitative, text, verdicts
from vidi.documents.evidence import Audited
from vidi.documents.frame import page
from vidi.documents.group_matrix import matrix, outcome_matrix
from vidi.documents.pictures import picture
from vidi.documents.plots import corruption_curves

MOST_SMALL, MOST_REMARKS, MOST_SLICES, MOST_LISTED = 60, 40, 40, 30
TITLES = {
    "demands": "Demands",
    "words": "To keep in mind",
    "groups": "Groups",
    "mistakes": "Errors",
    "slices": "Slices",
    "corruptions": "Corruptions",
    "dials": "Difficulties",
    "pasted": "Pasted in",
    "outcomes": "Outcomes",
    "overall": "Everybody",
    "small": "Too small",
    "remarks": "Noticed",
}


def write(folder: Path, content: Mapping[str, Any], pictures: Mapping[str, bytes] | None = None) -> Path:
    """`folder`/audit.html, written anew; `content` is what the audit's results.json holds, `pictures` the examples of
    each sort of error."""
    source = next(
        (name for name in ("results.json", "audit.json") if (folder / name).exists()), "results.json"
    )
    with atomic(folder / "audit.html", "w") as stream:
        stream.write(render(audited(folder.name, content), source=source, pictures=pictures))
    return folder / "audit.html"


def audited(name: str, content: Mapping[str, Any]) -> Audited:
    """An audit's content with its numbers read."""
    measured, groups = (
        tuple(Measured.from_record(dict(entry)) for entry in content.get(key) or ())
        for key in ("measured", "groups")
    )
    return Audited(name, content, measured, groups)


def render(
    found: Audited, *, source: str = "results.json", pictures: Mapping[str, bytes] | None = None
) -> str:
    """The whole page as HTML; `source` is the file beside it that holds every number."""
    shown = sections(found) | {"mistakes": list(mistakes(found, pictures or {}))}
    shown["pasted"] = [
        dict(entry) | {"source": picture((pictures or {}).get(f"pasted {entry['name']}"))}
        for entry in found.content.get("elephant_shown") or ()
    ]
    names = [*TITLES, *(f"list-{place + 1}" for place in range(len(shown["lists"])))]
    titles = TITLES | {f"list-{place + 1}": title for place, (title, *_) in enumerate(shown["lists"])}
    there = {"demands": "lines", "words": "said", "groups": "matrix", "corruptions": "curves"}
    contents = [
        (name, titles[name]) for name in names if name.startswith("list-") or shown[there.get(name, name)]
    ]
    return page(
        "audit.html",
        subject=text.visible(found.content.get("of") or found.name),
        n=int(found.content.get("n") or 0),
        summary=summary(shown["lines"], found),
        contents=contents,
        source=source,
        **shown,
    )


def sections(found: Audited) -> dict[str, Any]:
    """What the page's sections show; empty ones are left out."""
    curves, dials = (corruption_curves(found.content.get(key) or {}) for key in ("robustness", "dials"))
    lists = dict(quantitative.lists(found))
    errors, hardships = (
        lists.pop(title, []) if drawn else []
        for title, drawn in zip(quantitative.SPOILED.values(), (curves, dials), strict=True)
    )
    small = [(str(name), int(n)) for name, n in found.content.get("small") or ()]
    return {
        "audited": found,
        "lines": verdicts.of_audit(found),
        "said": quantitative.sentences(found),
        "matrix": matrix(found),
        "worst": quantitative.worst(found),
        "gaps": quantitative.apart(found),
        "slices": list(slices(found)),
        "curves": curves,
        "errors": errors,
        "dials": dials,
        "hardships": hardships,
        "slices_said": [text.sentence(str(said)) for said in found.content.get("slices_said") or ()],
        "outcomes": outcome_matrix(found.content.get("outcomes") or {}),
        "power": [text.sentence(str(entry["sentence"])) for entry in found.content.get("power") or ()],
        "lists": [(title, short(entries), len(entries)) for title, entries in lists.items()],
        "overall": [entry for entry in found.measured if entry.of in ("", "all")],
        "small": small[:MOST_SMALL],
        "small_left": max(0, len(small) - MOST_SMALL),
        "remarks": list(found.content.get("remarks") or ())[:MOST_REMARKS],
    }


def mistakes(found: Audited, pictures: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """An example of each sort of error, with its picture where there is one."""
    for entry in found.content.get("errors") or ():
        yield dict(entry) | {"source": picture(pictures.get(str(entry["sort"])))}


def slices(found: Audited) -> Iterator[dict[str, Any]]:
    """The slices that stand out, their numbers read; worst first."""
    flagged: Sequence[Mapping[str, Any]] = quantitative.slices(found)
    for entry in sorted(flagged, key=lambda entry: float(entry["difference"]["value"] or 0))[:MOST_SLICES]:
        numbers = {key: Measured.from_record(dict(entry[key])) for key in ("measured", "difference")}
        paths = [str(path) for path in (entry.get("paths") or ())[:3]]
        yield dict(entry) | numbers | {"adjusted": float(entry["adjusted"]), "paths": paths}


def short(entries: Sequence[Measured]) -> list[Measured]:
    """Of very many numbers those that narrow by one thing at most (size, or place, and not both), or by none."""
    kept = list(entries)
    for sign in (", ", ": "):
        if len(kept) > MOST_LISTED:
            kept = [entry for entry in kept if sign not in re.sub(r"\(.*?\)", "", entry.of)]
    return kept


def summary(lines: Sequence[verdicts.Line], found: Audited) -> str:
    """How many demands stand, in a sentence."""
    if not lines:
        return quantitative.worst(found) or "Nothing was demanded; these are the numbers."
    counts = {line.verdict: 0 for line in lines}
    for line in lines:
        counts[line.verdict] += 1
    words = {
        "stands": ("stands", "stand"),
        "fails": ("fails", "fail"),
        "cannot tell": ("cannot be told",) * 2,
    }
    told = [f"{count} {words[str(verdict)][count > 1]}" for verdict, count in counts.items()]
    return f"Of {text.counted(len(lines), 'demand')}, {text.listed(told)}."
