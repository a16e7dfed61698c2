"""Whose an image is: licence, source and consent of each example, and which examples were withdrawn.

What was withdrawn stands in `vidi-withdrawn.json` beside the data, by content hash and path, and is set aside on every
later load, wherever in the folder the file lies and whatever it is called.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from vidi.core.dataset import LEDGER, Dataset, Listing, Remark
from vidi.core.errors import UsageError, nearest_names
from vidi.core.files import read_json, write_json
from vidi.data.columns import plain, ranked
from vidi.data.listing import LEDGER_FILE

SCHEMA = "vidi/withdrawn/1"
NAMES: Mapping[str, tuple[str, ...]] = {  # in order of preference, as `plain` writes them
    "licence": (
        "licence", "license", "licencename", "licensename", "licenceid", "licenseid", "licenceurl", "licenseurl",
        "rights", "usagerights", "terms",
    ),
    "source": (
        "source", "sourceurl", "url", "imageurl", "originalurl", "flickrurl", "cocourl", "origin", "author", "creator",
        "photographer", "attribution", "credit", "owner",
    ),
    "consent": ("consent", "consentgiven", "hasconsent", "consented", "informedconsent", "consentstatus"),
}  # fmt: skip
REFUSED = frozenset({"no", "n", "false", "f", "0", "refused", "denied", "declined", "withdrawn", "revoked"})
UNSTATED = "not stated"
MOST = 40  # different texts of a column; the rest is counted together
NAMED = 100


@dataclass(frozen=True)
class Entry:
    """One example that was withdrawn: its content (SHA-256), where it lay, when and why."""

    hash: str
    path: str
    when: str
    reason: str = ""


@dataclass(frozen=True)
class Withdrawn:
    """The entries of every ledger that covers some data; paths are seen from the data's folder."""

    by_hash: Mapping[str, Entry]
    by_path: Mapping[str, Entry]

    def why(self, row: Mapping[str, Any], content: str) -> str | None:
        """Why an example is set aside, or None. A place inside a Parquet file may belong to another image later."""
        if content in self.by_hash:
            return f"withdrawn on {self.by_hash[content].when}; left out"
        entry = self.by_path.get(str(row["path"])) if row.get("row") is None else None
        if entry is not None:
            return f"withdrawn on {entry.when}, and its content has changed since; left out"
        return None


def roles(attributes: Sequence[str], asked: Mapping[str, str | None]) -> dict[str, str]:
    """Which attribute says what of an example's rights: the one asked for, or one with a usual name.

    Raises UsageError where there is no attribute of the name that was asked for.
    """
    found = {}
    for role in LEDGER:
        name = asked.get(role)
        if name is not None and name not in attributes:
            held = f"there are {', '.join(attributes[:20])}" if attributes else "the data has no such columns"
            raise UsageError(
                f"--{role} wants a column with the {role} of each image; {name!r} is none: {held}"
                f"{nearest_names(name, list(attributes))}"
            )
        usual = ranked((each for each in attributes if plain(each) in NAMES[role]), NAMES[role])
        if name is not None or usual:
            found[role] = name if name is not None else usual[0]
    return found


def ledgers(listing: Listing) -> list[Path]:
    """Every ledger that covers a listing: in its folder, in those above and below, and the one of $VIDI_LEDGER."""
    root = listing.root.resolve()
    inner = {parent for row in listing.rows for parent in PurePosixPath(str(row["file"])).parents}
    places = [root, *root.parents, *(root / folder for folder in inner)]
    files = [place / LEDGER_FILE for place in dict.fromkeys(places)]
    named = os.environ.get("VIDI_LEDGER")
    return [file for file in files if file.exists()] + ([Path(named).expanduser()] if named else [])


