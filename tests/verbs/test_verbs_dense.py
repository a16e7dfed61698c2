"""A detector from a folder of Pascal VOC to answers: one small run, judged, verified, asked."""

import csv
import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import vidi
from dense_job import SIDE, drawn_image
from vidi.core.errors import UsageError
from vidi.core.measured import Verdict
from vidi.evaluation.dense_model import DenseModel
from vidi.verbs.load import resplit

OBJECT = "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"


def voc(root, numbers, only=None):
    """Pictures of coloured squares, each with its XML; with `only`, those that have no square of another colour."""
    (root / "JPEGImages").mkdir(parents=True)
    (root / "Annotations").mkdir()
    for number in numbers:
        image, _, objects = drawn_image(number)
        if only is not None and {each.label for each in objects} != {only}:
            continue
        Image.fromarray(image).save(root / "JPEGImages" / f"{number:02}.png")
        inner = "".join(OBJECT.format(each.label, *each.box) for each in objects)
        size = f"<size><width>{SIDE}</width><height>{SIDE}</height></size>"
        text = f"<annotation><filename>{number:02}.png</filename>{size}{inner}</annotation>"
        (root / "Annotations" / f"{number:02}.xml").write_text(text)
    rows = [f"{number:02}.png,{'north' if number % 2 else 'south'}" for number in numbers]
    (root / "about.csv").write_text("\n".join(["image,hospital", *rows]))
    return root


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    return voc(tmp_path_factory.mktemp("voc") / "squares", range(15))


