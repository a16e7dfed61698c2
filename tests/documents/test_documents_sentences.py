"""What the numbers say, in words, and what is read from a run folder."""

import json
from dataclasses import replace

import pytest
from fabricated_run import fabricate, wilson

from vidi.core.errors import UsageError
from vidi.core.measured import Measured, Verdict
from vidi.documents import sentences
from vidi.documents.evidence import Baseline, gather
from vidi.documents.text import THIN


def plain(words: str) -> str:
    return words.replace(THIN, " ")


def accuracy(value: float, half: float) -> Measured:
    return Measured("accuracy", value, value - half, value + half, 412, "Wilson")


def baseline(value: float, half: float, difference: Measured | None = None) -> Baseline:
    return Baseline("k-NN", "the nearest", (accuracy(value, half),), difference)


def test_the_headline_by_hand(tmp_path):
    measured = [Measured("accuracy", 0.913, 0.882, 0.937, 412, "Wilson").record()]
    guess = {"name": "majority class", "what": "", "measured": [wilson("accuracy", 42, 412).record()]}
    run = fabricate(tmp_path, change={"measured": measured, "baselines": [guess]})
    assert plain(sentences.headline(gather(run))) == (
        "Right on 91.3 % of 412 unseen images [88.2, 93.7]; "
        "always guessing the most frequent class would be right on 10.2 %."
    )


def test_the_headline_without_a_test_split_does_not_say_unseen(tmp_path):
    said = sentences.headline(gather(fabricate(tmp_path, change={"split": "validation"})))
    assert "unseen" not in said and "of the validation split" in said


def test_the_headline_of_several_labels(tmp_path):
    measured = [Measured("mean average precision", 0.83, 0.8, 0.86, 99, "bootstrap").record()]
    run = fabricate(tmp_path, change={"task": "multilabel", "measured": measured, "baselines": []})
    said = sentences.headline(gather(run))
    assert said == "Mean average precision 0.830 on 99 unseen images [0.800, 0.860]."


def test_nothing_measured_is_said(tmp_path):
    evidence = gather(fabricate(tmp_path, change={"measured": [], "baselines": []}))
    assert "Nothing was measured" in sentences.headline(evidence)


@pytest.mark.parametrize(
    ("model", "other", "wanted"),
    [
        (accuracy(0.9, 0.02), baseline(0.8, 0.02), Verdict.STANDS),
        (accuracy(0.9, 0.02), baseline(0.88, 0.02), Verdict.CANNOT_TELL),
        (accuracy(0.8, 0.02), baseline(0.9, 0.02), Verdict.FAILS),
        (accuracy(0.9, float("nan")), baseline(0.1, 0.02), Verdict.CANNOT_TELL),
        (
            accuracy(0.9, 0.02),
            baseline(0.88, 0.02, replace(accuracy(0.02, 0.01), name="difference")),
            Verdict.STANDS,
        ),
        (
            accuracy(0.9, 0.02),
            baseline(0.88, 0.02, replace(accuracy(0.02, 0.03), name="difference")),
            Verdict.CANNOT_TELL,
        ),
    ],
)
def test_verdicts(model, other, wanted):
    assert sentences.verdict(model, other)[0] == wanted


def test_verdicts_are_opposite_when_the_two_change_places():
    opposite = {Verdict.STANDS: Verdict.FAILS, Verdict.FAILS: Verdict.STANDS}
    for value in (0.5, 0.7, 0.72, 0.75, 0.9):
        one, other = accuracy(value, 0.02), accuracy(0.72, 0.03)
        there, _ = sentences.verdict(one, Baseline("b", "", (other,)))
        back, _ = sentences.verdict(other, Baseline("a", "", (one,)))
        assert back == opposite.get(there, there)


def test_cautions_come_from_numbers(tmp_path):
    counts = {"a": {"train": 200, "test": 50}, "b": {"train": 20, "test": 12}}
    data = {"data": {"counts": counts, "remark_counts": {}}}
    said = " ".join(sentences.cautions(gather(fabricate(tmp_path, labels=("a", "b"), change=data))))
    assert "b has fewer than 30 test images" in said
    assert "a has 200 training images, b 20" in said
    even = {"data": {"counts": {"a": {"train": 50, "test": 50}, "b": {"train": 50, "test": 50}}}}
    assert sentences.cautions(gather(fabricate(tmp_path / "even", labels=("a", "b"), change=even))) == []


def test_history_survives_a_torn_line_and_repeated_steps(tmp_path):
    run = fabricate(tmp_path)
    lines = [
        {"step": 2, "loss": 1.0},
        {"step": 1, "loss": 3.0},
        {"step": 2, "validation_loss": 0.9},
        {"step": 2, "loss": 2.0},
    ]
    torn = "\n".join(json.dumps(line) for line in lines) + '\n{"step": 3, "lo'
    (tmp_path / "history.jsonl").write_text(torn, encoding="utf-8")
    assert gather(run).history == (lines[1], lines[3], lines[2])


def test_a_changed_byte_and_a_missing_file_are_one_sentence(tmp_path):
    run = fabricate(tmp_path)
    run.seal()
    path = tmp_path / "results.json"
    path.write_text(path.read_text(encoding="utf-8").replace("0.93", "0.99"), encoding="utf-8")
    with pytest.raises(UsageError, match="has changed since"):
        gather(run)
    path.unlink()
    with pytest.raises(UsageError, match="is missing"):
        gather(run)


def test_images_with_several_labels_are_counted_once(tmp_path):
    counts = {"a": {"train": 50, "test": 40}, "b": {"train": 50, "test": 40}}
    change = {
        "data": {"counts": counts, "splits": {"train": 60, "validation": 0, "test": 45}, "examples": 105}
    }
    said = sentences.split(gather(fabricate(tmp_path, labels=("a", "b"), change=change)))
    assert said == "60 images for training and 45 images for the test."


def test_no_validation_split_no_calibration(tmp_path):
    change = {"calibration": {"temperature": 1.0, "n": 0, "split": "validation"}}
    assert "not calibrated" in sentences.calibration(gather(fabricate(tmp_path, change=change)))


def test_the_recipe_that_chose_is_named(tmp_path):
    assert sentences.made_by(gather(fabricate(tmp_path))) == "tail, chosen by auto"
    assert sentences.made_by(gather(fabricate(tmp_path, change={"recipe": "auto"}))) == "auto"


def test_a_single_remark_is_told_and_many_are_counted(tmp_path):
    said = " ".join(sentences.cautions(gather(fabricate(tmp_path))))
    assert "Conflicting labels: the same image has two labels." in said
    assert "unreadable (3) and alpha channel (24)" in said
