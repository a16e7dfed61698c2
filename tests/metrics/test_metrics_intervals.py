"""Intervals that are not Wilson's or a plain bootstrap: they agree with another way, and cover."""

import math

import numpy as np
import pytest

from vidi.core.scores import Scores
from vidi.metrics import auroc, average_precision, calibration_error
from vidi.ops.intervals import cluster_error


def binary(n, seed, apart=1.0, share=0.4):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < share
    return rng.normal(size=n) + apart * truth, truth


def naive_delong(score, truth):
    """DeLong et al. 1988, eqs. 5 to 7, pair by pair."""
    pairs = (score[truth][:, None] > score[~truth]) + 0.5 * (score[truth][:, None] == score[~truth])
    variance = pairs.mean(axis=1).var(ddof=1) / truth.sum() + pairs.mean(axis=0).var(ddof=1) / (~truth).sum()
    return pairs.mean(), variance


@pytest.mark.parametrize("digits", [8, 0])
def test_the_components_are_delongs(digits):
    score, truth = binary(80, 1)
    score = np.round(score, digits)
    area, influence = auroc.components(score, truth)
    theirs, variance = naive_delong(score, truth)
    assert area == pytest.approx(theirs) and (influence**2).sum() == pytest.approx(variance)
    assert influence.sum() == pytest.approx(0, abs=1e-12)


def test_delongs_interval_covers():
    true = 0.5 * (1 + math.erf(1.0 / 2))  # Phi(apart / sqrt 2)
    covered = 0
    for seed in range(300):
        score, truth = binary(80, seed)
        found = auroc.measure(Scores(truth[:, None], score[:, None], ("a",)))[1]
        covered += found.low <= true <= found.high
    assert 0.92 <= covered / 300 <= 0.98


def test_in_perfect_order_newcombes_interval_stands_in():
    truth = np.arange(30) < 10
    found = auroc.measure(Scores(truth[:, None], truth[:, None] * 1.0, ("a",)))[1]
    assert found.value == found.high == 1 and 0.8 < found.low < 0.95 and "Newcombe" in found.method
    opposite = auroc.measure(Scores(truth[:, None], 1.0 - truth[:, None], ("a",)))[1]
    assert opposite.value == opposite.low == 0 and opposite.high == pytest.approx(1 - found.low)
    small, large = auroc.newcombe(1.0, 5, 5)[0], auroc.newcombe(1.0, 500, 500)[0]
    assert small < found.low < large < 1


def test_newcombes_bound_solves_its_equation():
    low = auroc.newcombe(1.0, 12, 20)[0]
    spread = 1 + 15 * ((1 - low) / (2 - low) + low / (1 + low))
    assert 1 - low == pytest.approx(1.959963984540054 * math.sqrt(low * (1 - low) * spread / 240))


@pytest.mark.parametrize("digits", [8, 0])
def test_the_influence_on_average_precision_is_its_derivative(digits):
    """By weights: an example counted once more by a little."""
    score, truth = binary(40, 3)
    score = np.round(score, digits)

    def weighted(weight):
        order = np.argsort(-score, kind="stable")
        w, y, s = weight[order], truth[order], score[order]
        at_least = s[:, None] <= s[None, :]  # examples that score as high as this one
        precision = (at_least * (w * y)[None, :]).sum(axis=1) / (at_least * w[None, :]).sum(axis=1)
        return (w * y * precision).sum() / (w * y).sum()

    area, influence = average_precision.one_label(score, truth)
    assert area == pytest.approx(weighted(np.ones(40)))
    for number in range(40):
        step = 1e-5 * (np.arange(40) == number)
        slope = (weighted(1 + step) - weighted(1 - step)) / 2e-5
        assert influence[number] == pytest.approx(slope, abs=1e-8)
    assert influence.sum() == pytest.approx(0, abs=1e-12)


def test_the_jackknife_of_average_precision_agrees_with_a_bootstrap_of_rows():
    score, truth = binary(300, 5)
    _, influence = average_precision.one_label(score, truth)
    rng = np.random.default_rng(0)
    drawn = [
        average_precision.one_label(score[rows], truth[rows])[0]
        for rows in (rng.integers(300, size=300) for _ in range(500))
    ]
    assert float(cluster_error(influence[:, None])[0]) == pytest.approx(np.std(drawn), rel=0.15)


def honest(n, seed, sure=1.0):
    """Probabilities from which the truth is really drawn, made `sure` times as sure."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(n, 3))
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    said = np.exp(sure * logits)
    return Scores(truth, said / said.sum(axis=1, keepdims=True), ("a", "b", "c"), replicates=200, seed=seed)


def test_calibration_error_by_hand():
    """100 times sure of 0.8, right 60 times: 0.2 too sure."""
    truth = np.array([0] * 60 + [1] * 40)
    found = calibration_error.measure(
        Scores(truth, np.tile([0.8, 0.2], (100, 1)), ("a", "b"), replicates=300)
    )
    for entry in found:
        assert entry.value == pytest.approx(0.2)
        assert (entry.low, entry.high) == pytest.approx((0.1, 0.3), abs=0.03)


def test_bins_hold_equally_many_and_equal_confidences_stay_together():
    confidence = np.random.default_rng(0).random(1500)
    assert np.bincount(calibration_error.equal_mass(confidence)).tolist() == [100] * 15
    assert len(np.unique(calibration_error.equal_mass(np.full(50, 0.7)))) == 1
    assert calibration_error.equal_width(np.array([0.0, 1 / 15, 0.0667, 1.0])).tolist() == [0, 0, 1, 14]


@pytest.mark.slow
def test_a_calibrated_models_interval_begins_at_zero_though_its_value_never_is():
    found = [calibration_error.measure(honest(200, seed))[0] for seed in range(60)]
    assert np.mean([entry.value for entry in found]) > 0.05
    assert np.mean([entry.low == 0 for entry in found]) >= 0.9


@pytest.mark.slow
def test_a_model_that_is_too_sure_is_found_out_and_covered():
    (true, _) = (entry.value for entry in calibration_error.measure(honest(200_000, 1, 2.0)))
    found = [calibration_error.measure(honest(500, seed, 2.0))[0] for seed in range(100)]
    assert np.mean([entry.low > 0 for entry in found]) > 0.95
    assert np.mean([entry.low <= true <= entry.high for entry in found]) >= 0.88
