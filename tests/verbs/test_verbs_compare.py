"""Runs side by side on the images all held out: better, or luck."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vidi
from vidi.core.errors import UsageError
from vidi.core.run_folder import RunFolder


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """A run folder with the predictions given, on images whose content is named by `keys`."""

    def run(name, right, *, keys=None, split="test", group=None, labels=("cat", "dog")):
        path = tmp_path_factory.mktemp("runs") / name
        path.mkdir()
        n = len(right)
        keys = [f"image {k}" for k in range(n)] if keys is None else keys
        truth = [labels[k % 2] for k in range(n)]
        other = {labels[0]: labels[1], labels[1]: labels[0]}
        prediction = [t if r else other[t] for t, r in zip(truth, right, strict=True)]
        columns = {"id": keys, "path": keys, "split": [split] * n, "truth": truth, "prediction": prediction}
        for label in labels:
            columns[f"p({label})"] = [0.9 if p == label else 0.1 for p in prediction]
        if group is not None:
            columns["who"] = group
        pq.write_table(pa.table(columns), path / "predictions.parquet")
        pq.write_table(
            pa.table({"id": keys, "hash": keys, "path": keys, "split": [split] * n}), path / "splits.parquet"
        )
        data = {"group": "who" if group is not None else None}
        content = {"task": "classification", "labels": list(labels), "data": data}
        folder = RunFolder(path)
        folder.write("results.json", "results", content)
        folder.write("recipe.json", "recipe", {})
        folder.seal()
        return path

    return run


def test_by_hand(make):
    """Of 100, both right 60, only the second 25, only the first 5, neither 10."""
    first = [True] * 60 + [False] * 25 + [True] * 5 + [False] * 10
    second = [True] * 60 + [True] * 25 + [False] * 5 + [False] * 10
    (pair,) = vidi.compare([make("a", first), make("b", second)]).pairs
    assert tuple(pair.counts.values()) == (60, 5, 25, 10) and pair.n == 100
    assert (
        pair.difference("accuracy").difference == pytest.approx(0.2)
        and pair.difference("accuracy").low > 0.08
    )
    assert pair.p < 0.001 and pair.sentence.endswith(f"b is better than {pair.first} (p = {pair.p:.2g})")
    assert pair.difference("log loss").difference == pytest.approx(-0.2 * np.log(9))


def test_turned_around_it_is_the_same_with_another_sign(make):
    rng = np.random.default_rng(0)
    a, b = make("a", rng.random(200) < 0.8), make("b", rng.random(200) < 0.9)
    (one,), (other,) = vidi.compare([a, b]).pairs, vidi.compare([b, a]).pairs
    assert one.p == other.p and one.difference("accuracy").difference == pytest.approx(
        -other.difference("accuracy").difference
    )
    assert one.difference("accuracy").low == pytest.approx(-other.difference("accuracy").high)


def test_a_run_against_itself_cannot_be_told(make):
    run = make("a", [True] * 15 + [False] * 5)
    (pair,) = vidi.compare([run, run]).pairs
    assert (
        pair.p == 1.0
        and pair.difference("accuracy").difference == 0
        and pair.sentence.startswith("cannot tell")
    )


def test_several_pairs_are_adjusted(make):
    rng = np.random.default_rng(1)
    runs = [make(name, rng.random(150) < share) for name, share in (("a", 0.7), ("b", 0.75), ("c", 0.95))]
    found = vidi.compare(runs).pairs
    assert len(found) == 3 and all(pair.adjusted >= pair.p for pair in found)
    assert max(pair.adjusted / pair.p for pair in found) == pytest.approx(3)


def test_what_one_of_them_saw_is_left_out(make):
    a = make("a", [True] * 30)
    keys = [f"image {k}" for k in range(15)] + [f"else {k}" for k in range(15)]
    found = vidi.compare([a, make("b", [True] * 30, keys=keys)])
    assert found.pairs[0].n == 15 and found.left_out == 30
    with pytest.raises(UsageError, match="share 0 images that all of them held out"):
        vidi.compare([a, make("c", [True] * 30, keys=[f"x{k}" for k in range(30)])])


def test_groups_are_drawn_whole(make):
    """Ten patients of twenty images each, who are answered alike: ten differences, not two hundred."""
    who = [f"patient {k // 20}" for k in range(200)]
    first = [k // 20 < 5 for k in range(200)]
    second = [k // 20 < 7 for k in range(200)]
    (plain,) = vidi.compare([make("a", first), make("b", second)]).pairs
    (grouped,) = vidi.compare([make("c", first, group=who), make("d", second, group=who)]).pairs
    assert plain.p < 0.001 < 0.05 < grouped.p and grouped.difference("accuracy").n == 10


def test_runs_that_do_not_belong_together_are_refused(make, tmp_path):
    a = make("a", [True] * 20)
    with pytest.raises(UsageError, match="answer with other labels"):
        vidi.compare([a, make("b", [True] * 20, labels=("cat", "fox"))])
    with pytest.raises(UsageError, match="two runs or more"):
        vidi.compare([a])
    broken = shutil.copytree(a, tmp_path / "broken")
    (broken / "predictions.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="has changed since the run wrote it"):
        vidi.compare([a, broken])


def test_the_record_is_json(make):
    found = vidi.compare([make("a", [True] * 20), make("b", [True] * 19 + [False])])
    assert json.loads(json.dumps(found.record()))["pairs"][0]["n"] == 20
