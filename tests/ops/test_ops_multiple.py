"""Adjusted p values: by hand, against scipy, order, what is not a number, and what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.ops.multiple import benjamini_hochberg, holm

SEVERAL = st.lists(st.floats(0, 1), max_size=12).map(np.array)


def test_by_hand():
    p = np.array([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(
        holm(p), [0.03, 0.06, 0.06, 0.02]
    )  # 3 x 0.01, 2 x 0.03, then no less, 4 x 0.005
    np.testing.assert_allclose(benjamini_hochberg(p), [0.02, 0.04, 0.04, 0.02])  # 4/2, 4/4, 4/3, 4/1 times


def test_agrees_with_scipy():
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(0).random(50) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p, method="bh"))


@given(SEVERAL)
def test_laws(p):
    for adjust in (holm, benjamini_hochberg):
        found = adjust(p)
        assert (found >= p * (1 - 1e-12)).all() and (found <= 1).all()
        order = np.argsort(p, kind="stable")
        assert (np.diff(found[order]) >= 0).all()
        np.testing.assert_array_equal(adjust(p[::-1])[::-1], found)
    assert (holm(p) >= benjamini_hochberg(p) - 1e-12).all()


def test_one_question_is_not_adjusted_and_none_is_none():
    for adjust in (holm, benjamini_hochberg):
        assert adjust(np.array([0.03])).tolist() == [0.03] and adjust(np.zeros(0)).tolist() == []


def test_what_could_not_be_asked_counts_as_no_question():
    p = np.array([0.01, np.nan, 0.04])
    for adjust in (holm, benjamini_hochberg):
        found = adjust(p)
        assert np.isnan(found[1])
        np.testing.assert_array_equal(found[[0, 2]], adjust(p[[0, 2]]))


def test_what_is_no_p_value_is_refused():
    with pytest.raises(ValueError, match=r"shares in \[0, 1\]"):
        holm(np.array([0.5, 1.2]))


@pytest.mark.slow
def test_with_nothing_to_find_holm_finds_something_in_5_percent_and_without_it_nearly_always():
    p = np.random.default_rng(0).random((2000, 40))
    found = np.mean([(holm(row) <= 0.05).any() for row in p])
    assert 0.04 < found < 0.06 and (p <= 0.05).any(axis=1).mean() > 0.8


@pytest.mark.slow
def test_of_what_benjamini_hochberg_finds_5_percent_is_false_at_most():
    from scipy.special import ndtr

    rng, false = np.random.default_rng(1), []
    for _ in range(1500):
        z = rng.normal(size=50) + np.where(np.arange(50) < 15, 3.0, 0.0)
        found = benjamini_hochberg(2 * ndtr(-np.abs(z))) <= 0.05
        false.append(found[15:].sum() / max(1, found.sum()))
    assert np.mean(false) == pytest.approx(
        0.05 * 35 / 50, abs=0.006
    )  # Benjamini & Hochberg: level x share of nulls
