"""What the checks of the data found, arranged to be looked at: copies and doubtful labels side by side."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vidi.core.measured import Measured
from vidi.documents import text
from vidi.documents.pictures import Album

MOST_PAIRS, MOST_SUSPECTS, MOST_OUTLIERS = 12, 24, 12


def arranged(check: Mapping[str, Any], album: Album) -> dict[str, Any]:
    """Sections of the page; empty lists where a check found nothing or was not made."""
    copies: Mapping[str, Any] = check.get("duplicates") or {}
    labels: Mapping[str, Any] = check.get("label_errors") or {}
    pairs, suspects = list(copies.get("pairs") or ()), list(labels.get("suspects") or ())
    count = int(labels.get("count") or len(suspects))
    return {
        "copies": text.sentence(
            f"{text.counted(int(copies.get('exact') or 0), 'exact copy', 'exact copies')} and "
            f"{text.counted(int(copies.get('near') or 0), 'near copy', 'near copies')}"
        ),
        "pairs": [_pair(entry, album) for entry in pairs[:MOST_PAIRS]],
        "pairs_left": max(0, len(pairs) - MOST_PAIRS),
        "labels": text.sentence(str(labels.get("sentence") or "No label was looked at")),
        "suspects": [_named(entry, album) for entry in suspects[:MOST_SUSPECTS]],
        "suspects_left": max(0, count - MOST_SUSPECTS),
        "shortcuts": list(_shortcuts(check.get("shortcuts") or ())),
        "outliers": [_named(entry, album) for entry in (check.get("outliers") or ())[:MOST_OUTLIERS]],
    }


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
    for entry in entries:
        yield dict(entry) | {
            "measured": Measured.from_record(dict(entry["measured"])),
            "chance": float(entry["chance"]),
            "adjusted": float(entry["adjusted"]),
            "what": entry.get("what") or entry.get("name"),
        }
