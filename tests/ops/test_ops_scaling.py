import math

import numpy as np
import pytest

from vidi.ops.scaling import VectorScaling, fit_vector_scaling, log_loss
from vidi.ops.temperature import fit_temperature, scaled_loss

FACTOR = np.array([0.5, 1.0, 2.0])
OFFSET = np.array([0.7, -0.5, -0.2])


def planted(n=20_000, seed=1):
    """Truths drawn from the honest logits; the model's own become those by FACTOR and OFFSET."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(size=(n, 3)) * 1.5 + OFFSET
    truth = (honest + rng.gumbel(size=honest.shape)).argmax(axis=1)
    return (honest - OFFSET) / FACTOR, truth


def loss(scaling, logits, truth):
    return scaled_loss(scaling(logits), np.eye(3)[truth])


def test_planted_factors_and_offsets_are_recovered():
    found = fit_vector_scaling(*planted())
    np.testing.assert_allclose(found.factor, FACTOR, rtol=0.06)
    np.testing.assert_allclose(found.offset, OFFSET - OFFSET.mean(), atol=0.05)


def test_switched_off_it_changes_nothing():
    logits, truth = planted(100)
    off = fit_vector_scaling(logits, truth, toward_identity=math.inf)
    assert off.off and off(logits) is logits
    assert fit_vector_scaling(logits[:0], truth[:0]).off
    assert (VectorScaling(np.ones(3), np.array([0.0, 0.0, 1e-9]))(logits) != logits).any()


def test_drawn_to_the_limit_it_is_temperature_scaling():
    logits, truth = planted(500)
    exact = fit_vector_scaling(logits, truth, toward_temperature=math.inf)
    assert (exact.factor == 1 / fit_temperature(logits, truth)).all() and (exact.offset == 0).all()
    near = fit_vector_scaling(logits, truth, toward_temperature=1e7)
    np.testing.assert_allclose(near.factor, exact.factor, rtol=1e-3)
    np.testing.assert_allclose(near.offset, 0, atol=1e-3)


def test_between_a_temperature_and_nothing_there_is_one_factor():
    logits, truth = planted(500)
    some = fit_vector_scaling(logits, truth, toward_temperature=math.inf, toward_identity=50.0)
    full = 1 / fit_temperature(logits, truth)
    assert len(set(some.factor)) == 1 and (some.offset == 0).all()
    assert min(full, 1) < some.factor[0] < max(full, 1)
    strong = fit_vector_scaling(logits, truth, toward_identity=1e8)
    np.testing.assert_allclose(strong.factor, 1, atol=1e-4)
    np.testing.assert_allclose(strong.offset, 0, atol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_without_a_penalty_nothing_near_is_better(seed):
    logits, truth = planted(300, seed)
    found = fit_vector_scaling(logits, truth, toward_temperature=0.0)
    best = loss(found, logits, truth)
    temperature = 1 / fit_temperature(logits, truth)
    assert best <= loss(VectorScaling(np.full(3, temperature), np.zeros(3)), logits, truth)
    rng = np.random.default_rng(seed)
    for _ in range(50):
        other = VectorScaling(found.factor * rng.normal(1, 0.02, 3), found.offset + rng.normal(0, 0.02, 3))
        assert best <= loss(other, logits, truth) + 1e-9


@pytest.mark.slow
def test_with_few_examples_the_penalty_pays():
    """Held-out loss after a fit on 20: the penalised fit is better than the free one, mean over 40 draws."""
    test = planted(5000, 1000)
    plain, drawn_in = [], []
    for seed in range(40):
        few = planted(20, seed)
        plain.append(loss(fit_vector_scaling(*few, toward_temperature=0.0), *test))
        drawn_in.append(loss(fit_vector_scaling(*few), *test))
    assert np.mean(drawn_in) < np.mean(plain) - 0.05


def test_classes_may_be_renamed_and_rows_shuffled():
    logits, truth = planted(400)
    found = fit_vector_scaling(logits, truth)
    names, rows = np.array([2, 0, 1]), np.random.default_rng(0).permutation(400)
    other = fit_vector_scaling(logits[rows][:, names], np.argsort(names)[truth[rows]])
    np.testing.assert_allclose(other.factor, found.factor[names], atol=1e-4)
    np.testing.assert_allclose(other.offset, found.offset[names], atol=1e-4)


def test_the_gradient_is_the_slope():
    rng = np.random.default_rng(0)
    logits, target = rng.normal(size=(6, 3)), rng.dirichlet(np.ones(3), size=6)
    value, gradient = log_loss(logits, target)
    assert value == pytest.approx(scaled_loss(logits, target))
    for row, column in ((0, 0), (3, 2)):
        moved = logits.copy()
        moved[row, column] += 1e-6
        slope = (log_loss(moved, target)[0] - value) / 1e-6
        assert gradient[row, column] == pytest.approx(slope, abs=1e-6)


def test_extreme_logits_half_precision_and_a_class_without_examples():
    logits, truth = planted(200)
    wide = fit_vector_scaling(1000 * logits, truth)
    assert np.isfinite(wide.factor).all() and np.isfinite(wide(1000 * logits)).all()
    single = fit_vector_scaling(logits.astype(np.float32), truth)
    assert single(logits.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(single.factor, fit_vector_scaling(logits, truth).factor, atol=1e-3)
    missing = fit_vector_scaling(logits, np.where(truth == 2, 0, truth))
    assert np.isfinite(missing.offset).all() and missing.offset[2] < 0
    sure = fit_vector_scaling(np.eye(3) * 4, np.arange(3))
    assert (sure.factor <= 20 + 1e-9).all()


def test_negative_strengths_are_refused():
    for strengths in ({"toward_temperature": -1.0}, {"toward_identity": math.nan}):
        with pytest.raises(ValueError, match="strengths"):
            fit_vector_scaling(np.zeros((1, 2)), np.array([0]), **strengths)
