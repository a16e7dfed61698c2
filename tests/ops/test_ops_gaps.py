"""Gaps among several groups: by hand for two, coverage where plain percentiles fail, limits."""

import math

import numpy as np
import pytest

from vidi.ops.bootstrap import percentile
from vidi.ops.differences import newcombe, score_ratio
from vidi.ops.gaps import gap_of_draws, gap_of_shares, range_quantile, ratio_of_shares, worst_share
from vidi.ops.intervals import wilson


def counts(*numbers):
    return np.array(numbers)


def test_two_groups_are_newcombes_and_koopmans():
    low, high = newcombe(56, 70, 48, 80)
    for order in (slice(None), slice(None, None, -1)):
        assert gap_of_shares(counts(56, 48)[order], counts(70, 80)[order]) == pytest.approx((low, high))
        found = ratio_of_shares(counts(56, 48)[order], counts(70, 80)[order])
        assert found == pytest.approx(tuple(sorted(1 / end for end in score_ratio(56, 70, 48, 80))))


def test_one_group_is_wilsons():
    assert worst_share(counts(7), counts(9)) == pytest.approx(wilson(7, 9))


def test_equal_groups_may_be_equal():
    same = counts(80, 80, 80), counts(100, 100, 100)
    assert gap_of_shares(*same)[0] == 0 and ratio_of_shares(*same)[1] == 1
    assert gap_of_shares(*same)[1] == pytest.approx(newcombe(80, 100, 80, 100)[1])


def test_the_order_of_groups_does_not_matter_and_empty_ones_add_nothing():
    part, whole = counts(5, 30, 71, 12), counts(10, 33, 100, 40)
    order = [2, 0, 3, 1]
    for interval in (gap_of_shares, ratio_of_shares, worst_share):
        found = interval(part, whole)
        assert interval(part[order], whole[order]) == pytest.approx(found)
        assert interval(np.append(part, 0), np.append(whole, 0)) == pytest.approx(found)


def test_more_groups_make_the_inner_end_more_careful_and_leave_the_outer():
    two = gap_of_shares(counts(90, 70), counts(100, 100))
    five = gap_of_shares(counts(90, 80, 80, 80, 70), counts(100, 100, 100, 100, 100))
    assert five[0] < two[0] and five[1] == pytest.approx(two[1])


def test_shares_of_all_and_of_none_do_not_collapse():
    low, high = gap_of_shares(counts(20, 20, 20), counts(20, 20, 20))
    assert low == 0 and 0.1 < high < 0.3
    low, high = worst_share(counts(20, 20), counts(20, 20))
    assert low == pytest.approx(wilson(20, 20)[0]) and high == 1


def test_nothing_to_compare_is_no_interval():
    for interval in (gap_of_shares, ratio_of_shares):
        assert all(math.isnan(end) for end in interval(counts(3, 0), counts(5, 0)))
    assert all(math.isnan(end) for end in ratio_of_shares(counts(0, 0), counts(5, 6)))
    assert all(math.isnan(end) for end in worst_share(counts(0), counts(0)))
    assert all(math.isnan(end) for end in gap_of_draws(np.array([0.1, math.nan]), np.ones((50, 2))))
    assert all(math.isnan(end) for end in gap_of_draws(np.array([0.1, 0.2]), np.ones((50, 2))))
    assert ratio_of_shares(counts(0, 9), counts(10, 10))[0] == 0
    with pytest.raises(ValueError, match="successes"):
        gap_of_shares(counts(6, 1), counts(5, 5))


# from scipy.stats import studentized_range
# for k, c in [(2, .95), (3, .95), (10, .95), (50, .99)]: print(k, c, studentized_range.ppf(c, k, float("inf")))
STUDENTIZED_RANGE = [(2, 0.95, 2.77181), (3, 0.95, 3.31449), (10, 0.95, 4.47412)]


@pytest.mark.parametrize(("groups", "confidence", "wanted"), STUDENTIZED_RANGE)
def test_the_range_of_normal_numbers(groups, confidence, wanted):
    assert range_quantile(groups, confidence) == pytest.approx(wanted, abs=2e-4)
    drawn = np.ptp(np.random.default_rng(0).normal(size=(20_000, groups)), axis=1)
    assert (drawn <= wanted).mean() == pytest.approx(confidence, abs=0.006)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shares", "n"),
    [([0.8] * 2, 200), ([0.9, 0.75], 200), ([0.8] * 8, 200), ([0.9, 0.8, 0.8, 0.7], 200), ([0.95] * 4, 60)],
)
def test_they_cover_at_least_95_percent(shares, n):
    """1,000 tables; with two groups not much more than 95 %."""
    shares = np.array(shares)
    part = np.random.default_rng(1).binomial(n, shares, size=(1000, len(shares)))
    whole = np.full(len(shares), n)
    truth = {gap_of_shares: np.ptp(shares), worst_share: shares.min()}
    for interval, true in truth.items():
        covered = np.mean([low <= true <= high for low, high in (interval(row, whole) for row in part)])
        assert covered >= 0.94
        assert interval is worst_share or len(shares) > 2 or covered <= 0.965


@pytest.mark.slow
def test_the_ratio_covers_at_least_95_percent():
    shares = np.array([0.6, 0.45, 0.6])
    part = np.random.default_rng(2).binomial(120, shares, size=(160, 3))
    limits = np.array([ratio_of_shares(row, np.full(3, 120)) for row in part])
    assert ((limits[:, 0] <= 0.75) & (limits[:, 1] >= 0.75)).mean() >= 0.94


def test_where_there_is_no_gap_percentiles_find_one_and_these_intervals_do_not():
    """Eight groups alike: the gap is 0. Replicates of the gap are never near it."""
    rng, whole = np.random.default_rng(3), np.full(8, 150)
    found = {"percentile": 0, "draws": 0}
    for _ in range(200):
        part = rng.binomial(150, 0.8, size=8)
        drawn = rng.binomial(150, part / 150, size=(300, 8)) / 150
        found["percentile"] += percentile(np.ptp(drawn, axis=1))[0] <= 0
        found["draws"] += gap_of_draws(part / whole, drawn)[0] <= 0
    assert found["percentile"] == 0 and found["draws"] >= 0.94 * 200


def test_draws_and_shares_agree():
    part, whole = counts(900, 800, 850), counts(1000, 1000, 1000)
    drawn = np.random.default_rng(0).binomial(whole, part / whole, size=(20_000, 3)) / whole
    assert gap_of_draws(part / whole, drawn) == pytest.approx(gap_of_shares(part, whole), abs=0.003)


def test_values_that_move_together_have_a_sure_gap():
    common = np.random.default_rng(0).normal(size=(500, 1))
    drawn = common + np.random.default_rng(1).normal(size=(500, 2)) / 100
    low, high = gap_of_draws(np.array([1.0, 3.0]), drawn)
    assert 1.95 < low < 2 < high < 2.05
