"""BCa against scipy with the same replicates, laws, strata, groups, and coverage."""

import math

import numpy as np
import pytest

from vidi.ops.bca import acceleration, bca, bca_intervals, jackknife, stratified_sums
from vidi.ops.bootstrap import percentile, ratio, replicate_sums


def share(sums):
    return ratio(sums[:, :1], sums[:, 1:2])


def rows(values):
    return np.stack([values, np.ones_like(values)], axis=1)


def mean_difference(sums):
    """Mean of stratum 0 minus mean of stratum 1."""
    return ratio(sums[:, :1], sums[:, 1:2]) - ratio(sums[:, 2:3], sums[:, 3:4])


def two_samples(seed=0):
    rng = np.random.default_rng(seed)
    stratum = np.repeat([0, 1], [30, 45])
    values = np.where(stratum == 0, rng.exponential(2, size=75), rng.normal(1, 1, size=75))
    table = np.concatenate(
        [rows(values) * (stratum == 0)[:, None], rows(values) * (stratum == 1)[:, None]], axis=1
    )
    return values, stratum, table


def test_agrees_with_scipy_on_the_same_replicates():
    from scipy.stats import bootstrap

    values = np.random.default_rng(0).exponential(size=40)
    for confidence in (0.9, 0.95):
        theirs = bootstrap(
            (values,),
            np.mean,
            n_resamples=2000,
            confidence_level=confidence,
            method="BCa",
            rng=np.random.default_rng(1),
        )
        left_out = jackknife(rows(values), share)[:, 0]
        ours = bca(float(values.mean()), theirs.bootstrap_distribution, left_out, confidence)
        assert ours == pytest.approx(tuple(theirs.confidence_interval), rel=1e-9)


def test_agrees_with_scipy_for_two_samples():
    from scipy.stats import bootstrap

    values, stratum, table = two_samples()

    def difference(x, y, axis=-1):
        return x.mean(axis=axis) - y.mean(axis=axis)

    samples = (values[stratum == 0], values[stratum == 1])
    theirs = bootstrap(samples, difference, n_resamples=2000, method="BCa", rng=np.random.default_rng(1))
    left_out = jackknife(table, mean_difference)[:, 0]
    ours = bca(float(difference(*samples)), theirs.bootstrap_distribution, left_out, stratum=stratum)
    assert ours == pytest.approx(tuple(theirs.confidence_interval), rel=1e-9)
    (alone,) = bca_intervals(table, mean_difference, stratum=stratum, replicates=20_000)
    again = bootstrap(samples, difference, n_resamples=20_000, method="BCa", rng=np.random.default_rng(2))
    width = alone[1] - alone[0]
    assert alone == pytest.approx(tuple(again.confidence_interval), abs=0.03 * width)


def test_the_jackknife_is_leaving_one_out():
    values = rows(np.random.default_rng(0).normal(size=12))
    by_hand = [
        share(np.delete(values, place, axis=0).sum(axis=0, keepdims=True))[0, 0] for place in range(12)
    ]
    np.testing.assert_allclose(jackknife(values, share)[:, 0], by_hand)


def test_acceleration_of_a_mean_is_its_skewness():
    values = np.random.default_rng(0).exponential(size=500)
    centred = values - values.mean()
    skewness = (centred**3).mean() / (centred**2).mean() ** 1.5
    assert acceleration(jackknife(rows(values), share)[:, 0]) == pytest.approx(
        skewness / (6 * 500**0.5), rel=1e-6
    )


def test_without_bias_and_skew_it_is_the_percentiles():
    drawn = np.linspace(-1, 1, 2001)
    assert bca(0.0, drawn, np.array([-1.0, 0.0, 1.0])) == pytest.approx(percentile(drawn))


def test_it_turns_over_with_the_values_and_leans_where_they_do():
    values = np.random.default_rng(0).exponential(size=50)
    (one,), (other,) = (bca_intervals(rows(sign * values), share, seed=3) for sign in (1.0, -1.0))
    assert one == pytest.approx((-other[1], -other[0]), abs=0.01)
    mean = values.mean()
    assert one[1] - mean > mean - one[0]


