"""`vidi card` as a person types it."""

import json
import re
import shutil
import sys
from pathlib import Path
from unittest import mock

import pytest
from command import refused, vidi


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained.folder, tmp_path / "run")


def test_questions_are_printed_filled_in_and_given_back(run, tmp_path):
    asked = vidi("card", "questions", run)
    assert asked.code == 0 and "# ---- Model card: Intended use" in asked.out
    file = tmp_path / "answers.yaml"
    file.write_text(asked.out.replace("\nprimary_uses:\n", '\nprimary_uses: "To sort by colour."\n'))
    done = vidi("card", "edit", run, "--answers", file)
    assert done.code == 0 and done.out.startswith("1 answers; not stated: 19 in the model card, ")
    assert "To sort by colour." in (run / "README.md").read_text()
    assert "To sort by colour." in vidi("card", "questions", run).out


def test_one_answer_is_set_and_taken_back(run):
    done = vidi("card", "set", run, "owner", "Ada", "--json")
    assert json.loads(done.out)["answers"] == {"owner": "Ada"}
    assert json.loads(vidi("card", "set", run, "owner", "", "--json").out)["answers"] == {}


def edited(run, writes):
    """`vidi card edit` in a terminal, with an editor that writes this."""
    with mock.patch("click.edit", writes), mock.patch("vidi.cli.papers.in_terminal", lambda: True):
        return vidi("card", "edit", run)


def test_the_editor_gets_the_questions_and_nothing_it_wrote_is_lost(run):
    seen = edited(run, lambda content, extension: content.replace("\nowner:\n", "\nowner: Ada\n"))
    assert seen.code == 0 and "Ada" in (run / "README.md").read_text()
    said = edited(run, lambda content, extension: "ownr: Eve").sentence
    kept = Path(said.rpartition("--answers ")[2].rstrip(")"))
    assert "did you mean owner" in said and kept.read_text() == "ownr: Eve"
    kept.unlink()
    assert edited(run, lambda content, extension: None).out == "nothing was changed\n"


def test_wrong_use_is_one_sentence(run, tmp_path):
    assert "without a terminal no editor" in refused("card", "edit", run)
    assert "does not exist" in refused("card", "edit", run, "--answers", tmp_path / "no.yaml")
    assert "did you mean" in refused("card", "set", run, "licens", "mit")
    assert "is not a run folder" in refused("card", "set", tmp_path, "owner", "Ada")
    assert "card set --help" in refused("card", "set", run)


@pytest.mark.slow
def test_nothing_heavy_is_imported_for_an_answer(run):
    import subprocess

    code = (
        f"import sys; sys.argv = ['vidi', 'card', 'set', {str(run)!r}, 'owner', 'Ada']\n"
        "from vidi.cli.main import main\ntry: main()\nexcept SystemExit: pass\nprint('modules:', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not set(done.stdout.partition("modules:")[2].split()) & {"torch", "timm", "openvino"}


def test_an_image_is_withdrawn_and_the_ledger_says_so(run, pictures, tmp_path):
    photos = shutil.copytree(pictures, tmp_path / "photos")
    path = next(file for file in sorted(photos.rglob("0*.png"))).relative_to(photos)
    done = vidi("data", "withdraw", path, "--data", photos, "--runs", tmp_path, "--reason", "asked to")
    assert done.code == 0 and f"{path}" in done.out and "asked to" in done.out
    assert re.search(rf"{run}:\n  in (train|validation|test)  {path}", done.out)
    told = vidi("data", "ledger", photos)
    assert "29 images" in told.out and "withdrawn on" in told.out and "licence (no column says so" in told.out
    assert json.loads(vidi("data", "ledger", photos, "--json").out)["ledger"]["withdrawn"] == 1
    checked = json.loads(vidi("check", photos, "--no-similar", "--json").out)
    assert checked["ledger"]["withdrawn"] == 1 and checked["ledger"]["licences"] == {"not stated": 29}
    again = json.loads(vidi("data", "withdraw", path, "--data", photos, "--runs", tmp_path, "--json").out)
    assert len(again["already"]) == 1 and not again["withdrawn"]


def test_wrong_use_of_the_ledger_is_one_sentence(pictures, tmp_path):
    assert "did you mean red/0" in refused("data", "withdraw", "red/002.png", "--data", pictures)
    assert "--data" in refused("data", "withdraw", "red/0002.png")
    assert "--licence wants a column" in refused("data", "ledger", pictures, "--licence", "terms")
    assert "does not exist" in refused("data", "ledger", tmp_path / "no")
