"""What is known of the data and what its checks found, arranged to be looked at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidi.core.measured import Measured
from vidi.documents import sentences, text
from vidi.documents.evidence import Evidence
from vidi.documents.facts import MOST_LABELS, MOST_REMARKS, facts_of_data
from vidi.documents.pictures import Album

UNASKED = "A run does not look for wrong labels; vidi check DATA --out FOLDER does"
MOST_PAIRS, MOST_SUSPECTS, MOST_OUTLIERS, MOST_OBJECTS = 12, 24, 12, 12


@dataclass(frozen=True)
class CountRow:
    """Images of a label in each split, and together."""

    label: str
    counts: list[int]
    total: int


def of_data(evidence: Evidence) -> dict[str, Any]:
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
    shown = told_elsewhere(evidence.check)
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
            if kind not in shown
        ],
    }


def told_elsewhere(check: Mapping[str, Any]) -> set[str]:
    """Kinds of remark that the page shows with their pictures."""
    pairs = ("exact duplicates", "near duplicates") if (check.get("duplicates") or {}).get("pairs") else ()
    labels = ["label"] if (check.get("label_errors") or {}).get("suspects") else []
    objects = ["object"] if contradicted(check).get("suspects") else []
    return {*pairs, *labels, *objects}


def contradicted(check: Mapping[str, Any]) -> Mapping[str, Any]:
    """The drawn objects or regions that a run contradicts; empty if none was asked."""
    found: Mapping[str, Any] = check.get("object_errors") or check.get("region_errors") or {}
    return found


def arranged(check: Mapping[str, Any], album: Album) -> dict[str, Any]:
    """Sections of the page; empty lists where a check found nothing or was not made."""
    copies: Mapping[str, Any] = check.get("duplicates") or {}
    labels: Mapping[str, Any] = check.get("label_errors") or {}
    pairs, suspects = list(copies.get("pairs") or ()), list(labels.get("suspects") or ())
    count = int(labels.get("count") or len(suspects))
    return {
        "copies": _said(copies.get("sentences")) or [counted_copies(copies)],
        "pairs": [_pair(entry, album) for entry in pairs[:MOST_PAIRS]],
        "pairs_left": max(0, len(pairs) - MOST_PAIRS),
        "labels": text.sentence(str(labels.get("sentence") or " ".join(check.get("not_asked") or [UNASKED]))),
        "suspects": [_named(entry, album) for entry in suspects[:MOST_SUSPECTS]],
        "suspects_left": max(0, count - MOST_SUSPECTS),
        "shortcuts": list(_shortcuts(check.get("shortcuts") or ())),
        "shortcuts_said": _said(check.get("shortcuts_sentences")),
        "objects_said": _said(contradicted(check).get("sentences")),
        "objects": list(_objects(contradicted(check), album)),
        "drawings": _said((check.get("drawings") or {}).get("sentences")),
        "imbalance": _said((check.get("imbalance") or {}).get("sentences")),
        "outliers_said": _said([check["outliers_sentence"]] if check.get("outliers_sentence") else ()),
        "outliers": [_named(entry, album) for entry in (check.get("outliers") or ())[:MOST_OUTLIERS]],
    }


def counted_copies(copies: Mapping[str, Any]) -> str:
    """`0 exact copies and 13 near copies.`"""
    return (
        f"{text.counted(int(copies.get('exact') or 0), 'exact copy', 'exact copies')} and "
        f"{text.counted(int(copies.get('near') or 0), 'near copy', 'near copies')}."
    )


def _said(sentences_: Any) -> list[str]:
    return [text.sentence(str(words)) for words in sentences_ or ()]


def _named(entry: Mapping[str, Any], album: Album) -> dict[str, Any]:
    """The entry with its picture; what it does not say is empty."""
    empty = {
        "path": entry.get("id", ""),
        "split": "",
        "given": "",
        "suggested": "",
        "score": 0.0,
        "reason": "",
    }
    return empty | dict(entry) | {"source": album(str(entry["id"]))}


def _pair(entry: Mapping[str, Any], album: Album) -> dict[str, Any]:
    first, second = (
        {"id": entry[side], "path": entry.get(f"path_{side}", ""), "source": album(str(entry[side]))}
        for side in ("a", "b")
    )
    return {
        "first": first,
        "second": second,
        "kind": entry.get("kind", "copy"),
        "distance": entry.get("distance"),
        "labels": _both(entry.get("target_a"), entry.get("target_b"), "labelled"),
        "splits": _both(entry.get("split_a"), entry.get("split_b"), "in"),
    }


def _both(one: object, other: object, how: str) -> str:
    return f"both {how} {one}" if one == other else f"{how} {one} and {other}"


def _shortcuts(entries: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in (entry for entry in entries if "measured" in entry):
        yield dict(entry) | {
            "measured": Measured.from_record(dict(entry["measured"])),
            "chance": float(entry["chance"]),
            "adjusted": float(entry["adjusted"]),
            "what": str(entry.get("what") or entry.get("name")),
            "sentence": entry.get("sentence") or "",
            "level": entry.get("level") or "",
        }


def _objects(found: Mapping[str, Any], album: Album) -> Iterator[dict[str, Any]]:
    """Suspected objects by kind, a few of each with their pictures, and how many more there are."""
    suspects = found.get("suspects") or ()
    for kind, count in (found.get("counts") or {}).items():
        mine = [each for each in suspects if each["kind"] == kind][:MOST_OBJECTS]
        if mine:
            shown = [dict(each) | {"id": each["picture"], "source": album(each["picture"])} for each in mine]
            yield {"kind": kind, "count": count, "left": count - len(mine), "shown": shown}
