"""Newcombe's and Koopman's intervals: published examples, symmetries, limits, coverage."""

import math
from itertools import product

import numpy as np
import pytest

from vidi.ops.differences import newcombe, newcombe_paired, ratio_limit, score_ratio
from vidi.ops.intervals import wilson

# Newcombe 1998, Statistics in Medicine 17, 873-890, Table II, method 10
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
    (10, 10, 0, 10, 0.6075, 1.0000),
]


@pytest.mark.parametrize(("a", "n", "b", "m", "low", "high"), NEWCOMBE)
def test_newcombes_own_table(a, n, b, m, low, high):
    assert newcombe(a, n, b, m) == pytest.approx((low, high), abs=5e-5)


def test_the_other_way_round_is_the_negative():
    for a, b in product(range(8), range(6)):
        low, high = newcombe(a, 7, b, 5)
        assert -1 <= low <= a / 7 - b / 5 <= high <= 1 and low < high
        assert newcombe(b, 5, a, 7) == pytest.approx((-high, -low))
        assert newcombe(7 - a, 7, 5 - b, 5) == pytest.approx((-high, -low))
        wider = newcombe(a, 7, b, 5, 0.99)
        assert wider[0] <= low and high <= wider[1]


def test_against_a_group_without_end_it_is_wilsons():
    low, high = newcombe(30, 40, 6 * 10**12, 10**13)
    assert (low + 0.6, high + 0.6) == pytest.approx(wilson(30, 40), abs=1e-5)


def test_pairs_airway_example():
    """Bentur et al. 2009, in Fagerland, Lydersen & Laake 2014, Statistics in Medicine 33, table V: -0.51 to -0.026."""
    assert newcombe_paired(1, 1, 7, 12) == pytest.approx((-0.507, -0.026), abs=5e-4)


def test_pairs_laws():
    for table in product(range(3), repeat=4):
        if not sum(table):
            continue
        both, first, second, neither = table
        low, high = newcombe_paired(*table)
        difference = (first - second) / sum(table)
        assert -1 <= low <= difference + 1e-12 and difference - 1e-12 <= high <= 1
        assert newcombe_paired(both, second, first, neither) == pytest.approx((-high, -low))
        assert newcombe_paired(neither, first, second, both) == pytest.approx((low, high))  # hits for misses


def test_pairs_that_go_together_tell_more_than_two_groups():
    low, high = newcombe_paired(700, 60, 30, 210)
    alone = newcombe(760, 1000, 730, 1000)
    assert high - low < 0.6 * (alone[1] - alone[0])
    independent = newcombe_paired(5548, 2052, 1752, 648)  # 0.76 and 0.73 of 10,000, independent of each other
    assert independent == pytest.approx(newcombe(7600, 10_000, 7300, 10_000), abs=1e-6)


def test_the_ratio_by_koopmans_example():
    """Koopman 1984: 36 of 40 against 16 of 80 gives 2.94 to 7.15."""
    assert score_ratio(36, 40, 16, 80) == pytest.approx((2.94, 7.15), abs=0.005)


def test_the_ratio_with_many_examples_is_katz():
    from scipy.stats.contingency import relative_risk

    katz = relative_risk(6000, 10_000, 5000, 10_000).confidence_interval(0.95)
    assert score_ratio(6000, 10_000, 5000, 10_000) == pytest.approx((katz.low, katz.high), rel=1e-4)


@pytest.mark.slow
def test_the_ratio_turned_round():
    for a, b in product(range(8), range(6)):
        low, high = score_ratio(a, 7, b, 5)
        turned_low, turned_high = score_ratio(b, 5, a, 7)
        if a and b:
            assert (turned_low, turned_high) == pytest.approx((1 / high, 1 / low))
            assert low <= (a / 7) / (b / 5) <= high
        assert (low == 0) == (a == 0) and (high == math.inf) == (b == 0)


def test_of_nothing_nothing_is_known_and_counts_must_fit():
    for nothing in (
        newcombe(0, 0, 1, 2),
        newcombe(1, 2, 0, 0),
        newcombe_paired(0, 0, 0, 0),
        score_ratio(0, 0, 1, 2),
    ):
        assert all(math.isnan(end) for end in nothing)
    with pytest.raises(ValueError, match="successes"):
        newcombe(3, 2, 0, 1)
    with pytest.raises(ValueError, match="successes"):
        score_ratio(1, 2, 3, 2)
    with pytest.raises(ValueError, match="pairs"):
        newcombe_paired(1, -1, 0, 0)


def binomial(n, share):
    k = np.arange(n + 1)
    log = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in k]
    return np.exp(np.array(log) + k * math.log(share) + (n - k) * math.log(1 - share))


def test_newcombe_covers_95_percent():
    """Exactly, by summing over all pairs of counts; the mean over shares, for 40 examples against 60."""
    limits = np.array([[newcombe(a, 40, b, 60) for b in range(61)] for a in range(41)])
    coverage = []
    for first, second in product((0.5, 0.7, 0.8, 0.9), (0.35, 0.55, 0.75, 0.85)):
        chance = binomial(40, first)[:, None] * binomial(60, second)
        inside = (limits[..., 0] <= first - second) & (first - second <= limits[..., 1])
        coverage.append(float((chance * inside).sum()))
    assert 0.94 <= np.mean(coverage) <= 0.96 and min(coverage) > 0.93


def test_the_ratio_covers_95_percent():
    a, b = (each.ravel().astype(float) for each in np.mgrid[:31, :41])
    counts = a, np.full_like(a, 30), b, np.full_like(a, 40)
    limits = np.stack([ratio_limit(*counts, z=z).reshape(31, 41) for z in (1.96, -1.96)], axis=-1)
    coverage = []
    for first, second in ((0.5, 0.5), (0.7, 0.4), (0.3, 0.6), (0.85, 0.8)):
        chance = binomial(30, first)[:, None] * binomial(40, second)
        inside = (limits[..., 0] <= first / second) & (first / second <= limits[..., 1])
        coverage.append(float((chance * inside).sum()))
    assert 0.94 <= np.mean(coverage) <= 0.96 and min(coverage) > 0.93


@pytest.mark.slow
def test_pairs_cover_95_percent():
    rng = np.random.default_rng(0)
    coverage = []
    for shares in ([0.7, 0.1, 0.05, 0.15], [0.4, 0.2, 0.2, 0.2], [0.2, 0.25, 0.1, 0.45]):
        tables = rng.multinomial(150, shares, size=3000)
        limits = np.array([newcombe_paired(*table) for table in tables.tolist()])
        difference = shares[1] - shares[2]
        coverage.append(((limits[:, 0] <= difference) & (difference <= limits[:, 1])).mean())
    assert 0.94 <= np.mean(coverage) <= 0.96
