"""What an audit does with bad answers: a sentence, or a named group, never silence; and what it does not depend on."""

import functools
import json
import shutil

import numpy as np
import pytest
from command import refused, vidi
from PIL import Image

N = 240


def rows(**changes):
    """Columns of a table: wrong answers one in ten, three in ten of f; `changes` are columns in place of these."""
    rng = np.random.default_rng(0)
    truth, sex = rng.integers(2, size=N), np.array(list("fm") * (N // 2), dtype=object)
    wrong = rng.random(N) < np.where(sex == "f", 0.3, 0.1)
    sure = rng.uniform(0.6, 0.9, N).round(3)
    said = np.where(wrong, 1 - truth, truth)
    columns = {"id": np.arange(N), "y": truth, "yhat": said, "sex": sex, "age": rng.integers(18, 90, N)}
    columns |= {
        "p(0)": np.where(said == 0, sure, 1 - sure).round(3),
        "p(1)": np.where(said == 1, sure, 1 - sure).round(3),
    }
    return columns | changes


def write(path, columns, order=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = list(zip(*columns.values(), strict=True))
    lines = lines if order is None else [lines[place] for place in order]
    text = [
        ",".join(columns),
        *(",".join("" if cell is None else str(cell) for cell in line) for line in lines),
    ]
    path.write_text("\n".join(text) + "\n")
    return path


def audited(path, *words):
    seen = vidi("audit", path, "--by", "sex", *words, "--json")
    assert seen.code == 0, seen
    return json.loads(seen.out)


def replaced(column, place, value):
    new = np.array(column, dtype=object)
    new[place] = value
    return new


def test_missing_values_are_a_group_of_their_own_and_a_group_of_3_is_named(tmp_path):
    sex = replaced(replaced(rows()["sex"], slice(0, 30), None), slice(30, 33), "x")
    content = audited(write(tmp_path / "t.csv", rows(sex=sex)))
    sizes = {entry["of"]: entry["n"] for entry in content["groups"] if entry["name"] == "accuracy"}
    assert sizes["sex=not stated"] == 30 and sum(n for of, n in sizes.items() if of != "all") == N - 3
    assert content["small"] == [["sex=x", 3]]
    assert "too small to tell: sex=x (n=3)" in vidi("audit", tmp_path / "t.csv", "--by", "sex").out


def test_all_predictions_equal_leave_rates_open_and_say_so(tmp_path):
    columns = rows(yhat=np.zeros(N, dtype=int))
    del columns["p(0)"], columns["p(1)"]
    content = audited(write(tmp_path / "t.csv", columns))
    undefined = [entry for entry in content["groups"] if entry["value"] is None]
    assert {entry["name"] for entry in undefined} == {"positive predictive value"}
    assert any("nothing to divide by" in said for said in content["sentences"])
    demand = ("--require", "worst(ppv, sex) >= 0.1")
    assert "could not be measured" in refused("audit", tmp_path / "t.csv", *demand)


@pytest.mark.parametrize(
    ("column", "change", "sentence"),
    [
        ("sex", lambda _: np.arange(N).astype(str), "put them into bins, or name another column"),
        ("p(1)", lambda p: replaced(p, 5, "nan"), "a probability between 0 and 1 was wanted in p(1)"),
        ("p(1)", lambda p: replaced(p, 5, 1.5), "a probability between 0 and 1 was wanted in p(1)"),
        ("p(1)", lambda p: replaced(p, 5, 0.99), "probabilities add up to one"),
        ("y", lambda y: replaced(y, 5, "7"), "no column p(7) for that label"),
        ("yhat", lambda y: np.full(N, "", dtype=object), "has no row with both a truth"),
    ],
)
def test_answers_that_cannot_be_used_are_refused(tmp_path, column, change, sentence):
    columns = rows()
    columns[column] = change(columns[column])
    assert sentence in refused("audit", write(tmp_path / "t.csv", columns), "--by", "sex")


def test_a_truth_that_the_model_never_saw_is_refused(trained, pictures, tmp_path):
    data = shutil.copytree(pictures, tmp_path / "data")
    (data / "mauve").mkdir()
    for shade in (90, 130):
        Image.new("RGB", (32, 32), (shade, 60, shade)).save(data / "mauve" / f"{shade}.png")
    sentence = refused("audit", trained.folder, data)
    assert "the model knows the labels blue, green, red; the data also has mauve" in sentence


def test_images_that_are_gone_are_counted_and_the_data_asked_for(trained, pictures, tmp_path):
    """The ids of the answers do not match the images any more."""
    run = shutil.copytree(trained.folder, tmp_path / "run")
    recipe = json.loads((run / "recipe.json").read_text())
    data = shutil.copytree(pictures, tmp_path / "data")
    text = (run / "recipe.json").read_text().replace(str(pictures), str(data))
    assert recipe and text != (run / "recipe.json").read_text()
    (run / "recipe.json").write_text(text)
    (run / "manifest.json").unlink()
    for label in ("blue", "green", "red"):
        for path in sorted((data / label).glob("*.png"))[2:]:
            path.unlink()
    sentence = refused("audit", run, "--steadiness")
    assert "are not in" in sentence and "name the data: vidi audit" in sentence


def test_nothing_depends_on_the_order_of_rows(tmp_path):
    """Every number, slices, outcomes, totals and power too."""
    order = np.random.default_rng(1).permutation(N)
    asked = ("--slices", "--good", "1", "--threshold", "0.4", "--threshold", "0.7")
    one = audited(write(tmp_path / "t.csv", rows()), *asked)
    turned = audited(write(tmp_path / "turned" / "t.csv", rows(), order), *asked)
    for each in (*one["slices"], *turned["slices"]):
        each["paths"].sort()
    assert alike(one, turned)


@pytest.mark.slow
def test_nothing_depends_on_the_order_of_images_or_on_the_batch(trained, tmp_path, monkeypatch):
    """The same run asked in batches of 64 and one by one, its predictions in another order."""
    import pyarrow.parquet as pq

    from vidi.audits import robustness

    run, turned = (shutil.copytree(trained.folder, tmp_path / name) for name in ("run", "turned"))
    table = pq.read_table(turned / "predictions.parquet")
    (turned / "manifest.json").unlink()
    pq.write_table(table.take(list(range(table.num_rows))[::-1]), turned / "predictions.parquet")
    asked = ("--corruptions", "gaussian_noise", "--most", "2", "--json")
    one = json.loads(vidi("audit", run, *asked).out)
    monkeypatch.setattr(robustness, "audit", functools.partial(robustness.audit, block=1))
    other = json.loads(vidi("audit", turned, *asked).out)
    assert alike(one["robustness"], other["robustness"]) and alike(one["measured"], other["measured"])


def alike(one, other):
    """Equal, numbers within rounding: sums of real numbers come in another order."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, abs=1e-9)
    return one == other
