"""Two models on the same examples: McNemar by hand and published, the paired bootstrap's laws and its level."""

import math

import numpy as np
import pytest

from vidi.ops.bootstrap import ratio
from vidi.ops.differences import newcombe_paired
from vidi.ops.paired import check_pairs, mcnemar, paired_bootstrap, paired_counts, swap_test


def share(sums):
    return ratio(sums[:, :1], sums[:, 1:])


def rows(hit):
    return np.stack([np.asarray(hit, dtype=float), np.ones(len(hit))], axis=1)


def two_models(n, seed, better=0.0):
    """Hits of two models that tend to fail on the same examples; the first is right more often by `better`."""
    rng = np.random.default_rng(seed)
    hard = rng.random(n)
    return (hard + 0.3 * rng.normal(size=n) < 0.7 + better), (hard + 0.3 * rng.normal(size=n) < 0.7)


def test_counts_by_hand():
    first, second = np.array([1, 1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 1, 0, 0], bool)
    assert paired_counts(first, second) == (2, 2, 1, 1)
    assert paired_counts(first[:0], second[:0]) == (0, 0, 0, 0)


def test_mcnemar_by_hand_and_as_published():
    assert mcnemar(0, 3, mid=False) == pytest.approx(2 / 8)
    assert mcnemar(0, 3) == pytest.approx(2 / 8 - 1 / 8)
    # Fagerland, Lydersen & Laake 2013, table 6, airway data (1 and 7 discordant): exact 0.070, mid-p 0.039
    assert (mcnemar(1, 7, mid=False), mcnemar(1, 7)) == pytest.approx((0.0703, 0.0391), abs=5e-5)


def test_mcnemar_laws():
    from scipy.stats import binomtest

    for a in range(9):
        for b in range(9):
            exact, mid = mcnemar(a, b, mid=False), mcnemar(a, b)
            assert exact == mcnemar(b, a, mid=False) and 0 < mid <= exact <= 1
            if a + b:
                assert exact == pytest.approx(binomtest(a, a + b).pvalue)
    assert mcnemar(0, 0) == 1 and 0 < mcnemar(10_000, 11_000) < 1e-6
    with pytest.raises(ValueError, match="counted"):
        mcnemar(-1, 2)


def test_mcnemar_keeps_its_level_exactly():
    """Over all ways 30 differing examples can fall by a coin."""
    chance = np.array([math.comb(30, k) / 2**30 for k in range(31)])
    for mid, most in ((False, 0.05), (True, 0.055)):
        p = np.array([mcnemar(k, 30 - k, mid=mid) for k in range(31)])
        assert chance[p <= 0.05].sum() <= most


def test_the_difference_of_means_has_the_paired_standard_error():
    rng = np.random.default_rng(0)
    common = rng.normal(size=500)
    first, second = (rows(common + 0.2 * rng.normal(size=500) + shift) for shift in (0.05, 0.0))
    found = paired_bootstrap(first, second, share, replicates=4000)
    apart = first[:, 0] - second[:, 0]
    assert found.difference == pytest.approx(apart.mean()) and found.n == 500
    assert found.high - found.low == pytest.approx(2 * 1.96 * apart.std() / 500**0.5, rel=0.05)


def test_swapped_models_swap_the_interval():
    first, second = (rows(hit) for hit in two_models(300, 0, 0.05))
    one, other = paired_bootstrap(first, second, share), paired_bootstrap(second, first, share)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low)) and one.p == other.p
    assert swap_test(first, second, share) == swap_test(second, first, share)


def test_p_and_the_interval_say_the_same():
    for seed in range(40):
        first, second = (rows(hit) for hit in two_models(120, seed, 0.08))
        found = paired_bootstrap(first, second, share, seed=seed, replicates=999)
        if abs(found.p - 0.05) > 0.006:
            assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_it_agrees_with_newcombe_for_shares():
    hits = two_models(2000, 1, 0.03)
    found = paired_bootstrap(*(rows(hit) for hit in hits), share, replicates=4000)
    assert (found.low, found.high) == pytest.approx(newcombe_paired(*paired_counts(*hits)), abs=0.002)


