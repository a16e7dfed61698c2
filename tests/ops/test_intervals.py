import math

import numpy as np
import pytest

from vidi.ops.intervals import (
    clopper_pearson,
    cluster_error,
    logit_interval,
    midranks,
    normal_quantile,
    sum_by,
    wilson,
)

# from scipy.stats import binomtest
# for k, n, c in [(0, 10, .95), (3, 10, .95), (10, 10, .95), (81, 263, .95), (1, 29, .9), (98, 100, .99)]:
#     for method in ("wilson", "exact"):
#         ci = binomtest(k, n).proportion_ci(c, method=method); print(k, n, c, method, ci.low, ci.high)
BINOMTEST = [
    (0, 10, 0.95, "wilson", 0.0, 0.27753279986288926),
    (0, 10, 0.95, "exact", 0.0, 0.30849710781876294),
    (3, 10, 0.95, "wilson", 0.10779126740630102, 0.6032218525388546),
    (3, 10, 0.95, "exact", 0.06673951117773447, 0.652452850060008),
    (10, 10, 0.95, "wilson", 0.7224672001371109, 1.0),
    (10, 10, 0.95, "exact", 0.6915028921812371, 1.0),
    (81, 263, 0.95, "wilson", 0.2552885198782742, 0.36620957698280004),
    (81, 263, 0.95, "exact", 0.25273674558504267, 0.36762192260134746),
    (1, 29, 0.9, "wilson", 0.0077308079727380075, 0.14068309513251206),
    (1, 29, 0.9, "exact", 0.0017671710005495393, 0.1533920245256886),
    (98, 100, 0.99, "wilson", 0.9041830170229076, 0.9960851227699025),
    (98, 100, 0.99, "exact", 0.9105693270134084, 0.9989603809940513),
]


@pytest.mark.parametrize(("successes", "n", "confidence", "method", "low", "high"), BINOMTEST)
def test_they_agree_with_scipys_binomtest(successes, n, confidence, method, low, high):
    interval = {"wilson": wilson, "exact": clopper_pearson}[method](successes, n, confidence)
    assert interval == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_laws(interval):
    for n in (1, 5, 40):
        for successes in range(n + 1):
            low, high = interval(successes, n)
            assert 0 <= low <= successes / n <= high <= 1 and low < high
            mirrored = interval(n - successes, n)
            assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)
            wider = interval(successes, n, 0.99)
            assert wider[0] <= low and high <= wider[1]


def test_the_exact_interval_is_exact():
    """At the lower end, as many successes or more come with probability 2.5 %."""
    low, high = clopper_pearson(3, 10)
    assert sum(math.comb(10, k) * low**k * (1 - low) ** (10 - k) for k in range(3, 11)) == pytest.approx(
        0.025
    )
    assert sum(math.comb(10, k) * high**k * (1 - high) ** (10 - k) for k in range(4)) == pytest.approx(0.025)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_nothing_is_known_from_nothing_and_counts_must_fit(interval):
    assert all(math.isnan(end) for end in interval(0, 0))
    for wrong in ((-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="successes"):
            interval(*wrong)


def test_confidence_is_a_share():
    with pytest.raises(ValueError, match="confidence"):
        wilson(1, 2, 1.0)
    assert normal_quantile(0.975) == pytest.approx(1.959963984540054)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
@pytest.mark.parametrize("n", [30, 300])
def test_wilson_covers_about_95_percent(share, n):
    """Exactly, by summing over all counts, not by simulation."""
    covered = 0.0
    for k in range(n + 1):
        low, high = wilson(k, n)
        log_chance = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        chance = math.exp(log_chance + k * math.log(share) + (n - k) * math.log(1 - share))
        covered += chance * (low <= share <= high)
    assert 0.925 < covered < 0.985


def test_the_logit_interval_stays_inside_and_is_normal_in_the_middle():
    low, high = logit_interval(0.5, 0.01)
    assert (low, high) == pytest.approx((0.5 - 0.0196, 0.5 + 0.0196), abs=1e-4)
    assert 0 < logit_interval(0.999, 0.002)[0] < 0.999 < logit_interval(0.999, 0.002)[1] <= 1
    assert all(math.isnan(end) for end in logit_interval(1.0, 0.1))


def test_the_cluster_error_of_a_mean_is_the_standard_error():
    values = np.random.default_rng(0).normal(size=(50, 2))
    influence = (values - values.mean(axis=0)) / 50
    expected = values.std(axis=0, ddof=1) / 50**0.5
    np.testing.assert_allclose(cluster_error(influence), expected)
    np.testing.assert_allclose(cluster_error(influence, np.arange(50)[::-1].copy()), expected)


def test_copies_of_an_example_add_nothing_if_they_are_one_group():
    values = np.random.default_rng(0).normal(size=(50, 1))
    once = cluster_error((values - values.mean()) / 50)
    often = np.repeat(values, 4, axis=0)
    influence = (often - often.mean()) / 200
    np.testing.assert_allclose(cluster_error(influence, np.repeat(np.arange(50), 4)), once)
    assert cluster_error(influence) < 0.51 * once


def test_sum_by_hand():
    sums = sum_by(np.array([[1.0], [2.0], [4.0], [8.0]]), np.array([7, -1, 7, 3]))
    assert sums.tolist() == [[2.0], [8.0], [5.0]]


def test_midranks_by_hand():
    assert midranks(np.array([3.0, 1.0, 3.0, 2.0, 3.0])).tolist() == [4, 1, 4, 2, 4]
    assert midranks(np.zeros(0)).tolist() == []
