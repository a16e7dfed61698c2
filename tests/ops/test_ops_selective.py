import itertools
import math

import numpy as np
import pytest

from vidi.ops.selective import (
    aurc,
    coverage_at_risk,
    excess_aurc,
    guaranteed_threshold,
    measured_aurc,
    measured_curve,
    risk_coverage,
)


def drawn(n, seed, digits=8):
    """Wrong as often as said."""
    rng = np.random.default_rng(seed)
    confidence = np.round(rng.beta(4, 1.5, size=n), digits)
    return confidence, (rng.random(n) > confidence).astype(float)


def naive_aurc(confidence, loss):
    order = np.argsort(-confidence, kind="stable")
    return np.mean([loss[order[: k + 1]].mean() for k in range(len(loss))])


def test_by_hand():
    confidence = np.array([0.9, 0.8, 0.8, 0.5])
    loss = np.array([0.0, 1.0, 0.0, 1.0])
    curve = risk_coverage(confidence, loss)
    assert curve.threshold.tolist() == [0.9, 0.8, 0.5] and curve.coverage.tolist() == [0.25, 0.75, 1.0]
    np.testing.assert_allclose(curve.risk, [0, 1 / 3, 1 / 2])
    assert aurc(confidence, loss) == pytest.approx((0 + 0.25 + 1 / 3 + 0.5) / 4)
    assert excess_aurc(confidence, loss) == pytest.approx((0.25 + 1 / 3 + 0.5) / 4 - (1 / 3 + 0.5) / 4)


@pytest.mark.parametrize("seed", range(3))
def test_without_ties_it_is_the_definition(seed):
    confidence, loss = drawn(200, seed)
    assert aurc(confidence, loss) == pytest.approx(naive_aurc(confidence, loss))


def test_with_ties_it_is_the_mean_over_their_orders():
    confidence, loss = np.array([0.9, 0.5, 0.5, 0.5, 0.1]), np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    every = [
        naive_aurc(confidence, loss[[0, *(1 + np.array(order)), 4]])
        for order in itertools.permutations(range(3))
    ]
    assert aurc(confidence, loss) == pytest.approx(np.mean(every)) and np.ptp(every) > 0.05


@pytest.mark.parametrize("digits", [1, 8])
def test_laws(digits):
    confidence, loss = drawn(300, 1, digits)
    order = np.random.default_rng(0).permutation(300)
    assert aurc(confidence[order], loss[order]) == pytest.approx(aurc(confidence, loss), abs=1e-14)
    assert aurc(np.exp(5 * confidence), loss) == pytest.approx(aurc(confidence, loss))
    curve = risk_coverage(confidence, loss)
    assert curve.coverage[-1] == 1 and curve.risk[-1] == pytest.approx(loss.mean())
    assert (np.diff(curve.coverage) > 0).all() and curve.n[-1] == 300
    assert 0 <= excess_aurc(confidence, loss) < aurc(confidence, loss)


def test_the_best_order_has_no_excess_and_none_at_all_the_mean_risk():
    _, loss = drawn(400, 2)
    assert excess_aurc(1 - loss, loss) == pytest.approx(0, abs=1e-15)
    assert aurc(np.full(400, 0.7), loss) == pytest.approx(loss.mean())
    risk = loss.mean()
    assert aurc(1 - loss, loss) == pytest.approx(
        risk + (1 - risk) * math.log(1 - risk), abs=3e-3
    )  # the paper's


def test_coverage_at_a_risk_by_hand():
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    loss = np.array([0.0, 0.0, 1.0, 0.0, 1.0])
    for risk, wanted in ((0.0, 0.4), (0.25, 0.8), (0.39, 0.8), (0.4, 1.0), (1.0, 1.0)):
        assert coverage_at_risk(confidence, loss, risk, replicates=20).value == pytest.approx(wanted)
    assert coverage_at_risk(confidence, 1 - loss * 0, 0.5, replicates=20).value == 0


def test_its_interval_narrows_and_widens_with_groups_and_is_the_same_again():
    confidence, loss = drawn(400, 3)
    few, many = (coverage_at_risk(*drawn(n, 3), 0.15, replicates=200) for n in (200, 4000))
    assert few.low < few.value < few.high and many.high - many.low < few.high - few.low
    assert few.n == 200 and "same examples" in few.note and few.name == "coverage at risk 0.15"
    repeated = [np.repeat(each, 10) for each in (confidence, loss)]
    alone = coverage_at_risk(*repeated, 0.15, replicates=200)
    grouped = coverage_at_risk(*repeated, 0.15, group=np.repeat(np.arange(400), 10), replicates=200)
    assert alone.value == grouped.value and "groups" in grouped.method
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)
    assert coverage_at_risk(confidence, loss, 0.15, seed=4) == coverage_at_risk(
        confidence, loss, 0.15, seed=4
    )