def test_equal_models_differ_in_nothing_and_that_is_no_interval():
    hit = rows(two_models(50, 0)[0])
    found = paired_bootstrap(hit, hit, share)
    assert (
        found.difference == 0
        and found.p == 1
        and math.isnan(found.low)
        and "no replicate differs" in found.note
    )
    assert swap_test(hit, hit, share) == 1


def test_one_example_or_none_tells_nothing():
    for n in (0, 1):
        found = paired_bootstrap(rows(np.ones(n)), rows(np.zeros(n)), share)
        assert math.isnan(found.high) and found.p == 1 and "too few" in found.note and found.n == n
    assert math.isnan(swap_test(rows([]), rows([]), share))
    with pytest.raises(ValueError, match="pair"):
        check_pairs(rows([1, 0]), rows([1]))


def test_any_statistic_of_sums_f1():
    truth = np.random.default_rng(0).random(400) < 0.3
    called = [
        truth ^ (np.random.default_rng(seed).random(400) < noise) for seed, noise in ((1, 0.05), (2, 0.2))
    ]
    first, second = (np.stack([truth & one, one, truth], axis=1).astype(float) for one in called)

    def f1(sums):
        return ratio(2 * sums[:, :1], sums[:, 1:2] + sums[:, 2:])

    found = paired_bootstrap(first, second, f1)
    assert 0 < found.low < found.difference < found.high and found.p == pytest.approx(2 / 1001)
    assert swap_test(first, second, f1) < 0.01


def test_examples_that_come_in_groups_are_drawn_in_groups():
    """30 patients of 10 images that agree among themselves: 300 images tell no more than 30 patients."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(30), 10)
    first, second = (rows(rng.random(30)[patient]) for _ in range(2))
    once = (each[::10] for each in (first, second))
    grouped, alone = (
        paired_bootstrap(first, second, share, group=patient, replicates=3000),
        paired_bootstrap(*once, share, replicates=3000),
    )
    assert grouped.n == 30 and grouped.method.startswith("paired bootstrap over groups")
    assert (grouped.low, grouped.high) == pytest.approx((alone.low, alone.high))
    careless = paired_bootstrap(first, second, share)
    assert careless.high - careless.low < 0.5 * (grouped.high - grouped.low)
    assert swap_test(first, second, share, group=patient) > swap_test(first, second, share)


def test_the_order_of_examples_does_not_matter_to_the_swap_test_of_all_swaps():
    """Twelve pairs: the p value of random swaps is near that of all 4,096."""
    rng = np.random.default_rng(4)
    apart = rng.normal(0.5, 1, size=12)
    signs = 1 - 2 * ((np.arange(4096)[:, None] >> np.arange(12)) & 1)
    exact = (np.abs(signs @ apart) >= abs(apart.sum()) - 1e-9).mean()
    p = swap_test(rows(apart), rows(np.zeros(12)), share, replicates=20_000)
    assert p == pytest.approx(exact, abs=0.01)


@pytest.mark.slow
def test_with_equal_models_one_in_twenty_is_told_apart_by_chance():
    """2,000 pairs of models with 200 examples: the swap test keeps 5 %, the bootstrap's interval covers 94-96 %."""
    told, covered = 0, 0
    for seed in range(2000):
        first, second = (rows(hit) for hit in two_models(200, seed))
        told += swap_test(first, second, share, seed=seed, replicates=399) <= 0.05
        found = paired_bootstrap(first, second, share, seed=seed, replicates=999)
        covered += found.low <= 0 <= found.high
    assert 0.03 <= told / 2000 <= 0.06 and 0.94 <= covered / 2000 <= 0.96
