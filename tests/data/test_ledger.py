"""Licence, source and consent of each example; what was withdrawn is never read again, and never ignored silently."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from vidi.core.dataset import Dataset, Listing
from vidi.core.errors import UsageError
from vidi.data import ledger
from vidi.data.ledger import Entry, add, read
from vidi.data.listing import LEDGER_FILE

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def listing(root, *files):
    return Listing(root, "folder", [{"path": file, "file": file, "row": None} for file in files])


def dataset(columns, **attributes):
    n = len(next(iter(attributes.values()), "abc"))
    table = pa.table({"path": [f"{i}.png" for i in range(n)], **attributes})
    return Dataset("x", Path(), "table", table, ("a",), columns=columns)


@pytest.mark.parametrize(
    ("names", "asked", "wanted"),
    [
        (["License", "photographer", "consent given"], {}, ("License", "photographer", "consent given")),
        (["url", "source", "licence"], {}, ("licence", "source", None)),
        (["age", "gender"], {}, (None, None, None)),
        (["age", "gender"], {"licence": "age"}, ("age", None, None)),
        (["license", "terms"], {"licence": "terms"}, ("terms", None, None)),
    ],
)
def test_usual_names_are_known_and_what_was_asked_for_counts(names, asked, wanted):
    found = ledger.roles(names, asked)
    assert tuple(found.get(role) for role in ("licence", "source", "consent")) == wanted


def test_a_column_that_is_not_there():
    with pytest.raises(UsageError, match=r"--consent wants a column.*'agee' is none.*did you mean age"):
        ledger.roles(["age"], {"consent": "agee"})


def test_the_summary_by_hand():
    data = dataset(
        {"licence": "terms", "source": "url", "consent": "ok"},
        terms=["CC0", None, "CC0", "https://x.org/licenses/a"],
        url=["https://flickr.com/1", "http://flickr.com/2", "Ada", ""],
        ok=[True, True, False, None],
    )
    assert ledger.summary(data) == {
        "licences": {"CC0": 2, "https://x.org/licenses/a": 1, "not stated": 1},
        "sources": {"flickr.com": 2, "Ada": 1, "not stated": 1},
        "consent": {"true": 2, "false": 1, "not stated": 1},
        "withdrawn": 0,
    }
    assert [remark.where for remark in ledger.refused(data)] == ["2.png"]
    assert ledger.summary(dataset({}, other=["x", "y"]))["licences"] == {"not stated": 2}


def test_the_counts_add_up_with_any_number_of_sources():
    data = dataset({"source": "author"}, author=[f"author {i % 90}" for i in range(200)])
    counts = ledger.summary(data)["sources"]
    assert sum(counts.values()) == 200 and counts["50 others"] == 100


def test_what_is_added_is_read_again_once(tmp_path):
    file = tmp_path / LEDGER_FILE
    first = Entry(A, "a.png", "2026-11-23", "asked to")
    assert add(file, [first, first]) == [first] and add(file, [first]) == []
    second = Entry(B, "b.png", "2026-11-24")
    assert add(file, [second]) == [second] and read(file) == [first, second]


@pytest.mark.parametrize("place", [".", "..", "photos/red", "elsewhere"])
def test_a_ledger_covers_the_folders_above_and_below_it(tmp_path, monkeypatch, place):
    root = tmp_path / "photos"
    (root / "red").mkdir(parents=True)
    home = {".": root, "..": tmp_path, "photos/red": root / "red", "elsewhere": tmp_path / "kept"}[place]
    path = {".": "red/1.png", "..": "photos/red/1.png", "photos/red": "1.png", "elsewhere": "1.png"}[place]
    add(home / LEDGER_FILE, [Entry(A, path, "2026-11-23")])
    if place == "elsewhere":
        assert not ledger.withdrawn(listing(root, "red/1.png")).by_hash
        monkeypatch.setenv("VIDI_LEDGER", str(home / LEDGER_FILE))
    found = ledger.withdrawn(listing(root, "red/1.png", "red/2.png"))
    assert "withdrawn on 2026-11-23" in found.why({"path": "moved.png"}, A)
    changed = found.why({"path": "red/1.png"}, B)
    assert (changed is None) if place == "elsewhere" else "its content has changed since" in changed
    assert found.why({"path": "red/2.png"}, C) is None
    assert (
        found.why({"path": "red/1.png", "row": 0}, C) is None
    )  # a row of a shard may be another image by now


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "{}", '{"schema": "vidi/withdrawn/2", "withdrawn": []}']
    + [
        json.dumps({"schema": "vidi/withdrawn/1", "withdrawn": entries})
        for entries in (
            3,
            ["a"],
            [{"hash": "a", "path": "", "when": ""}],
            [{"hash": A, "path": 3, "when": ""}],
        )
    ],
)
def test_a_damaged_ledger_is_never_ignored(tmp_path, content):
    (tmp_path / LEDGER_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="restore it from a copy"):
        ledger.withdrawn(listing(tmp_path, "a.png"))


def test_nothing_depends_on_the_order_of_rows():
    values = np.array(["CC0", "MIT", "MIT", "BSD"])
    counts = [list(ledger.summary(dataset({"licence": "l"}, l=values[order]))["licences"].items())
              for order in (np.arange(4), np.arange(4)[::-1])]  # fmt: skip
    assert counts[0] == counts[1] == [("MIT", 2), ("BSD", 1), ("CC0", 1)]