def withdrawn(listing: Listing) -> Withdrawn:
    """What must be set aside; raises UsageError if a ledger can't be read: it is never ignored."""
    by_hash: dict[str, Entry] = {}
    by_path: dict[str, Entry] = {}
    root = listing.root.resolve()
    for file in ledgers(listing):
        home = file.resolve().parent
        for entry in read(file):
            by_hash.setdefault(entry.hash, entry)
            place = Path(os.path.relpath(home / entry.path, root)).as_posix() if entry.path else ""
            if place and not place.startswith("../"):
                by_path.setdefault(place, entry)
    return Withdrawn(by_hash, by_path)


def read(file: Path) -> list[Entry]:
    """The entries of a ledger; of $VIDI_LEDGER's none where it does not exist yet."""
    if not file.exists():
        return []
    content = read_json(file)
    entries = content.get("withdrawn") if isinstance(content, dict) else None
    if not isinstance(entries, list) or content.get("schema") != SCHEMA:
        raise UsageError(
            f"{file} should say schema {SCHEMA} and list what was withdrawn; restore it from a copy"
        )
    return [_entry(each, file) for each in entries]


def _entry(content: Any, file: Path) -> Entry:
    fields = {"hash", "path", "when", "reason"}
    texts = isinstance(content, dict) and all(isinstance(value, str) for value in content.values())
    if not texts or not {"hash", "path", "when"} <= content.keys() <= fields or len(content["hash"]) != 64:
        raise UsageError(f"{file} has an entry that is none ({str(content)[:80]}); restore it from a copy")
    return Entry(**content)


def add(file: Path, entries: Iterable[Entry]) -> list[Entry]:
    """Write entries into a ledger, atomically; those whose content is in it already are left. The new ones."""
    before = read(file)
    known = {entry.hash for entry in before}
    new = list({entry.hash: entry for entry in entries if entry.hash not in known}.values())
    if new:
        write_json(file, {"schema": SCHEMA, "withdrawn": [asdict(entry) for entry in (*before, *new)]})
    return new


def summary(dataset: Dataset) -> dict[str, Any]:
    """How many examples are under which licence, from which source (addresses by their host), with which consent."""
    names = {"licence": "licences", "source": "sources", "consent": "consent"}
    counts = {key: _counts(dataset, role) for role, key in names.items()}
    return {**counts, "withdrawn": sum(remark.kind == "withdrawn" for remark in dataset.remarks)}


def _counts(dataset: Dataset, role: str) -> dict[str, int]:
    if role not in dataset.columns:
        return {UNSTATED: len(dataset)}
    cells = dataset.column(dataset.columns[role]).tolist()
    texts = Counter(_shown(cell, hosts=role == "source") for cell in cells)
    ordered = sorted(texts.items(), key=lambda item: (item[0] == UNSTATED, -item[1], item[0]))
    kept = dict(ordered[:MOST])
    rest = sum(count for _, count in ordered[MOST:])
    return kept | ({f"{len(ordered) - MOST:,} others": rest} if rest else {})


def _shown(value: Any, *, hosts: bool) -> str:
    if value is None or value != value:
        return UNSTATED
    if isinstance(value, bool):
        return "true" if value else "false"
    words = str(value).strip()
    if hosts and words.startswith(("http://", "https://")):
        return urlsplit(words).hostname or words
    return words or UNSTATED


def refused(dataset: Dataset) -> list[Remark]:
    """A remark for each example whose consent column says no; they stay until they are withdrawn."""
    if "consent" not in dataset.columns:
        return []
    values = dataset.column(dataset.columns["consent"]).tolist()
    named = [
        (path, value)
        for path, value in zip(dataset.column("path").tolist(), values, strict=True)
        if value is not None and str(value).strip().lower() in REFUSED
    ]
    told = [
        Remark("consent", path, f"its consent is {value!r}; `vidi data withdraw` sets it aside")
        for path, value in named[:NAMED]
    ]
    more = (
        [Remark("consent", "", f"and {len(named) - NAMED:,} more of this kind")] if len(named) > NAMED else []
    )
    return told + more
