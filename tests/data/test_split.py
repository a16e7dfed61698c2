"""The split: leak-free, in its shares, decided by content and seed alone."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidi.core.dataset import SPLITS, Dataset
from vidi.core.errors import UsageError
from vidi.data.split import load_split, split, units
from vidi.data.stratified import quotas


def dataset(targets, *, splits=None, groups=None, contents=None, task="classification") -> Dataset:
    n = len(targets)
    contents = range(n) if contents is None else contents
    hashes = [hashlib.sha256(f"content {value}".encode()).hexdigest() for value in contents]
    columns = {
        "id": [key[:16] for key in hashes],
        "path": [f"{i}.png" for i in range(n)],
        "hash": hashes,
        "target": [str(t) for t in targets],
        "split": pa.array(splits or [None] * n, pa.string()),
    }
    if groups is not None:
        columns["who"] = groups
    labels = tuple(sorted({part for t in targets for part in str(t).split("|")}))
    group = None if groups is None else "who"
    return Dataset("d", Path(), "folder", pa.table(columns), labels, task=task, group=group)


def counts(done: Dataset) -> tuple[int, int, int]:
    return tuple(len(done.where(name)) for name in SPLITS)


def said(done: Dataset, kind: str) -> str:
    return "; ".join(f"{r.where} {r.what}" for r in done.remarks if r.kind == kind)


def apart(n: int) -> np.ndarray:
    return np.arange(n)


drawn = st.integers(4, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=n, max_size=n),
        st.lists(st.integers(0, n // 2), min_size=n, max_size=n),
        st.lists(st.one_of(st.none(), st.integers(0, n)), min_size=n, max_size=n),
        st.integers(0, 5),
        st.randoms(use_true_random=False),
    )
)


def test_two_units_are_one_to_learn_from_and_one_to_test_on():
    """A large unit takes all of train's share; the other one is the test, not the validation."""
    for seed in range(6):
        done = split(dataset(list("aaaa")), cluster=np.array([0, 0, 0, 1]), seed=seed)
        assert done.column("split").tolist() == ["train"] * 3 + ["test"]


@settings(max_examples=60, deadline=None)
@given(drawn)
def test_laws(made):
    targets, cluster, groups, seed, shuffle = made
    n, cluster = len(targets), np.array(cluster)
    data = dataset(targets, groups=pa.array(groups, pa.int64()))
    try:
        done = split(data, cluster=cluster, seed=seed)
    except UsageError:
        assert len(set(units(data, cluster, "who"))) < 2 or len(set(units(data, cluster, "who"))) <= len(
            data.labels
        )
        return
    where = done.column("split")
    assert set(where) <= set(SPLITS)
    for column in (cluster, np.array(groups, dtype=object)):
        for value in set(column.tolist()) - {None}:
            assert len(set(where[column == value])) == 1
    taught = set(done.column("target")[done.where("train")])
    assert taught == set(targets)
    order = list(range(n))
    shuffle.shuffle(order)
    again = split(
        dataset(
            [targets[i] for i in order],
            groups=pa.array([groups[i] for i in order], pa.int64()),
            contents=order,
        ),
        cluster=cluster[order] + 7,
        seed=seed,
    )
    assert (again.column("split") == where[order]).all()


def test_exact_shares_of_every_class():
    done = split(dataset(["a"] * 100 + ["b"] * 50 + ["c"] * 10), cluster=apart(160))
    assert counts(done) == (112, 16, 32)
    for label, n in (("a", 100), ("b", 50), ("c", 10)):
        of = Counter(done.column("split")[done.column("target") == label])
        assert of == {"train": 7 * n // 10, "validation": n // 10, "test": n // 5}


@pytest.mark.parametrize(
    ("total", "wanted"),
    [
        (0, [0, 0, 0]),
        (1, [1, 0, 0]),
        (2, [1, 0, 1]),
        (3, [2, 0, 1]),
        (4, [2, 1, 1]),
        (10, [7, 1, 2]),
        (1000, [700, 100, 200]),
    ],
)
def test_quotas(total, wanted):
    assert quotas(total, (0.7, 0.1, 0.2)).tolist() == wanted


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 500), st.floats(0.05, 0.9), st.floats(0, 1))
def test_quotas_add_up_and_are_near(total, train, part):
    shares = (train, (1 - train) * part * 0.9, 1 - train - (1 - train) * part * 0.9)
    count = quotas(total, shares)
    assert count.sum() == total and (count >= 0).all()
    assert np.abs(count - np.array(shares) * total).max() <= 2


