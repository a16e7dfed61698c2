"""Predictions beside the truth: every row once, certain mistakes first, precision shown."""

import io
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from drawn_job import LABELS, drawn_job
from vidi import catalog
from vidi.core.device import native_bf16, seeded
from vidi.core.files import atomic
from vidi.core.network import NetworkSpec
from vidi.core.progress import Quiet
from vidi.evaluation.model import Model
from vidi.evaluation.score import (
    Predictions,
    hardest,
    head_accuracy,
    inference,
    network_accuracy,
    predict_rows,
    prediction_table,
    scores_of,
    truth_of,
    write_predictions,
)


def made(job, precision: str = "fp32") -> Model:
    options = {"classes": 3, "size_px": 32, "widths": [8]}
    network = catalog.network("mlp", **options, generator=seeded(0)).eval()
    return Model(network, NetworkSpec("mlp", options), job.dataset.labels, job.task, precision=precision)


@pytest.fixture
def job(tmp_path):
    return drawn_job(tmp_path)


@pytest.fixture
def predicted(job):
    model = made(job)
    rows = job.dataset.where("test")
    return job, model, predict_rows(model, job.dataset, job.pixels, rows, Quiet())


def test_accuracy_by_hand():
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0]])
    assert head_accuracy(logits, np.eye(2, dtype=np.float32)[[0, 1, 1]]) == pytest.approx(2 / 3)
    assert head_accuracy(logits, np.ones((3, 2), np.float32)) == 1.0  # several labels: the best one holds
    assert head_accuracy(logits[:0], np.zeros((0, 2), np.float32)) is None


def test_blocks_do_not_change_the_accuracy(job):
    model, rows = made(job), job.dataset.where("train")
    images = torch.from_numpy(job.pixels(rows, size_px=32)).permute(0, 3, 1, 2)
    found = {network_accuracy(model.network, images, job.target(rows), block=b) for b in (1, 7, 256)}
    assert len(found) == 1


def test_every_row_once_in_order(predicted):
    job, model, found = predicted
    rows = job.dataset.where("test")
    images = job.pixels(rows, size_px=32)
    assert np.array_equal(found.rows, rows) and np.array_equal(found.logits, model.logits(images))
    assert found.answers == [p.prediction for p in model.predict(images)]


def test_the_table_holds_what_it_says(predicted):
    job, model, found = predicted
    table = prediction_table(job.dataset, found, model)
    assert table.column_names == ["id", "path", "split", "truth", "prediction", *(f"p({x})" for x in LABELS)]
    assert table.column("truth").to_pylist() == job.dataset.column("target")[found.rows].tolist()
    np.testing.assert_allclose(np.stack([table.column(f"p({x})") for x in LABELS], 1), found.probability)
    assert set(table.column("split").to_pylist()) == {"test"}


def test_parquet_comes_back(predicted, tmp_path):
    job, model, found = predicted
    table = prediction_table(job.dataset, found, model)
    write_predictions(tmp_path / "p.parquet", table, atomic)
    assert pq.read_table(io.BytesIO((tmp_path / "p.parquet").read_bytes())).equals(table)


def test_truth_is_numbers_or_rows_of_booleans(tmp_path, job):
    rows = np.arange(3)
    assert truth_of(job.dataset, rows, made(job)).tolist() == [0, 1, 2]
    several = drawn_job(tmp_path / "several", multilabel=True)
    truth = truth_of(several.dataset, rows, made(several))  # "", "green", "red|warm"
    assert truth.tolist() == [[False] * 3, [True, False, False], [False, True, True]]


def test_examples_of_one_group_stay_together_in_a_bootstrap(job):
    owner = pa.array([f"owner {n // 6}" for n in range(60)])
    dataset = replace(job.dataset.with_column("owner", owner), attributes=("owner",), group="owner")
    model = made(job)
    rows = dataset.where("test")
    found = predict_rows(model, dataset, job.pixels, rows, Quiet())
    group = scores_of(dataset, found, model).group
    owners = dataset.column("owner")[rows]
    assert all((group[i] == group[j]) == (owners[i] == owners[j]) for i in range(12) for j in range(12))
    assert scores_of(job.dataset, found, model).group is None
    assert "owner" in prediction_table(dataset, found, model).column_names


def fabricated(job, certainty, right) -> Predictions:
    rows = np.arange(len(certainty))
    truth = job.dataset.column("target")[rows]
    answers = [t if r else LABELS[(LABELS.index(t) + 1) % 3] for t, r in zip(truth, right, strict=True)]
    probability = np.array([[(1 - c) / 2] * 3 for c in certainty])
    for row, answer in enumerate(answers):
        probability[row, LABELS.index(answer)] = certainty[row]
    return Predictions(rows, np.log(probability).astype(np.float32), probability, answers)


def test_hardest_by_hand(job):
    found = fabricated(job, [0.9, 0.5, 0.7, 0.99, 0.6], [False, False, False, True, True])
    table = hardest(job.dataset, found, most=2)
    assert [entry["id"] for entry in table["most_certain"]] == ["image-0", "image-2"]
    assert [entry["id"] for entry in table["least_certain"]] == ["image-1", "image-2"]
    assert [entry["id"] for entry in table["surest_hits"]] == ["image-3", "image-4"]
    first = table["most_certain"][0]
    assert first["probability"] == pytest.approx(0.9) and first["truth"] != first["prediction"]


def test_what_the_precision_changes_is_shown(job):
    rows = job.dataset.where("train")
    for precision in ("fp32", "bf16"):
        model = made(job, precision)
        found = predict_rows(model, job.dataset, job.pixels, rows, Quiet())
        said = inference(model, job.pixels, found, most=10)
        run = precision if native_bf16() else "fp32"
        assert said["precision"] == run and said["images_per_second"] > 0
        if run == "fp32":
            assert "compared" not in said
        else:
            assert said["compared"] == 10 and 8 <= said["same_answer_as_fp32"] <= 10
            assert 0 < said["largest_difference"] < 0.1
