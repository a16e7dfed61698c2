"""Writes are whole or not at all; paths stay inside their folder; JSON of bounded size."""

import errno
import json
import os

import pytest

from vidi.core.errors import UsageError, check_option, nearest_names
from vidi.core.files import atomic, cannot_write, inside, read_json, sha256, write_json


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "a.bin"
    with atomic(path) as stream:
        stream.write(b"half")
        assert not path.exists()
    assert path.read_bytes() == b"half" and [p.name for p in path.parent.iterdir()] == ["a.bin"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyError), atomic(path, "w") as stream:
        stream.write("new")
        raise KeyError
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_text_keeps_its_newlines_and_letters(tmp_path):
    with atomic(tmp_path / "a", "w") as stream:
        stream.write("ä\n\r\n🦉")
    assert (tmp_path / "a").read_bytes() == "ä\n\r\n🦉".encode()


def test_a_long_name_is_no_obstacle(tmp_path):
    with atomic(tmp_path / ("n" * 250)) as stream:
        stream.write(b"1")
    assert (tmp_path / ("n" * 250)).read_bytes() == b"1"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "may not be written"),
        (errno.EDQUOT, "quota is used up"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_disk_that_takes_nothing_gets_a_sentence(tmp_path, monkeypatch, number, sentence):
    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(UsageError, match=f"a.bin cannot be written: .*{sentence}"),
        atomic(tmp_path / "a.bin") as s,
    ):
        s.write(b"1")
    assert not list(tmp_path.iterdir())
    assert isinstance(cannot_write(tmp_path, OSError(number, "x")), UsageError)


def test_a_file_where_a_folder_was_wanted_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UsageError, match="cannot be written: a part of the path is a file"),
        atomic(tmp_path / "file" / "a"),
    ):
        pass


def test_json_comes_back_and_nan_is_refused(tmp_path):
    content = {"größe": [1, 2.5, None, True], "b": {"c": "🦉"}}
    write_json(tmp_path / "a.json", content)
    assert read_json(tmp_path / "a.json") == content
    assert list(json.loads((tmp_path / "a.json").read_text())) == ["größe", "b"]
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", {"a": float("nan")})
    assert not (tmp_path / "b.json").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "is not readable JSON"),
        (b"", "is not readable JSON"),
        (b"\xff\xfe", "is not readable JSON"),
        (b"[" * 100_000, "is not readable JSON"),
        (b'{"a": 1}' + b" " * 2000, "is larger than"),
        (None, "is missing; is its folder one that vidi wrote"),
    ],
)
def test_what_is_not_json_is_refused_with_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=sentence):
        read_json(path, largest_bytes=1000 if content and len(content) < 5000 else 1 << 20)


def test_sha256_of_nothing_and_of_abc(tmp_path):
    """FIPS 180-4's examples."""
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"")
    assert sha256(tmp_path / "a").startswith("ba7816bf8f01cfea") and sha256(tmp_path / "b").startswith(
        "e3b0c44298fc1c14"
    )


def test_paths_that_leave_their_folder_are_none(tmp_path):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    (root / "in").symlink_to(root / "sub")
    (root / "loop").symlink_to(root / "loop")
    assert inside(root, "sub/a.png") == root / "sub" / "a.png"
    assert inside(root, "in/a.png") == root / "in" / "a.png"
    assert inside(root, "sub/../a.png") is not None
    for path in ("../a", "/etc/passwd", "out/a", "sub/../../a", "a\0b"):
        assert inside(root, path) is None, path
    assert inside(root, "loop") in (None, root / "loop")


def test_nearest_names_ignore_capitals_and_say_nothing_where_nothing_is_near():
    assert nearest_names("sgd", ["SGD", "Adam"]) == "; did you mean SGD?"
    assert nearest_names("ADAM", ["Adam", "AdamW", "SGD"]) == "; did you mean Adam, AdamW?"
    assert nearest_names("zzz", ["Adam"]) == "" and nearest_names("a", []) == ""


def test_an_option_that_holds_passes():
    check_option("weight_decay", 1, holds=True, wanted="0 or more")
    with pytest.raises(UsageError, match="--weight-decay is 0 or more; got -1"):
        check_option("weight_decay", -1, holds=False, wanted="0 or more")
