"""Run folders have names of their own, schemas with versions, and seals that notice a changed byte."""

import json
from datetime import date

import pytest

from vidi.core.errors import UsageError
from vidi.core.run_folder import MANIFEST, SCHEMA_VERSION, RunFolder

DAY = date(2026, 11, 22)


def made(tmp_path, name="flowers") -> RunFolder:
    return RunFolder.create(tmp_path, name, today=DAY)


def test_names_by_hand(tmp_path):
    names = [made(tmp_path).path.name for _ in range(3)]
    assert names == ["2026-11-22-flowers", "2026-11-22-flowers-2", "2026-11-22-flowers-3"]


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("my photos (new)", "my-photos-new"),
        ("größe 東京", "größe-東京"),
        ("../../etc", "etc"),
        ("a/b\\c\nd\0e", "a-b-c-d-e"),
        ("...", "data"),
        ("", "data"),
        ("x" * 300, "x" * 60),
    ],
)
def test_any_name_becomes_one_safe_folder(tmp_path, name, folder):
    path = made(tmp_path, name).path
    assert path.name == f"2026-11-22-{folder}" and path.parent == tmp_path and path.is_dir()


def test_a_place_that_cannot_be_written_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        made(tmp_path / "file")


def test_what_is_written_comes_back(tmp_path):
    folder = made(tmp_path)
    folder.write("results.json", "results", {"measured": [1, None]})
    assert folder.read("results.json", "results")["measured"] == [1, None]
    assert (
        json.loads((folder.path / "results.json").read_text())["schema"] == f"vidi/results/{SCHEMA_VERSION}"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"schema": f"vidi/results/{SCHEMA_VERSION + 1}"}, "newer vidi .*; upgrade vidi"),
        ({"schema": "vidi/model/1"}, "should say schema vidi/results/"),
        ({}, "should say schema vidi/results/"),
        ([1, 2], "should say schema vidi/results/"),
        ({"schema": "vidi/results/1x"}, "should say schema"),
        ({"schema": 1}, "should say schema"),
    ],
)
def test_another_or_a_newer_schema_is_refused(tmp_path, content, sentence):
    folder = made(tmp_path)
    (folder.path / "results.json").write_text(json.dumps(content))
    with pytest.raises(UsageError, match=sentence):
        folder.read("results.json", "results")


def test_a_sealed_file_that_changed_or_is_gone_is_noticed(tmp_path):
    folder = made(tmp_path)
    folder.write("results.json", "results", {"a": 1})
    folder.write("model.json", "model", {"a": 1})
    (folder.path / "checkpoints").mkdir()
    assert not folder.sealed
    folder.seal()
    assert folder.sealed
    folder.check("results.json")
    folder.check("not there and never was.json")
    path = folder.path / "results.json"
    path.write_text(path.read_text().replace("1", "2", 1))
    with pytest.raises(UsageError, match=r"results.json has changed .*\(its checksum differs\)"):
        folder.read("results.json", "results")
    path.unlink()
    with pytest.raises(UsageError, match=r"results.json is missing, though this run wrote it"):
        folder.read("results.json", "results")
    assert folder.read("model.json", "model")["a"] == 1
    folder.seal()
    assert MANIFEST not in json.loads((folder.path / MANIFEST).read_text())["sha256"]


def test_only_a_run_folder_opens(tmp_path):
    folder = made(tmp_path)
    with pytest.raises(UsageError, match="is not a run folder: it has neither"):
        RunFolder.open(folder.path)
    folder.write("recipe.json", "recipe", {})
    assert RunFolder.open(folder.path) == folder
    with pytest.raises(UsageError, match="is a file"):
        RunFolder.open(folder.path / "recipe.json")
    with pytest.raises(UsageError, match="does not exist"):
        RunFolder.open(tmp_path / "nowhere")


def test_a_decision_is_made_once(tmp_path):
    folder, made_ = made(tmp_path), []

    def make():
        made_.append(1)
        return {"k": len(made_), "plan": [("tail", "why")]}

    first = folder.decide("k", make)
    assert folder.decide("k", make) == first == {"k": 1, "plan": [["tail", "why"]]}
    assert RunFolder(folder.path).decide("k", make) == first  # another process
    assert folder.decide("other", make)["k"] == 2 and len(made_) == 2
