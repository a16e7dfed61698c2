import math

import numpy as np
import pytest

from vidi.ops.familiarity import (
    fit_gaussians,
    mahalanobis_distance,
    neighbour_distance,
    unfamiliar,
    unfamiliar_above,
)


def clouds(n, seed=0, d=10, classes=3, apart=6.0):
    rng = np.random.default_rng(seed)
    label = rng.integers(classes, size=n)
    return (apart * np.eye(d)[label] + rng.normal(size=(n, d))).astype(np.float32), label


def strangers(n, seed=1, d=10, apart=6.0):
    """A fourth cloud that nobody told the model of."""
    return (apart * np.eye(d)[np.full(n, d - 1)] + np.random.default_rng(seed).normal(size=(n, d))).astype(
        np.float32
    )


DISTANCES = {
    "neighbours": lambda known, label, asked: neighbour_distance(known, asked, k=5),
    "mahalanobis": lambda known, label, asked: mahalanobis_distance(
        fit_gaussians(known, label), asked, relative=False
    ),
    "relative": lambda known, label, asked: mahalanobis_distance(fit_gaussians(known, label), asked),
}


def test_neighbours_by_hand():
    known = np.array([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]])
    asked = np.array([[5.0, 0.0], [0.0, -1.0]])
    root = math.sqrt(2)
    np.testing.assert_allclose(neighbour_distance(known, asked, k=1), [0, root], atol=1e-6)
    np.testing.assert_allclose(neighbour_distance(known, asked, k=2), [root, root], atol=1e-6)
    np.testing.assert_allclose(neighbour_distance(known, asked, k=3), [2, 2], atol=1e-6)
    np.testing.assert_allclose(
        neighbour_distance(known, known, k=1, leave_self_out=True), [root] * 3, atol=1e-6
    )


def test_neighbours_are_those_of_a_full_sort_in_whatever_blocks(monkeypatch):
    known, _ = clouds(150)
    asked, _ = clouds(70, 5)
    unit = [x.astype(float) / np.linalg.norm(x.astype(float), axis=1, keepdims=True) for x in (known, asked)]
    wanted = np.sort(np.linalg.norm(unit[1][:, None] - unit[0][None], axis=2), axis=1)[:, 6]
    monkeypatch.setattr("vidi.ops.familiarity.BLOCK", 16)
    np.testing.assert_allclose(neighbour_distance(known, asked, k=7), wanted, atol=1e-4)
    own = np.sort(np.linalg.norm(unit[0][:, None] - unit[0][None], axis=2), axis=1)[:, 7]
    np.testing.assert_allclose(neighbour_distance(known, known, k=7, leave_self_out=True), own, atol=1e-4)


def test_mahalanobis_is_the_definition():
    known, label = clouds(300)
    asked, _ = clouds(40, 3)
    fitted = fit_gaussians(known, label, shrinkage=0.0)
    means = np.stack([known[label == number].astype(float).mean(axis=0) for number in range(3)])
    within = np.cov((known - means[label]).T, bias=True)
    every = np.cov(known.astype(float).T, bias=True)

    def squared(x, covariance):
        return np.einsum("...d,de,...e->...", x, np.linalg.inv(covariance), x)

    nearest = squared(asked[:, None] - means[None], within).min(axis=1)
    np.testing.assert_allclose(mahalanobis_distance(fitted, asked, relative=False), nearest, rtol=1e-6)
    all_of_it = squared(asked - known.astype(float).mean(axis=0), every)
    np.testing.assert_allclose(mahalanobis_distance(fitted, asked), nearest - all_of_it, rtol=1e-5, atol=1e-6)


