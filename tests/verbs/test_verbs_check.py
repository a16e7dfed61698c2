"""What `vidi check` says: planted faults are named, clean data is left in peace, and `--out` writes it all."""

import pytest
from PIL import Image

import vidi
from drawn_job import write_folder
from vidi.core.errors import UsageError
from vidi.core.run_folder import RunFolder
from vidi.data.drawn.examples import dataset
from vidi.data.drawn.folder import write_folder as write_drawn
from vidi.data.drawn.pictures import shortcut
from vidi.data.drawn.world import World


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """120 pictures of squares, two of each colour under another colour's name."""
    root = write_folder(tmp_path_factory.mktemp("check") / "photos", 40, size_px=64)
    wrong = []
    for given, true in (("red", "green"), ("green", "blue"), ("blue", "red")):
        for path in sorted((root / true).glob("00*.png"))[:2]:
            path.rename(root / given / f"moved-{path.name}")
            wrong.append(f"{given}/moved-{path.name}")
    return root, set(wrong)


@pytest.fixture(scope="module")
def checked(planted, tmp_path_factory):
    return vidi.check(planted[0], out=tmp_path_factory.mktemp("out") / "checked")


@pytest.mark.slow
def test_planted_wrong_labels_are_named_first(planted, checked):
    _, wrong = planted
    found = checked.content["label_errors"]
    named = [entry["path"] for entry in found["suspects"]]
    assert len(wrong) == 6 and len(wrong.intersection(named)) >= 5
    assert found["share"]["low"] <= 0.05 <= found["share"]["high"] and 0.8 < found["agreement"] < 1
    remarks = [remark for remark in checked.loaded.dataset.remarks if remark.kind == "label"]
    assert [remark.where for remark in remarks] == named
    assert remarks[0].what.startswith("labelled ") and "looks like " in remarks[0].what


@pytest.mark.slow
def test_clean_labels_are_left_in_peace(tmp_path):
    root = write_folder(tmp_path / "photos", 20, size_px=64)
    found = vidi.check(root).content["label_errors"]
    assert found["count"] <= 2 and found["share"]["value"] <= 0.05


def test_what_was_not_looked_for_is_said(planted, tmp_path):
    content = vidi.check(planted[0], similar=False).content
    assert not {"label_errors", "outliers"} & set(content) and "--no-similar" in content["not_asked"][0]
    few = vidi.check(write_folder(tmp_path / "few", 3)).content  # nine images, less than anybody can judge
    assert not {"label_errors", "shortcuts"} & set(few) and "there are 9" in few["not_asked"][0]
    assert few["outliers"] == [] and "30 or more" in few["outliers_sentence"]


@pytest.mark.slow
def test_a_shortcut_in_files_is_named(tmp_path):
    drawn = dataset(120, size_px=48, seed=2)
    root = write_drawn(tmp_path / "marked", shortcut(drawn, rate=0.9, seed=2).drawn)
    found = vidi.check(root, target="label").content
    corners = next(entry for entry in found["shortcuts"] if entry["name"] == "corners")
    assert corners["flagged"] and corners["adjusted"] <= 0.05 and corners["measured"]["low"] > 0.5
    assert {entry["name"] for entry in found["shortcuts"]} >= {"border", "background", "light", "file"}
    assert {each["name"] for each in found["imbalance"]["attributes"]} >= {"site", "camera"}


def test_several_labels_an_image(tmp_path):
    drawn = dataset(40, world=World(count=(2, 3), clutter=0.7), target="shapes", size_px=32, seed=0)
    content = vidi.check(write_drawn(tmp_path / "several", drawn), target="label").content
    assert content["task"] == "multilabel" and "not for multilabel" in content["not_asked"][0]
    assert len(content["imbalance"]["classes"]) == 4 and content["duplicates"]["pairs"] == []


def squares(root, labels, colours):
    for label in labels:
        (root / label).mkdir(parents=True)
        for number, colour in enumerate(colours):
            Image.new("RGB", (40, 40), colour).save(root / label / f"{number}.png")
    return root


def test_all_images_equal(tmp_path):
    """Nothing can be held out of one picture; that is said, and all else is told."""
    content = vidi.check(squares(tmp_path / "equal", ("ant", "bee"), [(90, 90, 90)] * 20)).content
    assert content["duplicates"]["exact"] == 39 and content["duplicates"]["conflicts"] >= 20
    assert "these are all one" in content["not_asked"][0] and content["outliers"] == []
    assert "can be held out" in next(
        each["what"] for each in content["remarks"] if each["kind"] == "no training"
    )


def test_one_label(tmp_path):
    content = vidi.check(
        squares(tmp_path / "one", ("ant",), [(9 * n, 90, 200 - 9 * n) for n in range(22)])
    ).content
    assert "there is one" in content["not_asked"][0] and "shortcuts" not in content
    assert "one label only" in content["imbalance"]["sentences"][0]
    assert content["remark_counts"]["no training"] == 1


def test_out_writes_what_was_found_and_the_papers(planted, checked):
    names = {path.name for path in checked.folder.iterdir()}
    papers = {"datasheet.md", "croissant.json", "report.html"}
    assert names == {"results.json", "splits.parquet", "manifest.json", *papers}
    kept = RunFolder(checked.folder).read("results.json", "check")
    assert kept["label_errors"]["suspects"] == checked.content["label_errors"]["suspects"]
    assert "120" in (checked.folder / "datasheet.md").read_text()
    vidi.edit_card(checked.folder, {"data.creators": "Ada"})
    vidi.check(planted[0], out=checked.folder, similar=False)  # again, into the same: what was answered stays
    assert "Ada" in (checked.folder / "datasheet.md").read_text()
    assert "label_errors" not in RunFolder(checked.folder).read("results.json", "check")


def test_out_overwrites_nothing_else(planted, tmp_path, trained):
    (tmp_path / "note.txt").write_text("mine")
    for path, said in ((tmp_path, "holds other files"), (trained.folder, "holds other files"),
                       (tmp_path / "note.txt", "is a file")):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            vidi.check(planted[0], out=path)
    assert (tmp_path / "note.txt").read_text() == "mine"


def test_a_run_keeps_what_costs_nothing(trained):
    assert trained.results["check"]["duplicates"]["exact"] == 0
    assert {entry["label"] for entry in trained.results["check"]["imbalance"]["classes"]} == {
        "red",
        "green",
        "blue",
    }
