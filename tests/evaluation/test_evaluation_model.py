"""A saved model answers alike in a process that has only vidi, refuses what was damaged, and ignores company."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from drawn_job import LABELS, squares
from vidi import catalog
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.core.network import NetworkSpec
from vidi.core.run_folder import SCHEMA_VERSION, RunFolder
from vidi.evaluation.model import Model, load_model
from vidi.verbs.open import open_model

IMAGES = squares(4)[0]


def made(task: str = "classification", *, name: str = "mlp", **options) -> Model:
    options = {"classes": 3, "size_px": 32} | ({"widths": [16]} if name == "mlp" else {}) | options
    network = catalog.network(name, **options, generator=seeded(1)).eval()
    spec = NetworkSpec(name, options)
    return Model(network, spec, LABELS, catalog.load("tasks", task).TASK, temperature=0.3)


@pytest.fixture
def saved(tmp_path):
    model = made()
    model.save(RunFolder(tmp_path))
    return model, tmp_path


FRESH = """
import json, sys
from vidi.verbs.open import open_model
model = open_model(sys.argv[1])
print(json.dumps([[p.prediction, p.confidence, p.probabilities] for p in model.predict(sys.argv[2:])]))
"""


@pytest.mark.slow
def test_it_answers_alike_in_a_fresh_process(saved, tmp_path):
    """From the folder alone, in another working directory."""
    model, folder = saved
    files = []
    for number, image in enumerate(IMAGES[:3]):
        files.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(image).save(files[-1])
    words = [sys.executable, "-c", FRESH, str(folder), *files]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=100)
    assert done.returncode == 0, done.stderr
    here = [[p.prediction, p.confidence, p.probabilities] for p in model.predict(files)]
    assert json.loads(done.stdout) == here


@pytest.mark.parametrize("task", ["classification", "multilabel"])
def test_everything_comes_back(tmp_path, task):
    model = made(task)
    model.save(RunFolder(tmp_path))
    again = open_model(tmp_path)
    assert (again.labels, again.task, again.temperature) == (model.labels, model.task, 0.3)
    assert again.preprocessing == model.preprocessing and again.spec == model.spec
    assert np.array_equal(again.logits(IMAGES), model.logits(IMAGES))
    assert [p.prediction for p in again.predict(IMAGES)] == [p.prediction for p in model.predict(IMAGES)]


def test_images_are_prepared_as_they_were_in_training(tmp_path):
    """Whatever the network's builder says today: the file's numbers count."""
    model = made()
    other = replace(model.preprocessing, mean=(100.0, 110.0, 120.0), std=(50.0, 60.0, 70.0), fit="pad")
    model.network.prepare_with(other)
    model.save(RunFolder(tmp_path))
    again = open_model(tmp_path)
    assert again.preprocessing == other and np.array_equal(again.logits(IMAGES), model.logits(IMAGES))


def test_labels_may_be_any_text(tmp_path):
    labels = ("a|b", "größe\n2", "🦉")
    replace(made(), labels=labels).save(RunFolder(tmp_path))
    assert open_model(tmp_path).labels == labels


def test_channels_last_weights_are_saved_as_they_are(tmp_path):
    model = made(name="lenet")
    wanted = model.logits(IMAGES)
    replace(model, network=model.network.to(memory_format=torch.channels_last)).save(RunFolder(tmp_path))
    assert np.array_equal(open_model(tmp_path).logits(IMAGES), wanted)


@pytest.mark.parametrize("precision", ["auto", "fp32"])
def test_company_does_not_matter_to_the_last_bit(precision):
    """One by one, in one batch, and in blocks of a stream: the same floats."""
    model = replace(made(name="lenet"), precision=precision)
    together = model.predict(IMAGES)
    assert [model.predict(image)[0].probabilities for image in IMAGES] == [p.probabilities for p in together]
    for block in (1, 5):
        assert [p.probabilities for p in model.stream(IMAGES, block=block)] == [
            p.probabilities for p in together
        ]
    assert [p.probabilities for p in model.predict(IMAGES[::-1])] == [p.probabilities for p in together[::-1]]


def test_a_prediction_is_the_most_probable_label():
    for answer in made().predict(IMAGES):
        assert sum(answer.probabilities.values()) == pytest.approx(1.0)
        assert answer.confidence == max(answer.probabilities.values())
        assert answer.prediction == max(answer.probabilities, key=answer.probabilities.__getitem__)
        assert answer.error == "" and tuple(answer.probabilities) == LABELS


def test_several_labels_join_those_that_are_likely():
    for answer in made("multilabel").predict(IMAGES):
        assert answer.prediction == "|".join(name for name, p in answer.probabilities.items() if p >= 0.5)


def test_an_unreadable_file_is_a_row_with_an_error_among_answers(tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no image")
    answers = made().predict([IMAGES[0], bad, tmp_path / "missing.png", IMAGES[1]])
    assert [bool(a.error) for a in answers] == [False, True, True, False]
    assert answers[1].prediction is None and answers[1].confidence is None and answers[1].probabilities == {}
    assert [made().predict(bad)[0].error] == [answers[1].error]
    assert made().predict([]) == []


def test_temperature_one_is_softmax_and_others_keep_the_order():
    model = made().with_temperature(1.0)
    logits = model.logits(IMAGES)
    np.testing.assert_allclose(model.probability(logits), torch.softmax(torch.from_numpy(logits).double(), 1))
    sharp, flat = (model.with_temperature(t).probability(logits) for t in (0.01, 100.0))
    assert np.array_equal(sharp.argmax(1), flat.argmax(1)) and sharp.max(1).mean() > flat.max(1).mean()
    assert np.allclose(flat, 1 / 3, atol=0.1)


def test_another_temperature_compiles_nothing_again():
    model = made()
    engine = model.engine
    assert model.with_temperature(2.0).engine is engine


def test_any_byte_of_the_weights_that_flips_is_noticed(saved):
    _, folder = saved
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    for place in (0, 9, len(content) // 2, len(content) - 1):
        content[place] ^= 1
        path.write_bytes(content)
        with pytest.raises(UsageError, match=r"model.safetensors is damaged: its checksum"):
            open_model(folder)
        content[place] ^= 1
    path.write_bytes(content)
    open_model(folder)


def test_any_byte_of_model_json_that_flips_gives_a_sentence_or_the_same_model(saved):
    """Without a manifest (the run was not finished): what still reads as JSON may lack or rename a field."""
    _, folder = saved
    path = folder / "model.json"
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        try:
            assert isinstance(open_model(folder), Model)
        except UsageError as error:
            assert str(error) and "\n" not in str(error)
    path.write_bytes(content)
    RunFolder(folder).seal()
    for place in range(0, len(content), 41):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(UsageError, match=r"model.json has changed"):
            open_model(folder)


def rewritten(folder, **fields) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"schema": f"vidi/model/{SCHEMA_VERSION + 1}"}, "written by a newer vidi .* upgrade vidi"),
        ({"schema": "vidi/results/1"}, "should say schema vidi/model"),
        ({"schema": None}, "should say schema"),
        ({"network": {"name": "mlp", "options": {"classes": 4, "size_px": 32}}}, "3 labels for 4 outputs"),
        ({"network": {"name": "linear", "options": {"classes": 3, "size_px": 32}}}, "does not fit the network"),
        ({"network": {"name": "residual", "options": {"classes": 3}}}, "no network is named 'residual'"),
        ({"network": {"name": "mlp", "options": {"classes": 3, "size": 1}}}, "the network mlp takes"),
        ({"network": {"name": "../evil", "options": {"classes": 3}}}, r"no network of \.\. is named"),
        ({"network": 3}, "model.json"),
        ({"labels": ["a", "b"]}, "model.json"),
        ({"labels": "abc"}, "model.json"),
        ({"task": "driving"}, "none of the tasks is named 'driving'"),
        ({"calibration": {"temperature": 0}}, "model.json"),
        ({"calibration": {}}, "model.json"),
        ({"precision": "fp64"}, "model.json"),
        ({"preprocessing": {"size_px": 64, "mean": [0], "std": [1], "fit": "pad"}}, "model.json"),
    ],
    ids=str,
)  # fmt: skip
def test_what_model_json_cannot_mean_is_refused(saved, fields, sentence):
    _, folder = saved
    rewritten(folder, **fields)
    with pytest.raises(UsageError, match=sentence) as caught:
        open_model(folder)
    assert "\n" not in str(caught.value)


def test_missing_files_are_named(saved, tmp_path):
    _, folder = saved
    (folder / "model.safetensors").unlink()
    with pytest.raises(UsageError, match=r"model.safetensors is missing; .* vidi train --resume"):
        open_model(folder)
    (folder / "model.json").rename(folder / "recipe.json")
    with pytest.raises(UsageError, match=r"model.json is missing"):
        open_model(folder)
    with pytest.raises(UsageError, match="is not a run folder"):
        empty = tmp_path / "empty"
        empty.mkdir()
        open_model(empty)
    with pytest.raises(UsageError, match="does not exist"):
        open_model(tmp_path / "nowhere")


def test_weights_of_another_kind_are_refused(saved):
    _, folder = saved
    path = folder / "model.safetensors"
    path.write_bytes(b"\x80\x04pickle")
    from vidi.core.files import sha256

    rewritten(folder, sha256=sha256(path))
    with pytest.raises(UsageError, match="does not fit the network"):
        open_model(folder)


def test_loading_needs_only_a_builder_and_a_task(saved):
    model, folder = saved
    asked = []

    def build(name, **options):
        asked.append((name, options))
        return catalog.network(name, **options)

    load_model(folder, build=build, task=lambda name: model.task)
    assert asked == [("mlp", {"classes": 3, "size_px": 32, "widths": [16]})]
