"""Sets, silence and unfamiliar images in the table that predict writes."""

import csv
import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

import vidi
from drawn_job import drawn_job, write_folder
from vidi.core.errors import UsageError
from vidi.evaluation.limits import Familiar, Limits
from vidi.verbs.calibrate import calibrated
from vidi.verbs.predict import SILENCE


@pytest.fixture(scope="module")
def limited(trained, pictures):
    """The model with thresholds by hand: sets down to a probability of 0.2, a twentieth wrong from 0.9 up."""
    features = trained.model.engine(np.zeros((1, 128, 128, 3), np.uint8))
    known = (features / np.linalg.norm(features)).astype(np.float32).repeat(3, axis=0)
    risks = {0.01: None, 0.05: 0.9}
    return trained.model.with_limits(Limits(50, 0.8, risks, familiar=Familiar(known, 1, 0.05)))


def table(path):
    if path.suffix == ".csv":
        return list(csv.DictReader(path.open(encoding="utf-8")))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return pq.read_table(path).to_pylist()


def test_sets_and_silence_follow_the_thresholds(limited, pictures, tmp_path):
    done = vidi.predict(limited, pictures, out=tmp_path / "p.jsonl", sets=True, risk=0.05)
    rows = table(tmp_path / "p.jsonl")
    for row in rows:
        if row["error"]:
            assert row["answered"] is row["set"] is row["unfamiliar"] is row["prediction"] is None
            continue
        likely = {label for label in limited.labels if row[f"p({label})"] >= 0.2 - 1e-12}
        assert set(filter(None, row["set"].split("|"))) == likely
        assert row["answered"] == (row["confidence"] >= 0.9) == (row["prediction"] != SILENCE)
    assert done.silent == sum(row["answered"] is False for row in rows)
    every = vidi.predict(
        limited, pictures, out=tmp_path / "q.csv", risk=0.02
    )  # 0.01 holds there: never sure enough
    assert every.silent == every.answered == 30


def test_every_format_says_the_same_and_without_options_nothing_is_added(
    limited, trained, pictures, tmp_path
):
    for suffix in (".csv", ".parquet", ".jsonl"):
        vidi.predict(limited, pictures, out=tmp_path / f"p{suffix}", sets=True, min_confidence=0.7)
    by_csv, by_parquet, by_jsonl = (table(tmp_path / f"p{s}") for s in (".csv", ".parquet", ".jsonl"))
    assert by_parquet == by_jsonl
    words = {True: "true", False: "false", None: ""}
    assert [row["answered"] for row in by_csv] == [words[row["answered"]] for row in by_parquet]
    vidi.predict(trained.model, pictures, out=tmp_path / "plain.csv")
    assert list(table(tmp_path / "plain.csv")[0])[:3] == ["path", "prediction", "confidence"]
    assert not {"set", "answered", "unfamiliar"} & set(table(tmp_path / "plain.csv")[0])


def test_a_black_picture_is_known_and_company_changes_nothing(limited, pictures):
    black = np.zeros((128, 128, 3), np.uint8)
    alone = limited.predict(black)
    assert alone[0].unfamiliar is False
    paths = sorted(pictures.rglob("0*.png"))
    together = limited.predict([black, *paths])
    assert together[0] == alone[0] and any(answer.unfamiliar for answer in together)
    assert [limited.predict(path)[0] for path in paths[:4]] == together[1:5]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sets": True}, "--sets wants thresholds from 20 validation images"),
        ({"risk": 0.05}, "--risk wants thresholds from 20 validation images"),
        ({"risk": 0.05, "min_confidence": 0.5}, "give one of them"),
        ({"min_confidence": 1.5}, "a probability, 0 to 1; got 1.5"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(trained, pictures, tmp_path, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        vidi.predict(trained.model, pictures, out=tmp_path / "p.csv", **options)
    assert not (tmp_path / "p.csv").exists()


def test_a_run_from_before_still_answers(trained, pictures, tmp_path):
    moved = shutil.copytree(trained.folder, tmp_path / "moved")
    (moved / "manifest.json").unlink()
    content = json.loads((moved / "model.json").read_text(encoding="utf-8"))
    del content["limits"]
    (moved / "model.json").write_text(json.dumps(content), encoding="utf-8")
    assert vidi.open_model(moved).predict(pictures / "red") == trained.model.predict(pictures / "red")


@pytest.mark.slow
def test_a_run_with_enough_validation_images_has_limits_that_survive_the_disk(tmp_path):
    run = vidi.train(write_folder(tmp_path / "photos", 80), recipe="probe", out=tmp_path / "runs")
    results, model = run.results, vidi.open_model(run.folder)
    assert model.limits is not None and model.limits.n == results["conformal"]["n_calibration"] >= 20
    assert {"selective", "conformal", "familiarity", "brier"} <= set(results)
    n = results["n"]
    assert sum(results["conformal"]["sizes"].values()) == n
    for key in ("selective", "conformal", "familiarity"):
        assert all(entry["n"] <= n and entry["name"] for entry in results[key]["measured"])
    again = vidi.evaluate(run.folder, tmp_path / "photos").results
    assert again["conformal"] == results["conformal"] and again["familiarity"] == results["familiarity"]
    paths = sorted((tmp_path / "photos" / "red").glob("*.png"))[:5]
    assert model.predict(paths) == run.model.predict(paths)


def test_several_labels_have_a_temperature_and_no_limits(tmp_path):
    from vidi.recipes.linear import recipe

    job = drawn_job(tmp_path, multilabel=True)
    model, said = calibrated(job, recipe(job, epochs=1.0))
    assert (
        model.limits is None and "compared" not in said and said["log_loss_after"] <= said["log_loss_before"]
    )
