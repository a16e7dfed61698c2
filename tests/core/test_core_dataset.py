"""A dataset is a table; its fingerprint depends on contents, targets and splits, and on nothing else."""

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa

from drawn_job import drawn_dataset
from vidi.core.dataset import Dataset, Remark


def dataset():
    return drawn_dataset(5, size_px=8, multilabel=False)[0]


def test_splits_take_and_columns():
    data = dataset()
    assert len(data) == 15 and list(data.where("test")) == [12, 13, 14]
    part = data.take(np.array([3, 1]))
    assert part.column("id").tolist() == ["image-3", "image-1"]
    more = data.with_column("sharpness", pa.array(range(15)))
    assert more.column("sharpness")[4] == 4 and "sharpness" not in data.table.column_names
    again = more.with_column("sharpness", pa.array([0] * 15))
    assert again.table.column_names == more.table.column_names and not again.column("sharpness").any()


def test_the_fingerprint_ignores_order_and_names_and_nothing_else():
    data = dataset()
    shuffled = data.take(np.random.default_rng(0).permutation(15))
    renamed = data.with_column("path", pa.array([f"x{n}" for n in range(15)]))
    assert data.fingerprint == shuffled.fingerprint == renamed.fingerprint
    for name, value in (("target", "red"), ("split", "test"), ("hash", "0" * 64)):
        values = data.column(name).tolist()
        assert values[0] != value
        assert data.with_column(name, pa.array([value, *values[1:]])).fingerprint != data.fingerprint
    assert data.take(np.arange(14)).fingerprint != data.fingerprint


def test_remarks_add_up():
    one, two = Remark("a", "b", "c"), Remark("d", "e", "f")
    assert dataset().remarked([one]).remarked([two]).remarks == (one, two)


def test_rows_by_content_are_the_same_examples_in_whatever_order():
    columns = {"hash": ["c", "a", "b", "a"], "path": ["1", "4", "3", "2"], "split": ["test"] * 4}
    whole = Dataset(name="d", root=Path(), layout="folder", table=pa.table(columns), labels=())
    assert whole.by_content(np.arange(4)).tolist() == [3, 1, 2, 0]
    for order in itertools.permutations(range(4)):
        turned = whole.take(np.array(order))
        assert turned.column("path")[turned.by_content(turned.where("test"))].tolist() == ["2", "4", "3", "1"]
    assert whole.by_content(whole.where("train")).tolist() == []
