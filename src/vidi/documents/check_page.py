"""report.html of a data set that was checked without a model."""

from collections.abc import Mapping
from typing import Any

from vidi.documents import prose, text
from vidi.documents.checked import arranged, contradicted, counted_copies, of_data
from vidi.documents.evidence import Evidence
from vidi.documents.frame import page
from vidi.documents.pictures import Album, Thumbnail


def render(evidence: Evidence, *, thumbnail: Thumbnail, papers: Mapping[str, str] | None = None) -> str:
    """The whole page as HTML: what is in the data, what may be wrong with it, and the datasheet in a tab."""
    album = Album(thumbnail)
    found = arranged(evidence.check, album)
    return page(
        "check.html",
        evidence=evidence,
        title=evidence.name,
        examples=int(evidence.data.get("examples") or 0),
        summary=summary(evidence.check, unreadable=unreadable(evidence.data)),
        data=of_data(evidence),
        check=found,
        papers=prose.tabs(papers or {}),
        refused=album.refused,
    )


def unreadable(data: Mapping[str, Any]) -> int:
    """How many files could not be opened."""
    return int((data.get("remark_counts") or {}).get("unreadable") or 0)


def summary(check: Mapping[str, Any], *, unreadable: int = 0) -> str:
    """Copies, suspected labels, shortcuts and what could not be read, counted in a sentence."""
    copies, labels = check.get("duplicates") or {}, check.get("label_errors") or {}
    said = [counted_copies(copies).rstrip(".")] if copies else []
    if labels:
        said.append(text.counted(int(labels.get("count") or 0), "label") + " to look at again")
    doubts = contradicted(check).get("count")
    if doubts is not None:
        what = "region" if check.get("region_errors") else "object"
        said.append(text.counted(int(doubts), what) + " to look at again")
    if check.get("shortcuts"):
        flagged = sum(bool(entry.get("flagged")) for entry in check["shortcuts"])
        said.append(text.counted(flagged, "shortcut"))
    if unreadable:
        said.append(text.counted(unreadable, "unreadable file"))
    return text.sentence(text.listed(said)) or "Nothing was looked for but what is in it."
