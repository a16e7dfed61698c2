import math

import numpy as np
import pytest

from vidi.core.scores import Scores
from vidi.ops.bootstrap import (
    bootstrapped,
    mean_defined,
    percentile,
    ratio,
    replicate_sums,
    share_of,
    sign_flipped_sums,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def scores(n, replicates=400, seed=0, group=None):
    truth = np.zeros(n, dtype=np.int64)
    return Scores(truth, np.ones((n, 1)), ("a",), replicates=replicates, seed=seed, group=group)


def naive(values, replicates, seed):
    """Rows drawn one by one."""
    generator = rng(seed)
    return np.array(
        [values[generator.integers(len(values), size=len(values))].sum(axis=0) for _ in range(replicates)]
    )


def test_every_replicate_has_as_many_examples():
    sums = replicate_sums(np.ones((37, 1)), replicates=50, seed=1)
    assert (sums == 37).all()


def test_same_seed_same_sums_in_whatever_blocks(monkeypatch):
    values = rng().normal(size=(60, 3))
    whole = replicate_sums(values, replicates=40, seed=5)
    monkeypatch.setattr("vidi.ops.bootstrap.BLOCK", 100)
    np.testing.assert_allclose(replicate_sums(values, replicates=40, seed=5), whole)
    assert not np.allclose(replicate_sums(values, replicates=40, seed=6), whole)


def test_counts_cells_and_rows_have_the_same_distribution():
    """Mean, covariance and quantiles of three ways to draw: rows, counts of rows, multinomial over cells."""
    cell = rng().choice(4, p=[0.1, 0.2, 0.3, 0.4], size=500)
    values = np.stack([cell == 0, cell >= 2, cell**2], axis=1).astype(float)
    draws = [
        naive(values, 3000, 1),
        replicate_sums(values, replicates=3000, seed=2),
        replicate_sums(values, replicates=3000, seed=3, cell=cell),
    ]
    spread = draws[0].std(axis=0)
    for drawn in draws[1:]:
        assert (np.abs(drawn.mean(axis=0) - values.sum(axis=0)) < 4 * spread / 3000**0.5).all()
        np.testing.assert_allclose(np.cov(drawn.T), np.cov(draws[0].T), rtol=0.15, atol=2)
        ours, theirs = (np.quantile(each, [0.025, 0.25, 0.75, 0.975], axis=0) for each in (drawn, draws[0]))
        assert (np.abs(ours - theirs) < 0.25 * spread).all()


def test_groups_are_drawn_whole():
    group = np.repeat(np.arange(10), 5)
    values = np.concatenate([np.eye(10)[group], np.ones((50, 1))], axis=1)
    sums = replicate_sums(values, replicates=30, seed=0, group=group)
    assert (sums[:, :10] % 5 == 0).all() and (sums[:, 10] == 50).all()


def test_groups_of_one_are_examples():
    values = rng().normal(size=(30, 2))
    np.testing.assert_allclose(
        replicate_sums(values, replicates=20, seed=0, group=np.arange(30)),
        replicate_sums(values, replicates=20, seed=0),
    )


def test_the_interval_of_a_share_covers_about_95_percent():
    covered = 0
    for seed in range(400):
        hit = (rng(seed).random(150) < 0.7).astype(float)
        drawn = replicate_sums(hit[:, None], replicates=300, seed=seed)[:, 0] / 150
        low, high = percentile(drawn)
        covered += low <= 0.7 <= high
    assert 0.92 <= covered / 400 <= 0.975


def test_with_groups_that_agree_among_themselves_only_the_group_bootstrap_covers():
    """40 groups of 8; the chance of a hit differs from group to group."""
    group = np.repeat(np.arange(40), 8)
    covered = {"groups": 0, "examples": 0}
    for seed in range(200):
        generator = rng(seed)
        hit = (generator.random(320) < np.repeat(generator.beta(0.5, 0.5, size=40), 8)).astype(float)
        for name, which in (("groups", group), ("examples", None)):
            drawn = replicate_sums(hit[:, None], replicates=200, seed=seed, group=which)[:, 0] / 320
            low, high = percentile(drawn)
            covered[name] += low <= 0.5 <= high
    assert 0.9 <= covered["groups"] / 200 <= 0.99
    assert covered["examples"] / 200 < 0.75


def test_signs_give_mean_zero_and_the_sum_of_squares():
    values = rng().normal(size=(200, 1)) + 3
    drawn = sign_flipped_sums(values, replicates=4000, seed=0)
    spread = float((values**2).sum() ** 0.5)
    assert abs(drawn.mean()) < 4 * spread / 4000**0.5 and drawn.std() == pytest.approx(spread, rel=0.05)


def test_a_mean_with_its_interval():
    values = np.stack([rng().normal(5, 2, size=400), np.ones(400)], axis=1)
    (found,) = bootstrapped(
        "mean", values, lambda s: ratio(s[:, :1], s[:, 1:]), scores=scores(400, 2000), unit="metres"
    )
    assert found.value == pytest.approx(values[:, 0].mean()) and found.n == 400 and found.unit == "metres"
    half = 1.96 * values[:, 0].std() / 20
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)
    assert found.method == "bootstrap over examples, percentile, 2000 replicates" and not found.note


def test_a_share_of_all_is_not_known_exactly():
    """No replicate of 20 hits of 20 differs; the truth may well be 0.9."""
    for group, size in ((None, 20), (np.repeat(np.arange(5), 4), 5)):
        values = np.ones((20, 2))
        found = bootstrapped(
            "share", values, lambda s: ratio(s[:, :1], s[:, 1:]), scores=scores(20, group=group)
        )[0]
        z2 = 1.959963984540054**2
        assert (
            found.low == pytest.approx(size / (size + z2))
            and found.high == 1
            and found.method.startswith("Wilson")
        )


def test_one_example_one_group_or_none_give_no_interval_and_say_so():
    for n, group in ((1, None), (5, np.zeros(5, dtype=np.int64))):
        values = np.stack([np.linspace(0.2, 0.4, n), np.ones(n)], axis=1)
        found = bootstrapped(
            "x", values, lambda s: ratio(s[:, :1], s[:, 1:]), scores=scores(n, group=group), unit="nats"
        )[0]
        assert math.isnan(found.low) and math.isnan(found.high) and "too few" in found.note
    found = bootstrapped("x", np.zeros((0, 2)), lambda s: ratio(s[:, :1], s[:, 1:]), scores=scores(0))[0]
    assert math.isnan(found.value) and math.isnan(found.low) and found.n == 0


def test_a_share_is_wilson_without_and_bootstrap_with_groups():
    hit = np.arange(40) % 4 > 0
    alone, grouped = (
        share_of("hit", hit, scores(40)),
        share_of("hit", hit, scores(40, group=np.arange(40) // 4)),
    )
    assert alone.value == grouped.value == 0.75 and alone.method == "Wilson"
    assert grouped.method.startswith("bootstrap over groups") or "groups" in grouped.note


def test_undefined_columns_are_left_out_of_a_mean():
    values = np.array([[1.0, math.nan, 3.0], [math.nan, math.nan, math.nan]])
    mean = mean_defined(values)
    assert mean[0, 0] == 2 and math.isnan(mean[1, 0])
    assert all(math.isnan(end) for end in percentile(np.array([math.nan])))