@pytest.fixture(scope="module")
def run(squares, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    return vidi.train(squares, recipe="yolo", size_px=64, batch=4, epochs=1.0, out=out)


def test_the_run_folder_is_whole(run):
    assert run.results["task"] == "detection" and isinstance(run.model, DenseModel)
    assert run.measured[0].name == "AP" and run.measured[0].n == run.results["n"] > 0
    page = (run.folder / "report.html").read_text()
    assert "Precision against recall" in page and "Worst images" in page
    assert "squares" in (run.folder / "README.md").read_text()
    table = pq.read_table(run.folder / "predictions.parquet")
    assert {"id", "path", "truth", "found", "quality"} <= set(table.column_names)
    assert all(len(row) >= 1 for row in table.column("truth").to_pylist())


def test_it_verifies_and_stops_verifying(run, squares, tmp_path):
    found = vidi.verify(run.folder, squares)
    assert not [check for check in found.checks if check.verdict != Verdict.STANDS]
    copy = shutil.copytree(run.folder, tmp_path / "run")
    table = pq.read_table(copy / "predictions.parquet")
    pq.write_table(table.slice(1), copy / "predictions.parquet")
    assert vidi.verify(copy, squares).verdict == Verdict.FAILS


def test_evaluation_leaves_out_what_was_seen(run, squares):
    found = vidi.evaluate(run.folder, squares)
    assert found.results["n"] == run.results["n"] == 15 - found.results["seen_in_training"]
    assert [(m.name, m.of, m.value) for m in found.measured] == [
        (m.name, m.of, pytest.approx(m.value, nan_ok=True)) for m in run.measured
    ]


def test_the_order_of_rows_changes_no_number(run, squares):
    data = vidi.load(squares)
    turned = resplit(data, data.dataset.take(np.arange(len(data))[::-1]))
    one, other = (vidi.evaluate(run.model, each) for each in (data, turned))
    assert repr(one) == repr(other) and "bootstrap" in repr(one)


def test_answers_are_the_same_alone_and_in_company(run, squares):
    files = sorted((squares / "JPEGImages").iterdir())[:3]
    together = run.model.predict(files, least=0.0)
    alone = [run.model.predict(file, least=0.0)[0] for file in files]
    rows = [[each.found.rows(run.model.labels) for each in answers] for answers in (together, alone)]
    assert rows[0] == rows[1] and any(rows[0])


def test_what_is_found_is_written_as_coco_and_drawn(run, squares, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    images = [squares / "JPEGImages", tmp_path / "broken.png"]
    out, drawn = tmp_path / "boxes.json", tmp_path / "drawn"
    done = vidi.predict(run.model, images, out=out, draw=drawn, min_confidence=0.0)
    content = json.loads(out.read_text())
    assert (done.answered, done.failed) == (15, 1) and len(content["images"]) == 16
    assert content["images"][-1]["error"] and content["categories"][0] == {"id": 1, "name": "blue"}
    assert {entry["image_id"] for entry in content["annotations"]} <= {i["id"] for i in content["images"]}
    for entry in content["annotations"]:
        x, y, width, height = entry["bbox"]
        assert 0 <= entry["score"] <= 1 and min(x, y, width, height) >= 0
        assert x + width <= SIDE + 1e-3 and y + height <= SIDE + 1e-3
    assert len(list(drawn.iterdir())) == 15
    assert np.asarray(Image.open(drawn / "00.jpg")).shape[2] == 3


@pytest.mark.parametrize(
    "suffix", [".csv", *(pytest.param(s, marks=pytest.mark.slow) for s in (".jsonl", ".parquet"))]
)
def test_a_table_has_a_row_for_each_object_and_for_images_without(run, squares, tmp_path, suffix):
    out = tmp_path / f"found{suffix}"
    vidi.predict(run.model, squares / "JPEGImages", out=out, min_confidence=1.0)
    read = {
        ".csv": lambda: list(csv.DictReader(out.open())),
        ".jsonl": lambda: [json.loads(line) for line in out.read_text().splitlines()],
        ".parquet": lambda: pq.read_table(out).to_pylist(),
    }[suffix]()
    assert len(read) == 15 and not any(row["label"] for row in read)
    assert all(int(row["width"]) == SIDE for row in read)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"out": "boxes.txt"}, "--out wants a name ending in .json"),
        ({"out": "maps"}, "--out wants a name ending in .json"),
        ({"out": "a.json", "sets": True}, "--sets and --risk are for labels"),
        ({"out": "a.json", "min_confidence": 2.0}, "wants a score, 0 to 1"),
    ],
)
def test_wrong_use_is_a_sentence(run, squares, tmp_path, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        vidi.predict(run.folder, squares, **(options | {"out": tmp_path / options["out"]}))


def test_verbs_that_want_labels_say_so(run, squares):
    with pytest.raises(UsageError, match="a model whose answers are labels was wanted"):
        vidi.attack(run.folder, squares / "JPEGImages" / "00.png")


def test_a_model_of_labels_draws_nothing(trained, tmp_path):
    with pytest.raises(UsageError, match="--draw draws objects and maps"):
        vidi.predict(trained.folder, tmp_path, out=tmp_path / "a.csv", draw=tmp_path)


def test_other_data_may_know_fewer_labels(run, tmp_path):
    """What is drawn there is numbered as the model numbers it, not as the data does."""
    reds = voc(tmp_path / "reds", range(100, 112), only="red")
    found = vidi.evaluate(run.model, reds)
    precision = {m.of: m.value for m in found.measured if m.name == "AP50"}
    assert np.isnan(precision["blue"]) and not np.isnan(precision["red"])


def test_an_audit_tells_groups_of_objects_and_the_papers_tell_the_audit(run, squares, tmp_path):
    copy = shutil.copytree(run.folder, tmp_path / "run")
    demands = ["worst(recall, class) <= 1", "AP50 >= 0", "gap(recall, Hospital, object_place) <= 1"]
    found = vidi.audit(copy, require=demands, smallest=1)
    groups = {(m["name"], m["of"]) for m in found.results["groups"]}
    assert {("recall", "class=red"), ("AP50", "class=blue"), ("AP", "all")} <= groups
    assert any(of.startswith("hospital=north, object place=") for _, of in groups)
    assert found.verdict == Verdict.STANDS and found.results["n"] == run.results["n"]
    page = (found.folder / "audit.html").read_text()
    assert "Group by group" in page and "class=red" in page
    assert "class=red" in (copy / "README.md").read_text()
    checked = vidi.verify(copy, squares)
    assert not [check for check in checked.checks if check.verdict != Verdict.STANDS]
    assert any("groups: as written" in check.said for check in checked.checks)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"slices": True}, "--slices is for answers that are labels"),
        ({"truth": "y"}, "--truth is for answers that are labels"),
        ({"by": ["sex"]}, "no attribute 'sex'"),
        ({"require": ["gap(recal, class) <= 1"]}, "there is no metric 'recal'; did you mean recall"),
        ({"require": ["accuracy >= 0.5"]}, "there is no metric 'accuracy'"),
        ({"group": "patient"}, "--group names a column of the data"),
        ({"dials": ["viewpoint"]}, "viewpoint moves what is in the picture"),
        ({"require": ["under(AP50, fog) >= 0"]}, "there is no metric 'AP50'; did you mean AP"),
    ],
)
def test_what_cannot_be_audited_is_a_sentence(run, tmp_path, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        vidi.audit(run.folder, out=tmp_path, smallest=1, **options)


@pytest.mark.slow
def test_what_is_drawn_is_held_against_a_run(run, squares, tmp_path):
    """Only on images that the run did not learn from; the objects in doubt are on the page, with pictures."""
    found = vidi.check(squares, similar=False, against=[run.folder], out=tmp_path / "checked")
    told = found.content["object_errors"]
    assert told["asked"] == run.results["n"] and told["asked"] + told["seen_in_training"] == 15
    assert told["count"] == len(told["suspects"]) and "run that did not learn" in told["sentences"][-1]
    page = (tmp_path / "checked" / "report.html").read_text()
    assert "What is drawn and looks wrong" in page and page.count('data-example="missing on') <= told["count"]
    assert not any("--against" in said for said in found.content["not_asked"])


def test_a_run_is_asked_only_what_it_can_know(run, squares, trained, tmp_path):
    with pytest.raises(UsageError, match="--against wants runs of detection, instances or segmentation"):
        vidi.check(squares, similar=False, against=[trained.folder])
    with pytest.raises(UsageError, match="is a run of the task detection, the data is read for multilabel"):
        vidi.check(squares, similar=False, task="multilabel", against=[run.folder])


@pytest.mark.slow
def test_an_audit_of_other_data_spoils_images(run, squares, tmp_path):
    asked = {"corruptions": ["fog"], "dials": ["occlusion"], "require": ["under(AP, fog, 1) >= 0"]}
    found = vidi.audit(run.folder, squares, out=tmp_path, most=1, smallest=1, **asked)
    fog, dials = found.results["robustness"], found.results["dials"]
    assert fog["n"] == 1 and [m["of"] for m in fog["measured"]] == [f"fog, severity {s}" for s in range(1, 6)]
    assert {m["name"] for m in (*fog["measured"], fog["clean"], dials["mean"])} == {"AP"}
    assert [m["of"] for m in dials["by_corruption"]] == ["occlusion"]
    (claim,) = found.results["claims"]
    assert claim["measured"]["name"] == "under(AP, fog, 1)"
    assert "AP in percent against severity" in (found.folder / "audit.html").read_text()


@pytest.mark.slow
def test_an_audit_pastes_a_thing_in_and_draws_errors(run, tmp_path):
    thing = np.zeros((8, 8, 4), np.uint8)
    thing[..., 0], thing[..., 3] = 220, 255
    Image.fromarray(thing).save(tmp_path / "red_7.png")
    found = vidi.audit(run.folder, out=tmp_path, most=1, smallest=1, elephant=tmp_path / "red_7.png")
    numbers = {(m["name"], m["of"]): m for m in found.results["elephant"]}
    assert {("thing unseen", "red_7"), ("others lost", "red_7 (far from it)")} <= set(numbers)
    assert any("red_7, pasted in, goes unseen in" in said for said in found.results["sentences"])
    errors = found.results["errors"]
    page = (found.folder / "audit.html").read_text()
    assert errors and page.count("data:image/jpeg") == len(errors) and "An error of each sort" in page
