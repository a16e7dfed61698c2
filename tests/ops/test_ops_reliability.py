import math

import numpy as np
import pytest

from vidi.ops.intervals import wilson
from vidi.ops.reliability import (
    brier_parts,
    check_probabilities,
    class_wise_errors,
    diagram,
    equal_mass,
    equal_width,
    expected_error,
    largest_error,
)


def honest(n, seed=0, sharper=1.0):
    """Confidences, and hits that come as often as said (if `sharper` is 1)."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(1, 1.5, size=n)
    return 1 / (1 + np.exp(-sharper * logit)), rng.random(n) < 1 / (1 + np.exp(-logit))


def test_by_hand():
    confidence = np.array([0.95, 0.9, 0.9, 0.6, 0.6, 0.2])
    hit = np.array([True, True, False, False, True, False])
    found = diagram(confidence, hit, equal_width(confidence, 5))
    np.testing.assert_allclose(found.confidence, [0.2, 0.6, 2.75 / 3])
    np.testing.assert_allclose(found.share, [0, 0.5, 2 / 3])
    assert found.n.tolist() == [1, 2, 3]
    assert [(low, high) for low, high in zip(found.low, found.high, strict=True)] == [
        wilson(0, 1),
        wilson(1, 2),
        wilson(2, 3),
    ]
    assert expected_error(found) == pytest.approx((0.2 + 2 * 0.1 + 3 * 0.25) / 6)
    assert largest_error(found) == pytest.approx(0.25)


def test_bins():
    assert equal_width(np.array([0.0, 0.2, 0.2000001, 1.0]), 5).tolist() == [0, 0, 1, 4]
    assert np.bincount(equal_mass(np.random.default_rng(0).random(100), 4)).tolist() == [25] * 4
    assert len(np.unique(equal_mass(np.full(20, 0.5), 4))) == 1
    assert (equal_width(np.random.default_rng(0).random(10), 1) == 0).all()
    for bins in (equal_mass, equal_width):
        with pytest.raises(ValueError, match="1 or more; got 0"):
            bins(np.array([0.5]), 0)


@pytest.mark.parametrize("bins", [equal_mass, equal_width])
def test_laws(bins):
    confidence, hit = honest(500, 1)
    found = diagram(confidence, hit, bins(confidence))
    order = np.random.default_rng(0).permutation(500)
    again = diagram(confidence[order], hit[order], bins(confidence[order]))
    np.testing.assert_allclose(again.share, found.share)
    assert (np.diff(found.confidence) > 0).all() and found.n.sum() == 500
    assert 0 <= expected_error(found) <= largest_error(found) <= 1
    mirrored = diagram(1 - confidence, ~hit, bins(confidence))
    assert expected_error(mirrored) == pytest.approx(expected_error(found))
    one = diagram(confidence, hit, np.zeros(500, dtype=np.int64))
    assert expected_error(one) == largest_error(one) == pytest.approx(abs(confidence.mean() - hit.mean()))


def test_the_intervals_hold_what_an_honest_model_says_and_not_what_a_boaster_says():
    inside = {1.0: 0, 3.0: 0}
    for sharper in inside:
        for seed in range(40):
            confidence, hit = honest(600, seed, sharper)
            found = diagram(confidence, hit, equal_mass(confidence, 10))
            inside[sharper] += ((found.low <= found.confidence) & (found.confidence <= found.high)).sum()
    assert 0.92 <= inside[1.0] / 400 <= 0.98 and inside[3.0] / 400 < 0.6


def test_a_wider_level_is_wider():
    confidence, hit = honest(200)
    narrow, wide = (diagram(confidence, hit, equal_mass(confidence, 5), level=level) for level in (0.5, 0.99))
    assert (wide.low < narrow.low).all() and (narrow.high < wide.high).all()


def test_class_by_class():
    """The first class is always said with 0.5 and never true."""
    probability = np.array([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5]])
    errors = class_wise_errors(probability, np.array([1, 2, 1, 2]), mass=False)
    np.testing.assert_allclose(errors, [0.5, 0.25, 0.25])
    confidence, hit = honest(400)
    two = np.stack([1 - confidence, confidence], axis=1)
    errors = class_wise_errors(two, hit.astype(np.int64))
    assert errors[1] == expected_error(diagram(confidence, hit, equal_mass(confidence)))
    assert errors[0] == pytest.approx(errors[1], abs=0.01)


def test_murphys_three_parts_add_up_exactly_where_forecasts_are_few():
    rng = np.random.default_rng(0)
    forecast = rng.choice([0.0, 0.1, 0.35, 0.8, 1.0], size=300)
    hit = rng.random(300) < 0.3 + 0.5 * forecast
    parts = brier_parts(forecast, hit)
    murphy = parts.reliability - parts.resolution + parts.uncertainty
    assert murphy == pytest.approx(((forecast - hit) ** 2).mean(), abs=1e-14)
    assert parts.within_variance == pytest.approx(0, abs=1e-30)
    assert parts.within_covariance == pytest.approx(0, abs=1e-16)
    # Murphy's formula, forecast by forecast
    base = hit.mean()
    rows = [(forecast == value, value) for value in np.unique(forecast)]
    assert parts.reliability == pytest.approx(
        sum(at.mean() * (value - hit[at].mean()) ** 2 for at, value in rows)
    )
    assert parts.resolution == pytest.approx(sum(at.mean() * (hit[at].mean() - base) ** 2 for at, _ in rows))


@pytest.mark.parametrize("bins", [equal_mass, equal_width])
@pytest.mark.parametrize("count", [1, 3, 15])
def test_five_parts_add_up_in_any_bins(bins, count):
    forecast, hit = honest(400, 3, 2.0)
    parts = brier_parts(forecast, hit, bins(forecast, count))
    assert parts.score == pytest.approx(((forecast - hit) ** 2).mean(), abs=1e-14)
    assert min(parts.reliability, parts.resolution, parts.within_variance) >= 0
    assert parts.resolution <= parts.uncertainty <= 0.25


def test_what_the_parts_mean():
    rng = np.random.default_rng(1)
    hit = rng.random(2000) < 0.3
    base = brier_parts(np.full(2000, hit.mean()), hit)
    assert base.reliability == pytest.approx(0) == base.resolution
    assert base.score == pytest.approx(base.uncertainty)
    oracle = brier_parts(hit.astype(float), hit)
    assert oracle.score == pytest.approx(0) and oracle.resolution == pytest.approx(oracle.uncertainty)
    said, seen = honest(5000, 0)
    boaster, _ = honest(5000, 0, 3.0)
    one, other = (brier_parts(each, seen, equal_mass(each)) for each in (said, boaster))
    assert one.reliability < 0.003 < 0.02 < other.reliability
    assert one.resolution == pytest.approx(other.resolution)


def test_without_examples_there_are_no_numbers():
    nothing = np.zeros(0)
    found = diagram(nothing, nothing > 0, equal_mass(nothing))
    assert math.isnan(expected_error(found)) and math.isnan(largest_error(found)) and len(found.low) == 0
    assert math.isnan(brier_parts(nothing, nothing > 0).score)
    assert np.isnan(class_wise_errors(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))).all()


def test_rounded_probabilities_are_probabilities():
    rng = np.random.default_rng(0)
    check_probabilities(rng.dirichlet(np.ones(1000), size=20).astype(np.float16).astype(np.float32))
    check_probabilities(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
