"""Answers are kept beside what was measured: the run still stands, and no changed file is vouched for."""

import json
import shutil

import pytest

import vidi
from vidi.core.dataset import Dataset
from vidi.core.errors import UsageError
from vidi.core.measured import Verdict
from vidi.core.run_folder import RunFolder
from vidi.documents.papers import write_for_data
from vidi.verbs.assess import described
from vidi.verbs.card import questions, refresh


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained.folder, tmp_path / "run")


def of(folder, name):
    return (folder / name).read_text(encoding="utf-8")


def test_a_run_with_answers_stands_and_says_them_everywhere(run, pictures):
    before = RunFolder(run).read("results.json", "results")
    done = vidi.edit_card(run, {"out_of_scope": "People.", "data.purpose": "To tell <3> colours."})
    assert done.open["model card"] == 19
    assert "**What must it not be used for?** People." in of(run, "README.md")
    assert "To tell &lt;3&gt; colours. *(stated by the author, not measured)*" in of(run, "datasheet.md")
    said = json.loads(of(run, "croissant.json"))["rai:dataUseCases"]
    assert "To tell <3> colours. (stated by the author, not measured)" in said
    found = vidi.verify(run, pictures)
    assert found.verdict == Verdict.STANDS, found.record()
    assert RunFolder(run).read("results.json", "results") == before


def test_the_page_keeps_its_pictures(run):
    before = of(run, "report.html").count("data:image/")
    vidi.edit_card(run, {"owner": "Ada"})
    assert of(run, "report.html").count("data:image/") == before > 0


@pytest.mark.slow
def test_answers_add_up_and_are_taken_back(run, tmp_path):
    untouched = of(run, "README.md")
    vidi.edit_card(run, {"owner": "Ada"})
    (tmp_path / "more.yaml").write_text("licence: mit\nowner:\n", encoding="utf-8")
    done = vidi.edit_card(run, tmp_path / "more.yaml")
    assert dict(done.answers) == {"licence": "mit"} and "\nlicense: mit\n" in of(run, "README.md")
    vidi.edit_card(run, {"licence": ""})
    assert of(run, "README.md") == untouched


def test_what_questions_prints_can_be_filled_in(run, tmp_path):
    vidi.edit_card(run, {"owner": "Ada: of London"})
    sheet = questions(run)
    assert "# What must it not be used for?\n#   (the likely misuse" in sheet and "\nout_of_scope:\n" in sheet
    filled = sheet.replace("\nout_of_scope:\n", "\nout_of_scope: |\n  People.\n")
    (tmp_path / "a.yaml").write_text(filled, encoding="utf-8")
    done = vidi.edit_card(run, tmp_path / "a.yaml")
    assert dict(done.answers) == {"owner": "Ada: of London", "out_of_scope": "People."}


@pytest.mark.parametrize(
    "name", ["model.safetensors", "results.json", "predictions.parquet", "splits.parquet"]
)
def test_no_paper_is_written_from_what_was_changed(run, name):
    content = bytearray((run / name).read_bytes())
    content[len(content) // 2] ^= 1
    (run / name).write_bytes(content)
    before = of(run, "manifest.json")
    with pytest.raises(UsageError, match=f"{name}: the file has changed since"):
        vidi.edit_card(run, {"owner": "Eve"}, overwrite=True)
    assert of(run, "manifest.json") == before and not (run / "answers.yaml").exists()


def test_a_paper_edited_by_hand_is_not_lost_silently(run, pictures):
    (run / "README.md").write_text("Mine.", encoding="utf-8")
    with pytest.raises(UsageError, match=r"README\.md in .* was changed by hand"):
        vidi.edit_card(run, {"owner": "Ada"})
    assert of(run, "README.md") == "Mine."
    vidi.edit_card(run, {"owner": "Ada"}, overwrite=True)
    assert "Ada" in of(run, "README.md") and vidi.verify(run, pictures).verdict == Verdict.STANDS


def test_an_audit_is_told_at_once_and_not_over_what_somebody_wrote(run):
    vidi.audit(run, by=["folder"], smallest=1)
    assert "### Within groups by folder" in of(run, "README.md") and not RunFolder(run).changed()
    (run / "README.md").write_text("Mine.", encoding="utf-8")
    vidi.audit(run, by=["folder"], smallest=2)
    assert of(run, "README.md") == "Mine."


def test_what_else_lies_in_the_folder_is_not_sealed_with_it(run):
    (run / "notes.txt").write_text("mine", encoding="utf-8")
    refresh(run)
    assert "notes.txt" not in RunFolder(run).read("manifest.json", "manifest")["sha256"]


def test_an_unknown_key_and_an_unfinished_run(run):
    with pytest.raises(UsageError, match="did you mean out_of_scope"):
        vidi.edit_card(run, {"out_of_scop": "x"})
    (run / "manifest.json").unlink()
    with pytest.raises(UsageError, match="is not finished"):
        vidi.edit_card(run, {"owner": "x"})


def test_a_checked_data_set_is_asked_of_its_data_only(pictures, tmp_path):
    data = vidi.load(pictures, similar=False)
    dataset: Dataset = data.dataset
    folder = RunFolder.create(tmp_path, "photos")
    folder.write("results.json", "check", described(dataset, exact=0, near=0))
    write_for_data(folder, dataset)
    folder.seal()
    with pytest.raises(UsageError, match="no question has the key 'owner'"):
        vidi.edit_card(folder.path, {"owner": "Ada"})
    done = vidi.edit_card(folder.path, {"data.creators": "Ada"})
    assert set(done.open) == {"datasheet"} and not (folder.path / "README.md").exists()
    assert json.loads(of(folder.path, "croissant.json"))["creator"]["name"] == "Ada"
    assert not folder.changed()