def test_mahalanobis_does_not_depend_on_the_axes():
    known, label = clouds(300)
    asked, _ = clouds(40, 3)
    mix = np.random.default_rng(0).normal(size=(10, 10))
    plain, mixed = (
        mahalanobis_distance(fit_gaussians(known @ m, label, shrinkage=0.0), asked @ m)
        for m in (np.eye(10), mix)
    )
    np.testing.assert_allclose(mixed, plain, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", DISTANCES)
def test_strangers_are_flagged_and_the_familiar_left_at_the_stated_rate(name):
    known, label = clouds(600)
    held_out, fresh = clouds(199, 7)[0], clouds(4000, 8)[0]
    far = strangers(200)
    distance = DISTANCES[name]
    threshold = unfamiliar_above(distance(known, label, held_out), false_alarms=0.1)
    assert unfamiliar(distance(known, label, far), threshold).mean() > 0.95
    assert 0.04 < unfamiliar(distance(known, label, fresh), threshold).mean() < 0.17


def test_the_rate_of_false_alarms_is_as_stated_on_average():
    """The law: between 0.05 - 1 / 100 and 0.05 over draws of 99 held-out examples."""
    alarms = []
    for seed in range(2000):
        distance = np.random.default_rng(seed).normal(size=99 + 50)
        alarms.append(unfamiliar(distance[99:], unfamiliar_above(distance[:99])).mean())
    assert 0.04 - 0.004 < np.mean(alarms) < 0.05 + 0.004


def test_from_too_few_nothing_is_ever_flagged():
    assert unfamiliar_above(np.arange(18.0)) == math.inf and unfamiliar_above(np.arange(19.0)) == 18
    assert not unfamiliar(np.array([1e300]), math.inf).any()


def test_relative_sees_a_near_stranger_that_a_wide_common_direction_hides():
    """All classes vary widely in nine directions; strangers lie between the classes of the tenth."""
    rng = np.random.default_rng(0)

    def picture(at):
        return np.concatenate(
            [at[:, None] + 0.3 * rng.normal(size=(len(at), 1)), rng.normal(size=(len(at), 60))], 1
        )

    label = rng.integers(2, size=2000)
    known, held_out = picture(6.0 * label), picture(6.0 * rng.integers(2, size=1000))
    between = picture(np.full(1000, 2.0))
    fitted = fit_gaussians(known, label)
    found = {}
    for relative in (False, True):
        familiar = mahalanobis_distance(fitted, held_out, relative=relative)
        strange = mahalanobis_distance(fitted, between, relative=relative)
        found[relative] = unfamiliar(strange, unfamiliar_above(familiar)).mean()
    assert found[True] > found[False]


@pytest.mark.parametrize("shrinkage", [None, 0.0, 0.5, 1.0])
def test_more_directions_than_examples_and_constant_ones_are_harmless(shrinkage):
    known, label = clouds(12, d=40)
    known[:, 5] = 3.0
    found = mahalanobis_distance(fit_gaussians(known, label, shrinkage=shrinkage), clouds(9, 4, d=40)[0])
    assert np.isfinite(found).all()


def test_labels_need_not_be_consecutive_and_rows_need_no_order():
    known, label = clouds(200)
    asked, _ = clouds(20, 2)
    order = np.random.default_rng(0).permutation(200)
    for distance in DISTANCES.values():
        np.testing.assert_allclose(
            distance(known[order], 7 * label[order] + 3, asked),
            distance(known, label, asked),
            rtol=1e-4,
            atol=1e-4,
        )


def test_what_cannot_be_compared_is_refused():
    known, label = clouds(10)
    for k in (0, 11):
        with pytest.raises(ValueError, match="k is between 1 and the 10"):
            neighbour_distance(known, known, k=k)
    with pytest.raises(ValueError, match="the 9 known"):
        neighbour_distance(known, known, k=10, leave_self_out=True)
    with pytest.raises(ValueError, match="leave_self_out asks"):
        neighbour_distance(known, known[:5], k=2, leave_self_out=True)
    with pytest.raises(ValueError, match="two known"):
        fit_gaussians(known[:1], label[:1])
    with pytest.raises(ValueError, match="shrinkage"):
        fit_gaussians(known, label, shrinkage=2.0)
