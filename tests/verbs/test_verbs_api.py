"""The README's Python: load, train, predict, evaluate."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

import vidi
from vidi.core.errors import UsageError
from vidi.verbs.load import Loaded, resplit


def test_loaded_data_says_what_it_is(pictures):
    data = vidi.load(pictures)
    assert isinstance(data, Loaded) and len(data) == 30
    assert str(data).startswith("photos: 30 images of 3 classes (train ") and str(data).endswith(", 1 remark")
    assert repr(data) == f"<{data}>"
    assert data.dataset.labels == ("blue", "green", "red")


def test_the_readmes_four_lines(pictures, tmp_path):
    data = vidi.load(str(pictures))
    run = vidi.train(data, recipe="knn", out=tmp_path)
    answers = run.model.predict(sorted((pictures / "red").glob("0*.png")))
    result = vidi.evaluate(run.model, data)
    assert str(run).startswith(str(run.folder)) and "accuracy" in str(run)
    assert sum(answer.prediction == "red" for answer in answers) >= 7
    assert result.folder is None and result.results["n"] == run.results["n"]
    assert [m.name for m in result.measured] == [m.name for m in run.measured]
    assert result.measured[0].value == run.measured[0].value


def test_a_model_opened_elsewhere_says_the_same(trained, pictures, tmp_path):
    moved = shutil.copytree(trained.folder, tmp_path / "moved")
    paths = sorted(pictures.rglob("0*.png"))
    here, there = trained.model.predict(paths), vidi.open_model(moved).predict(paths)
    assert here == there


def test_pictures_arrays_and_tensors_are_images_too(trained, pictures):
    path = pictures / "green" / "0001.png"
    picture = Image.open(path)
    array = np.asarray(picture)
    tensor = torch.from_numpy(array.copy()).permute(2, 0, 1)
    answers = trained.model.predict([path, picture, array, array / 255, tensor, tensor / 255])
    assert len({(answer.prediction, answer.confidence) for answer in answers}) == 1
    assert answers[0].prediction == "green"
    assert len(trained.model.predict(np.stack([array] * 3))) == 3


def test_one_by_one_is_as_all_at_once(trained, pictures):
    paths = sorted(pictures.rglob("0*.png"))
    together = trained.model.predict(paths)
    assert [trained.model.predict(path)[0] for path in paths[:5]] == together[:5]


def test_the_order_of_rows_changes_no_number(trained, pictures):
    """Values, intervals, mistakes and thresholds: all that is written but the clock's part."""
    data = vidi.load(pictures)
    order = np.random.default_rng(0).permutation(len(data))
    turned = resplit(data, data.dataset.take(order))
    one, other = (dict(vidi.evaluate(trained.model, each).results) for each in (data, turned))
    assert one.pop("inference").keys() == other.pop("inference").keys()
    assert repr(one) == repr(other) and "bootstrap" in repr(one)


@pytest.mark.slow
def test_a_model_knows_what_it_was_trained_on(trained, pictures):
    for model in (trained.model, vidi.open_model(trained.folder), trained.folder):
        result = vidi.evaluate(model, pictures)
        splits = trained.results["data"]["splits"]
        assert result.results["seen_in_training"] == splits["train"] + splits["validation"]


def test_unreadable_pictures_are_rows(trained, pictures, tmp_path):
    answers = trained.model.predict(
        [pictures / "red" / "broken.png", tmp_path / "none.png", np.zeros((3, 4, 5))]
    )
    assert all(answer.prediction is None and answer.error for answer in answers)


def test_predict_writes_what_the_model_says(trained, pictures, tmp_path):
    done = vidi.predict(trained.model, [pictures / "blue"], out=tmp_path / "deep" / "p.jsonl")
    assert (done.answered, done.failed, done.errors) == (10, 0, ())
    assert done.out.exists()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda p: vidi.train(p, recipe="prob"), "did you mean probe"),
        (lambda p: vidi.train(p, recipe="probe", lr=1.0), "has no option --lr; it takes --network"),
        (lambda p: vidi.train(p, minutes=0.0), "--minutes wants a time above 0"),
        (lambda p: vidi.load(p / "nowhere"), "does not exist"),
        (lambda p: vidi.load(p, task="detections"), "did you mean detection"),
        (lambda p: vidi.load(p, task="detection"), "the task detection wants boxes"),
        (lambda p: vidi.load(p, group="patient"), "patient"),
        (lambda p: vidi.open_model(p), "is not a run folder"),
    ],
)
def test_mistakes_are_sentences(call, sentence, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=sentence):
        call(pictures)
    assert not any(tmp_path.iterdir())


def test_a_verb_that_does_not_exist_is_named():
    with pytest.raises(AttributeError, match="its verbs are attack, audit, check, compare"):
        vidi.tain  # noqa: B018
