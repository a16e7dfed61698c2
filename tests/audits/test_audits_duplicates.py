"""Copies as they are told: leaks and conflicts first, each with the kind of copy it is."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from vidi.audits.duplicates import CLOUDY, audit, record
from vidi.data.drawn.copies import duplicates, leaks, near_duplicates
from vidi.data.drawn.examples import dataset
from vidi.data.duplicates import find
from vidi.ops.perceptual_hash import thumbnail


def found(planted):
    small = np.stack([thumbnail(image) for image in planted.images])
    return audit(planted.dataset, find(planted.dataset, thumbnails=small))


def drawn(n=60):
    return dataset(n, world=CLOUDY, size_px=48, seed=3)


def test_each_copy_is_told_with_its_kind():
    for fault, changes, kind in ((duplicates, {}, "exact"), (near_duplicates, {"changes": ("flip",)}, "mirrored"),
                                 (near_duplicates, {"changes": ("jpeg",)}, "near")):  # fmt: skip
        planted = fault(drawn(), rate=0.1, seed=1, **changes)
        told = found(planted)
        assert {(pair.a, pair.b) for pair in told.pairs} == set(map(tuple, planted.pairs.tolist()))
        assert {pair.kind for pair in told.pairs} == {kind} and told.leaks == told.conflicts == 0
        assert all(0 <= pair.distance < (1e-9 if kind == "exact" else 0.08) for pair in told.pairs)


def test_leaks_come_first_and_are_counted():
    both = leaks(near_duplicates(drawn(), rate=0.1, seed=1, changes=("resize",)).drawn, rate=0.2, seed=2)
    told = found(both)
    entries = record(told, both.dataset)
    assert told.leaks > 0 and f"{told.leaks} pair" in " ".join(told.sentences)
    across = [entry["split_a"] != entry["split_b"] for entry in entries["pairs"]]
    assert across == sorted(across, reverse=True) and sum(across) == told.leaks
    assert entries["pairs"][0]["path_a"] in both.dataset.column("path") and entries["count"] == len(
        told.pairs
    )


def relabelled(planted):
    """The copies carry another label than their originals."""
    data = planted.drawn.dataset
    target = data.column("target").astype(object)
    for _, copy in planted.pairs.tolist():
        target[copy] = next(label for label in data.labels if label != target[copy])
    column = data.table.schema.get_field_index("target")
    return replace(data, table=data.table.set_column(column, "target", pa.array(target.tolist())))


@pytest.mark.parametrize(
    ("fault", "changes", "said"),
    [
        (duplicates, {}, "of the same bytes with different labels: one of the two labels is wrong."),
        (near_duplicates, {"changes": ("jpeg",)}, "or it is no copy after all."),
    ],
)
def test_only_what_may_be_no_copy_is_said_to_be_perhaps_none(fault, changes, said):
    planted = fault(drawn(), rate=0.05, seed=1, **changes)
    data, small = relabelled(planted), np.stack([thumbnail(image) for image in planted.images])
    told = audit(data, find(data, thumbnails=small))
    assert told.conflicts == len(planted.pairs) == 3
    assert told.sentences[-1].startswith("3 pairs of ") and told.sentences[-1].endswith(said)
    assert len(told.sentences) == 2


def test_without_copies_it_says_so():
    told = found(near_duplicates(drawn(), rate=0.0))
    assert told.pairs == () and told.sentences[0].startswith("No image is there twice")


def test_of_many_pairs_the_record_keeps_some_and_the_count():
    told = found(duplicates(drawn(), rate=0.5))
    assert (
        len(record(told, drawn().dataset.take(np.arange(60)), most=0)["pairs"]) == 0 and len(told.pairs) == 30
    )


def test_other_things_may_be_drawn_on_much_the_same_picture(tmp_path):
    """Frames of a film are no conflict; the same bytes with other drawings are."""
    from dense_job import dense_dataset
    from vidi.core.dataset import Dataset
    from vidi.data.duplicates import Duplicates, disagreements

    drawn = dense_dataset(tmp_path, "segmentation", count=6)
    target = drawn.column("target").tolist()
    first, second = next((a, b) for a in range(6) for b in range(a) if target[a] != target[b])
    cluster = np.arange(6)
    cluster[second] = first
    near = np.array([[first, second]])
    copies = Duplicates(cluster, 0, 1, near, np.ones(1, np.float32), np.zeros(1, bool), np.zeros((0, 2), int))

    def conflicts(dataset: Dataset) -> tuple[int, int]:
        kinds = [remark.kind for remark in disagreements(dataset, copies)]
        return kinds.count("conflict"), audit(dataset, copies).conflicts

    assert conflicts(drawn) == (0, 0) and conflicts(replace(drawn, scheme=None)) == (1, 1)
