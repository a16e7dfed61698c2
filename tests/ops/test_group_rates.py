"""Rates in groups: which groups there are, their intervals, and how far they are apart."""

import numpy as np
import pytest

from vidi.core.errors import UsageError
from vidi.core.scores import Scores
from vidi.ops.group_rates import Rate, members, told

SCORES = Scores(np.zeros(4, np.int64), np.zeros((4, 1)), ("",))


def texts(*values):
    return np.array(values, object)


def test_every_combination_that_occurs_is_a_group_and_a_missing_value_one_too():
    kept, small = members(
        ["sex", "skin"], [texts("f", "f", "m", None), texts("a", "a", "a", "b")], smallest=2
    )
    assert [(group.name, group.rows.tolist()) for group in kept] == [
        ("sex=f, skin=a", [True, True, False, False])
    ]
    assert small == [("sex=m, skin=a", 1), ("sex=not stated, skin=b", 1)]


def test_too_many_values_are_refused_with_advice():
    with pytest.raises(UsageError, match="put them into bins"):
        members(["id"], [texts(*range(101))], smallest=1)


def by_hand(value, drawn, **more):
    drawn = np.asarray(drawn, np.float64)
    n = [drawn.shape[0]] * drawn.shape[1]
    names = tuple("abc"[: drawn.shape[1]])
    return Rate("AP", ("sex",), names, np.asarray(value, np.float64), drawn, n, n, **more)


def test_gap_ratio_and_worst_by_hand():
    random = np.random.default_rng(0)
    noise = random.normal(0, 0.01, (2000, 1))
    found = {(m.name, m.of): m for m in told([by_hand([0.8, 0.6], 0.7 + noise + [[0.1, -0.1]])], SCORES)}
    gap, ratio, worst = (found[f"{name}(AP, sex)", "all"] for name in ("gap", "ratio", "worst"))
    assert (gap.value, ratio.value, worst.value) == pytest.approx((0.2, 0.75, 0.6))
    assert worst.note == "b" and gap.note == "a 0.800, b 0.600"
    assert found["AP", "b"].low == worst.low == pytest.approx(0.6 - 0.0196, abs=0.002)


def test_groups_that_vary_together_have_a_gap_that_is_surer_than_each():
    noise = np.random.default_rng(1).normal(0, 0.1, (2000, 1))
    alone = np.random.default_rng(2).normal(0, 0.01, (2000, 2))
    gap = next(
        m for m in told([by_hand([0.8, 0.6], 0.7 + noise + alone)], SCORES) if m.name.startswith("gap")
    )
    assert 0.15 < gap.low < 0.2 < gap.high < 0.25


def test_of_errors_the_largest_is_the_worst():
    drawn = np.random.default_rng(0).uniform(0.1, 0.3, (50, 2))
    found = told([by_hand([0.1, 0.3], drawn, errors=True)], SCORES)
    assert next(m for m in found if m.name == "worst(AP, sex)").value == 0.3


def test_a_share_of_one_among_few_is_not_taken_for_sure():
    """Three of three, and 80 of 100: no replicate of the three differs, yet that is no evidence of a gap."""
    drawn = np.column_stack([np.ones(1000), np.random.default_rng(0).normal(0.8, 0.04, 1000)])
    rate = Rate("recall", ("size",), ("few", "many"), np.array([1.0, 0.8]), drawn, [3, 100], [3, 100])
    gap = next(m for m in told([rate], SCORES) if m.name.startswith("gap"))
    assert gap.low == 0 and gap.high < 1


def test_one_group_has_no_gap_and_a_group_without_value_is_left_out():
    drawn = np.random.default_rng(0).uniform(size=(20, 2))
    assert not [m for m in told([by_hand([0.5, np.nan], drawn)], SCORES) if "(" in m.name]