def test_groups_of_copies_are_as_one():
    values = np.random.default_rng(0).exponential(size=40)
    group = np.repeat(np.arange(40), 6)
    once = bca_intervals(rows(values), share)
    often = bca_intervals(rows(values)[group], share, group=group)
    assert often[0] == pytest.approx(once[0])


def test_strata_keep_their_size():
    values = np.eye(3)[np.repeat([0, 1, 2], [5, 10, 20])]
    stratum = np.repeat([0, 1, 2], [5, 10, 20])
    assert (stratified_sums(values, stratum, replicates=30, seed=0) == [5, 10, 20]).all()
    group = np.repeat(np.arange(7), 5)
    assert (stratified_sums(values, stratum, replicates=30, seed=0, group=group) == [5, 10, 20]).all()
    with pytest.raises(ValueError, match="one stratum"):
        stratified_sums(values, stratum, replicates=3, seed=0, group=np.repeat([0, 1], [17, 18]))


def test_strata_explain_part_of_the_spread():
    stratum = np.repeat([0, 1], 100)
    values = (stratum * 5.0 + np.random.default_rng(0).normal(size=200))[:, None]
    within = stratified_sums(values, stratum, replicates=4000, seed=0).std()
    expected = sum(100 * values[stratum == number].var() for number in (0, 1)) ** 0.5
    assert within == pytest.approx(expected, rel=0.05)
    assert replicate_sums(values, replicates=1000, seed=0).std() > 2 * within


def test_same_seed_same_intervals_and_one_for_each_number():
    values = np.random.default_rng(0).exponential(size=(30, 1))

    def several(sums):
        return np.concatenate([sums / 30, sums], axis=1)

    first = bca_intervals(values, several, seed=5)
    assert first == bca_intervals(values, several, seed=5) != bca_intervals(values, several, seed=6)
    assert first[1] == pytest.approx(tuple(30 * end for end in first[0]))


def test_where_nothing_varies_there_is_no_interval():
    for values in (np.ones(20), np.ones(1)):
        ((low, high),) = bca_intervals(rows(values), share)
        assert math.isnan(low) and math.isnan(high)
    assert math.isnan(bca(9.0, np.linspace(0, 1, 50), np.arange(5.0))[0])


@pytest.mark.slow
def test_coverage_of_bca_and_percentile():
    """The mean of n exponential numbers (skewness 2), 4,000 samples: 94-96 % with n = 200.

    With n = 30 percentiles cover less than BCa.
    """
    covered = {}
    for n in (30, 200):
        found = {"bca": 0, "percentile": 0}
        for seed in range(4000):
            values = rows(np.random.default_rng([seed, n]).exponential(size=n))
            drawn = share(replicate_sums(values, replicates=1000, seed=seed))[:, 0]
            ends = {
                "bca": bca(float(values[:, 0].mean()), drawn, jackknife(values, share)[:, 0]),
                "percentile": percentile(drawn),
            }
            for name, (low, high) in ends.items():
                found[name] += low <= 1 <= high
        covered[n] = {name: number / 4000 for name, number in found.items()}
    assert 0.94 <= covered[200]["bca"] <= 0.96 and 0.935 <= covered[200]["percentile"] <= 0.96
    assert 0.92 <= covered[30]["bca"] <= 0.96 and covered[30]["percentile"] < covered[30]["bca"]


@pytest.mark.slow
def test_coverage_of_the_percentile_bootstrap_and_wilson_for_a_share():
    """300 examples, the mean over shares from 0.2 to 0.8."""
    from vidi.ops.intervals import wilson

    rng, covered = np.random.default_rng(0), {"percentile": [], "wilson": []}
    for share_of_hits in np.linspace(0.2, 0.8, 13):
        for hits in rng.binomial(300, share_of_hits, size=400).tolist():
            low, high = percentile(rng.binomial(300, hits / 300, size=1000) / 300)
            covered["percentile"].append(low <= share_of_hits <= high)
            low, high = wilson(hits, 300)
            covered["wilson"].append(low <= share_of_hits <= high)
    for name, each in covered.items():
        assert 0.94 <= np.mean(each) <= 0.96, name
