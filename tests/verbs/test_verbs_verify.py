"""A run stands until something of it changes: a byte of the weights, a row of the predictions, the held-out images."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vidi
from vidi.core.errors import UsageError
from vidi.core.measured import Measured, Verdict
from vidi.core.run_folder import RunFolder
from vidi.evaluation.score import Predictions
from vidi.verbs.card import refresh
from vidi.verbs.labels import _compared
from vidi.verbs.verify import number


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained.folder, tmp_path / "run")


@pytest.fixture
def audited(run):
    """The run with an audit by the class folder, told in its card."""
    vidi.audit(run, by=["folder"], smallest=1)
    return run


def not_standing(found):
    return {check.what: check.verdict for check in found.checks if check.verdict != Verdict.STANDS}


def test_an_untouched_run_stands_number_by_number(trained, pictures):
    found = vidi.verify(trained.folder, pictures)
    assert found.verdict == Verdict.STANDS and not not_standing(found)
    measured = {f"{m.name} of {m.of}" if m.of else m.name for m in trained.measured}
    assert measured <= {check.what for check in found.checks}


def test_a_run_that_was_moved_stands(run, pictures):
    assert vidi.verify(run, pictures).verdict == Verdict.STANDS


@pytest.mark.parametrize("name", ["README.md", "datasheet.md", "croissant.json", "splits.parquet"])
def test_another_word_in_a_paper_fails_also_with_new_checksums(run, pictures, name):
    content = (run / name).read_bytes()
    other = (
        content.replace(b"photos", b"fotos!")
        if name != "splits.parquet"
        else content[:-9] + b"?" + content[-8:]
    )
    assert other != content
    (run / name).write_bytes(other)
    assert not_standing(vidi.verify(run, pictures)) == {name: Verdict.FAILS}
    if name != "splits.parquet":
        RunFolder(run).seal()
        assert not_standing(vidi.verify(run, pictures)) == {name: Verdict.FAILS}


def test_a_number_of_an_audit_is_counted_again(audited, pictures):
    whole = vidi.verify(audited, pictures)
    assert whole.verdict == Verdict.STANDS
    assert "accuracy of folder=red" in {check.what for check in whole.checks}
    (folder,) = (audited / "audits").iterdir()
    name = next(name for name in ("results.json", "audit.json") if (folder / name).exists())
    content = json.loads((folder / name).read_text())
    entry = next(e for e in content["groups"] if e["name"] == "accuracy" and e["of"] == "folder=red")
    entry |= {"value": 0.001, "low": 0.0, "high": 0.01}
    (folder / name).write_text(json.dumps(content))
    assert not_standing(vidi.verify(audited, pictures)) == {f"audits/{folder.name}/{name}": Verdict.FAILS}
    RunFolder(folder).seal()
    refresh(audited)  # the card says the better number now, and all checksums are new
    found = not_standing(vidi.verify(audited, pictures))
    assert found == {"accuracy of folder=red": Verdict.FAILS}


def test_one_byte_of_the_weights_and_it_fails(run):
    content = bytearray((run / "model.safetensors").read_bytes())
    content[len(content) // 2] ^= 1
    (run / "model.safetensors").write_bytes(content)
    found = vidi.verify(run)
    assert not_standing(found) == {"model.safetensors": Verdict.FAILS} and found.verdict == Verdict.FAILS


def test_one_row_of_the_predictions_and_it_fails_even_with_new_checksums(run, pictures):
    table = pq.read_table(run / "predictions.parquet")
    answers = table.column("prediction").to_pylist()
    answers[0] = next(label for label in ("blue", "green", "red") if label != answers[0])
    column = table.schema.get_field_index("prediction")
    pq.write_table(table.set_column(column, "prediction", pa.array(answers)), run / "predictions.parquet")
    assert not_standing(vidi.verify(run, pictures)) == {"predictions.parquet": Verdict.FAILS}
    RunFolder(run).seal()
    assert not_standing(vidi.verify(run, pictures))["predictions"] == Verdict.FAILS


@pytest.mark.parametrize("other", [0.15, float("nan")])
def test_one_probability_and_it_fails_too(run, pictures, other):
    """The answer stays: only how sure the model is said to have been of it is another."""
    table = pq.read_table(run / "predictions.parquet")
    name = "p(red)"
    values = table.column(name).to_numpy().copy()
    values[0] = abs(values[0] - other)
    place = table.schema.get_field_index(name)
    pq.write_table(
        table.set_column(place, name, pa.array(values, table.schema.field(name).type)),
        run / "predictions.parquet",
    )
    RunFolder(run).seal()
    assert not_standing(vidi.verify(run, pictures))["predictions"] == Verdict.FAILS


def test_a_better_number_in_the_results_fails(run, pictures):
    results = json.loads((run / "results.json").read_text())
    (entry,) = (e for e in results["measured"] if e["name"] == "accuracy" and not e["of"])
    entry |= {"value": 0.001, "low": 0.0, "high": 0.01}
    (run / "results.json").write_text(json.dumps(results))
    RunFolder(run).seal()
    found = not_standing(vidi.verify(run, pictures))
    assert found["accuracy"] == Verdict.FAILS and found["README.md"] == Verdict.FAILS


def test_without_the_held_out_images_it_cannot_tell(trained, pictures, tmp_path):
    data = shutil.copytree(pictures, tmp_path / "photos")
    held_out = pq.read_table(trained.folder / "predictions.parquet", columns=["path"])
    (data / held_out.column("path")[0].as_py()).unlink()
    found = vidi.verify(trained.folder, data)
    assert not_standing(found) == {"data": Verdict.CANNOT_TELL} and found.verdict == Verdict.CANNOT_TELL


def test_other_labels_are_noticed(trained, pictures, tmp_path):
    data = shutil.copytree(pictures, tmp_path / "photos")
    path = pq.read_table(trained.folder / "predictions.parquet", columns=["path"]).column("path")[0].as_py()
    other = "green" if path.startswith("red") else "red"
    (data / path).rename(data / other / "moved.png")
    (said,) = (check.said for check in vidi.verify(trained.folder, data).checks if check.what == "data")
    assert said == "1 held-out images have other labels now"


@pytest.mark.parametrize(
    ("again", "verdict"),
    [(0.80, "stands"), (0.81, "stands"), (0.83, "cannot tell"), (0.95, "fails"), (0.5, "fails")],
)
def test_how_far_a_number_may_move(again, verdict):
    """The interval is 0.2 wide: a tenth of it is rounding; inside it is luck or rounding; outside it is wrong."""
    stated = Measured("accuracy", 0.8, 0.7, 0.9, 100, "Wilson")
    anew = {("accuracy", ""): Measured("accuracy", again, 0.0, 1.0, 100, "Wilson")}
    assert number(stated, anew).verdict == Verdict(verdict)


def test_an_unfinished_run_is_refused(run):
    (run / "manifest.json").unlink()
    with pytest.raises(UsageError, match="is not finished, so nothing is stated yet"):
        vidi.verify(run)


def test_another_answer_to_the_same_probabilities_is_no_rounding():
    """One of 200: few enough for another processor's rounding, were the probabilities not the very same."""
    probability = np.tile([[0.6, 0.4]], (200, 1)).astype(np.float32)
    found = Predictions(np.arange(200), np.log(probability), probability, ["ant"] * 200)

    def stated(first, p=0.6):
        kept = pa.array([p, *[0.6] * 199], pa.float32())
        columns = {
            "prediction": [first, *["ant"] * 199],
            "p(ant)": kept,
            "p(bee)": pa.array(1 - kept.to_numpy()),
        }
        return pa.table(columns)

    verdicts = [
        _compared(found, table, ("ant", "bee"))[0]
        for table in (stated("ant"), stated("bee"), stated("bee", 0.49), stated("ant", 0.9))
    ]
    assert verdicts == [Verdict.STANDS, Verdict.FAILS, Verdict.CANNOT_TELL, Verdict.CANNOT_TELL]