def test_its_interval_covers_what_a_large_sample_shows():
    true = coverage_at_risk(*drawn(400_000, 99), 0.15, replicates=0).value
    found = [coverage_at_risk(*drawn(500, seed), 0.15, replicates=100, seed=seed) for seed in range(100)]
    assert 0.87 <= np.mean([one.low <= true <= one.high for one in found]) <= 1


def test_all_right_is_not_known_exactly_and_of_one_example_nothing():
    sure = coverage_at_risk(np.linspace(0.5, 0.9, 30), np.zeros(30), 0.1)
    assert sure.value == sure.high == 1 and 0.8 < sure.low < 0.95 and sure.method.startswith("Wilson")
    for n in (0, 1):
        one = coverage_at_risk(np.full(n, 0.5), np.zeros(n), 0.1)
        assert math.isnan(one.low) and "too few" in one.note
    assert math.isnan(aurc(np.zeros(0), np.zeros(0))) and len(risk_coverage(np.zeros(0), np.zeros(0)).n) == 0


def test_the_guarantee_holds():
    """The risk beyond the threshold, known for honest confidences, is too high in 5 % of 300 samples at most."""
    confidence_all, _ = drawn(200_000, 1234)
    broken, answered = 0, []
    for seed in range(300):
        confidence, loss = drawn(400, seed)
        threshold = guaranteed_threshold(confidence, loss > 0, 0.15)
        if threshold is not None:
            kept = confidence_all[confidence_all >= threshold]
            broken += (1 - kept).mean() > 0.15
            answered.append(len(kept) / 200_000)
    assert broken / 300 <= 0.05 and np.mean(answered) > 0.2


def test_what_cannot_be_guaranteed_is_not():
    confidence, loss = drawn(100, 0)
    assert guaranteed_threshold(confidence, loss > 0, 0.001) is None
    assert guaranteed_threshold(np.zeros(0), np.zeros(0) > 0, 0.1) is None
    right = guaranteed_threshold(confidence, np.zeros(100, dtype=bool), 0.1)
    assert right is not None and right <= np.quantile(confidence, 0.05)
    with pytest.raises(ValueError, match="risk and doubt"):
        guaranteed_threshold(confidence, loss > 0, 0.0)


def test_nan_is_refused():
    with pytest.raises(ValueError, match="finite"):
        aurc(np.array([math.nan]), np.array([0.0]))


@pytest.mark.parametrize("group", [None, np.repeat(np.arange(40), 10)], ids=["alone", "grouped"])
def test_the_measured_curve_is_the_curve_with_intervals_around_it(group):
    confidence, loss = drawn(400, 6)
    points = measured_curve(confidence, loss > 0, group=group, replicates=200)
    assert len(points) == 60 and points[-1]["coverage"] == 1
    whole = risk_coverage(confidence, loss)
    for point in points:
        place = int(np.flatnonzero(whole.threshold == point["threshold"])[0])
        assert point["risk"] == whole.risk[place] and point["coverage"] == whole.coverage[place]
        assert point["low"] <= point["risk"] <= point["high"] and point["low"] < point["high"]
    assert measured_curve(np.zeros(0), np.zeros(0, bool)) == []


def test_the_measured_area_has_an_interval_that_groups_widen():
    confidence, loss = (np.repeat(each, 10) for each in drawn(100, 3))
    alone, grouped = (measured_aurc(confidence, loss, group=g) for g in (None, np.repeat(np.arange(100), 10)))
    assert alone.value == grouped.value == aurc(confidence, loss)
    assert alone.low < alone.value < alone.high and grouped.high - grouped.low > 2 * (alone.high - alone.low)
    assert math.isnan(measured_aurc(np.ones(1), np.ones(1)).low)


def test_the_measured_area_covers_what_a_large_sample_shows():
    true = aurc(*drawn(300_000, 98))
    found = [measured_aurc(*drawn(400, seed), replicates=200, seed=seed) for seed in range(100)]
    assert 0.88 <= np.mean([one.low <= true <= one.high for one in found]) <= 1