def test_groups_come_near_the_shares():
    generator = np.random.default_rng(0)
    groups = [int(g) for g in generator.integers(0, 60, 1000)]
    targets = [str(t) for t in generator.integers(0, 4, 1000)]
    done = split(dataset(targets, groups=groups), cluster=apart(1000))
    np.testing.assert_allclose(np.array(counts(done)) / 1000, (0.7, 0.1, 0.2), atol=0.03)


def test_clusters_and_groups_join():
    """0-1 share a group, 1-2 a cluster, 2-3 the content: all four stay together."""
    data = dataset(
        ["a"] * 12, groups=["p", "p", None, None, *"abcdefgh"], contents=[0, 1, 2, 2, *range(4, 12)]
    )
    unit = units(data, np.array([0, 1, 1, 3, *range(4, 12)]), "who")
    assert len(set(unit[:4])) == 1 and len(set(unit)) == 9


def test_the_seed_decides():
    data = dataset(list("ab") * 30)
    first, again, other = (split(data, cluster=apart(60), seed=s).column("split") for s in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_names_do_not_matter():
    data = dataset(list("ab") * 30)
    renamed = data.with_column("path", pa.array([f"other {i}" for i in range(60)]))
    assert (
        split(data, cluster=apart(60)).column("split") == split(renamed, cluster=apart(60)).column("split")
    ).all()


def test_several_labels_each_in_its_share():
    generator = np.random.default_rng(0)
    rows = [
        [label for label, p in zip("abc", (0.7, 0.3, 0.1), strict=True) if generator.random() < p]
        for _ in range(600)
    ]
    targets = ["|".join(row or ["a"]) for row in rows]
    done = split(dataset(targets, task="multilabel"), cluster=apart(600))
    for label in "abc":
        holds = np.array([label in t.split("|") for t in targets])
        of = Counter(done.column("split")[holds])
        np.testing.assert_allclose([of[s] / holds.sum() for s in SPLITS], (0.7, 0.1, 0.2), atol=0.03)


def test_tiny_sets():
    done = split(dataset(list("aabb")), cluster=apart(4))
    assert counts(done) == (2, 0, 2)
    for name in ("train", "test"):
        assert set(done.column("target")[done.where(name)]) == {"a", "b"}
    assert "validation has no example of a, b" in said(done, "split")
    lonely = split(dataset(list("aaaab")), cluster=apart(5))
    assert lonely.column("split")[4] == "train"
    assert "test has no example of b" in said(lonely, "split")


@pytest.mark.parametrize(
    ("targets", "groups"), [(list("ab"), None), (list("aabb"), [1, 1, 1, 1]), (list("aabb"), [1, 1, 2, 2])]
)
def test_nothing_to_hold_out_is_refused(targets, groups):
    with pytest.raises(UsageError, match="can be held out"):
        split(dataset(targets, groups=groups), cluster=apart(len(targets)))


def test_a_given_split_stays():
    splits = ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    data = dataset(list("ab") * 5, splits=splits)
    done = split(data, cluster=apart(10))
    assert done.column("split").tolist() == splits and done.remarks == ()


def test_validation_is_cut_from_train_in_whole_groups():
    splits = ["train"] * 80 + ["test"] * 20
    groups = [i // 4 for i in range(100)]
    done = split(dataset(list("ab") * 50, splits=splits, groups=groups), cluster=apart(100))
    assert done.where("test").tolist() == list(range(80, 100))
    assert counts(done) == (68, 12, 20) or counts(done) == (72, 8, 20)
    where = done.column("split")
    assert all(len(set(where[i : i + 4])) == 1 for i in range(0, 100, 4))


def test_a_given_validation_becomes_the_test_where_there_is_none():
    splits = ["train"] * 40 + ["validation"] * 10
    done = split(dataset(list("ab") * 25, splits=splits), cluster=apart(50))
    assert done.where("test").tolist() == list(range(40, 50))
    assert len(done.where("validation")) == 5 or len(done.where("validation")) == 6
    assert "held out as the test" in said(done, "split")


@pytest.mark.parametrize("only", SPLITS)
def test_one_split_alone_is_none(only):
    done = split(dataset(list("ab") * 20, splits=[only] * 40), cluster=apart(40))
    assert counts(done) == (28, 4, 8)
    assert f"in {only}, so the data are split anew" in said(done, "split")


def test_rows_without_a_split_join_their_likes():
    splits = ["train", "train", "test", "test", None, None]
    done = split(dataset(list("ababab"), splits=splits), cluster=np.array([0, 1, 2, 3, 2, 5]))
    assert done.column("split")[4] == "test"
    assert "2 examples name no split" in said(done, "split")


def test_a_split_without_train_or_with_an_untaught_class_is_refused():
    with pytest.raises(UsageError, match="test and validation but no train"):
        split(dataset(list("abab"), splits=["validation"] * 2 + ["test"] * 2), cluster=apart(4))
    with pytest.raises(UsageError, match=r"every class must be in the train split.*no example of c"):
        split(dataset(list("ababc"), splits=["train"] * 2 + ["test"] * 3), cluster=apart(5))


def test_a_class_missing_from_a_given_test_is_said():
    done = split(dataset(list("ababaa"), splits=["train"] * 4 + ["test"] * 2), cluster=apart(6))
    assert "test has no example of b" in said(done, "split")


def test_a_group_on_both_sides_of_a_given_split_is_a_leak():
    splits = ["train"] * 4 + ["test"] * 4
    done = split(dataset(list("ab") * 4, splits=splits, groups=list("ppqqqrrs")), cluster=apart(8))
    assert "who q" in said(done, "leak") and done.where("test").tolist() == [4, 5, 6, 7]


def test_leaks_are_mended_on_request():
    splits = ["train"] * 30 + ["test"] * 10
    cluster = apart(40)
    cluster[30] = cluster[0]
    data = dataset(list("ab") * 20, splits=splits)
    assert len(split(data, cluster=cluster)) == 40
    mended = split(data, cluster=cluster, mend_leaks=True)
    assert len(mended) == 39 and "0.png" not in mended.column("path")
    assert "0.png" in said(mended, "leak")


def test_saved_and_loaded():
    data = dataset(list("ab") * 20)
    done = split(data, cluster=apart(40))
    saved = done.split_table()
    assert saved.column_names == ["hash", "id", "path", "target", "split"]
    order = np.random.default_rng(0).permutation(40)
    again = load_split(data.take(order), saved)
    assert (again.column("split") == done.column("split")[order]).all()
    with pytest.raises(UsageError, match=r"changed since they were split: 3\.png"):
        load_split(data, saved.filter(pa.array([i != 3 for i in range(40)])))


@pytest.mark.parametrize("shares", [(0.5, 0.2, 0.2), (0.0, 0.5, 0.5), (1.0, 0.0, 0.0), (1.2, -0.4, 0.2)])
def test_shares_that_cannot_be(shares):
    with pytest.raises(ValueError, match="add up to 1"):
        split(dataset(list("abab")), cluster=apart(4), shares=shares)


def test_no_validation_if_none_is_asked_for():
    assert counts(split(dataset(list("ab") * 50), cluster=apart(100), shares=(0.8, 0.0, 0.2))) == (80, 0, 20)
