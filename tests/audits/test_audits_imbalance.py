"""Imbalance: who is rare is counted, what goes together with the label is named, missing values are a level."""

import numpy as np
import pytest

from vidi.audits.imbalance import audit
from vidi.ops.levels import MISSING, levels_of

LABELS = ("ant", "bee")


def ids(n):
    return np.array([f"{row:05}" for row in range(n)])


def asked(label, columns, **options):
    return audit(label, columns, labels=LABELS, **({"ids": ids(len(label))} | options))


def test_an_attribute_that_goes_with_the_label_is_named():
    rng = np.random.default_rng(0)
    label = rng.integers(2, size=300)
    site = np.where(rng.random(300) < 0.5, label, rng.integers(2, size=300))
    found = asked(
        label, {"site": np.array(["north", "south"])[site], "camera": rng.integers(3, size=300).astype(str)}
    )
    with_site, with_camera = found.associations
    assert with_site.flagged and with_site.measured.low <= 0.5 <= with_site.measured.high and found.flagged
    have = int(((site == 1) & (label == 1)).sum())
    assert "site goes together with the label" in with_site.sentence
    assert (
        f"of {(site == 0).sum()} with site north" in with_site.sentence or f"{have} of" in with_site.sentence
    )
    assert not with_camera.flagged and "no more together than chance" in with_camera.sentence


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    label, order = rng.integers(2, size=80), rng.permutation(80)
    columns = {"age": rng.integers(90, size=80), "site": rng.integers(3, size=80).astype(str)}
    one = asked(label, columns, group=np.arange(80) // 2)
    other = asked(label[order], {name: values[order] for name, values in columns.items()},
                  ids=ids(80)[order], group=(np.arange(80) // 2)[order])  # fmt: skip
    assert one == other


def test_a_group_counts_once():
    """Ten images of each of 12 patients, whose site and diagnosis are one each: 120 rows look sure, 12 are not."""
    patient = np.arange(120) // 10
    diagnosis = np.array([0, 1] * 6)[patient]
    site = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0])[patient]
    alone, together = (asked(diagnosis, {"site": site.astype(str)}, group=kept) for kept in (None, patient))
    a, b = alone.associations[0], together.associations[0]
    assert a.p == 0.001 and b.p > 0.01 and b.measured.high - b.measured.low > a.measured.high - a.measured.low


def test_labels_are_uneven_only_if_luck_cannot_make_them_so():
    found = asked(np.array([0] * 90 + [1] * 10), {})
    assert found.flagged and found.uneven.value == 9 and "uneven" in found.sentences[0]
    found = asked(np.array([0] * 8 + [1] * 2), {})
    assert not found.flagged and found.uneven.low < 3 and "may be uneven" in found.sentences[0]
    assert "about even" in asked(np.array([0, 1] * 30), {}).sentences[0]


def test_missing_values_are_a_level_and_numbers_become_quarters():
    values = np.array([None, "a", "", "a", float("nan"), "b"], dtype=object)
    code, names, why = levels_of(values)
    assert names == (MISSING, "a", "b") and np.bincount(code).tolist() == [3, 2, 1] and not why
    code, names, _ = levels_of(np.append(np.arange(40.0), np.nan))
    assert sorted(np.bincount(code).tolist()) == [1, 10, 10, 10, 10] and MISSING in names
    assert levels_of(np.array([1, 2, 2]))[1] == ("1", "2") and levels_of(np.array([True, False]))[1] == (
        "False",
        "True",
    )
    found = asked(np.array([0, 1] * 20), {"note": np.array([None, "x"] * 20, dtype=object)})
    assert found.attributes[0].record()["missing"] == 20 and "missing in 20" in " ".join(found.sentences)


def test_columns_of_a_thousand_names_are_named_and_left_out():
    found = asked(np.arange(100) % 2, {"note": np.array([f"text {row}" for row in range(100)])})
    assert found.associations == () and "note is not counted: 100 different values." in found.sentences
    assert found.record()["attributes"][0]["skipped"] == "100 different values"


def test_several_labels_are_asked_one_by_one():
    rng = np.random.default_rng(0)
    held = rng.random((300, 2)) < 0.5
    site = np.where(rng.random(300) < 0.6, held[:, 1], rng.random(300) < 0.5).astype(str)
    (found,) = asked(held, {"site": site}).associations
    assert found.flagged and "bee" in found.sentence


@pytest.mark.parametrize("label", [np.zeros(12, dtype=np.int64), np.zeros(0, dtype=np.int64), np.array([1])])
def test_of_one_label_or_none_it_says_so(label):
    found = asked(label, {"site": np.array(["x", "y"] * len(label))[: len(label)]})
    assert not found.flagged and found.uneven.value != found.uneven.value
    assert "one label only" in found.sentences[0] or "no examples" in found.sentences[0]
    found.record()
