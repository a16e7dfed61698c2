"""What `vidi check` says of labels: planted wrong ones are named, clean ones are left in peace."""

import pytest

import vidi
from drawn_job import write_folder


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


def test_planted_wrong_labels_are_named_first(planted):
    root, wrong = planted
    found = vidi.check(root).content["label_errors"]
    named = [entry["id"] for entry in found["suspects"]]
    assert len(wrong) == 6 and len(wrong.intersection(named)) >= 5
    assert found["share"]["low"] <= 0.05 <= found["share"]["high"]
    remarks = [remark for remark in vidi.check(root).loaded.dataset.remarks if remark.kind == "label"]
    assert [remark.where for remark in remarks] == named
    assert remarks[0].what.startswith("labelled ") and "looks like " in remarks[0].what


def test_clean_labels_are_left_in_peace(tmp_path):
    root = write_folder(tmp_path / "photos", 20, size_px=64)
    found = vidi.check(root).content["label_errors"]
    assert found["count"] <= 2 and found["share"]["value"] <= 0.05


def test_without_features_or_examples_nothing_is_said(planted, tmp_path):
    assert "label_errors" not in vidi.check(planted[0], similar=False).content
    few = write_folder(tmp_path / "few", 3)
    assert "label_errors" not in vidi.check(few).content
