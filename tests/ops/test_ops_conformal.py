import math

import numpy as np
import pytest

from vidi.ops.conformal import (
    adaptive_scores,
    conformal_quantile,
    coverage_range,
    fit_thresholds,
    measured_sets,
    prediction_sets,
    threshold_scores,
    uniform_by,
)

CLASSES = 5


def drawn(n, seed, honest=1.0):
    """Probabilities and truths drawn from them; with `honest` other than 1 the model says something else."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, CLASSES)) * 1.5 + np.array([1.0, 0, 0, 0, -1.0])
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    said = np.exp(honest * logits)
    return said / said.sum(axis=1, keepdims=True), truth


def scores_of(kind, probability, seed):
    if kind == "threshold":
        return threshold_scores(probability)
    return adaptive_scores(probability, np.random.default_rng(seed).random(len(probability)))


def test_scores_by_hand():
    probability = np.array([[0.2, 0.5, 0.3]])
    np.testing.assert_allclose(threshold_scores(probability), [[0.8, 0.5, 0.7]])
    np.testing.assert_allclose(adaptive_scores(probability), [[1.0, 0.5, 0.8]])
    np.testing.assert_allclose(adaptive_scores(probability, np.array([0.0])), [[0.8, 0.0, 0.5]])
    np.testing.assert_allclose(adaptive_scores(probability, np.array([0.5])), [[0.9, 0.25, 0.65]])


def test_the_quantile_by_hand():
    scores = np.arange(1.0, 10.0)  # nine of them: ceil(10 x 0.9) = 9, the largest
    assert conformal_quantile(scores, 0.1) == 9
    assert conformal_quantile(scores, 0.5) == 5
    assert conformal_quantile(scores, 0.09) == math.inf
    assert conformal_quantile(np.zeros(0), 0.5) == math.inf
    assert (
        conformal_quantile(np.arange(1.0, 20.0), 0.1) == 18
    )  # ceil(20 x 0.9), though 20 x 0.9 is 18.000000000000004


def test_the_quantile_of_groups_by_hand():
    """Four groups weigh 1/5 each, whatever their size, and infinity 1/5: at 0.5 two and a half groups are needed."""
    scores, group = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array(list("aabccd"))
    assert conformal_quantile(scores, 0.5, group=group) == 4  # 1/10 + 1/10 + 1/5 + 1/10
    assert conformal_quantile(scores, 0.2, group=group) == 6
    assert conformal_quantile(scores, 0.19, group=group) == math.inf
    order = np.array([3, 0, 5, 1, 4, 2])
    assert conformal_quantile(scores[order], 0.5, group=group[order]) == 4


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.37])
def test_groups_of_one_are_no_groups(alpha):
    scores = np.random.default_rng(0).random(57)
    assert conformal_quantile(scores, alpha, group=np.arange(57)) == conformal_quantile(scores, alpha)


def test_a_new_group_is_covered_as_stated_where_groups_differ():
    """19 groups of 1 to 30, each with a level of its own; 600 draws. Counting images promises too much there."""
    covered = {"groups": [], "images": []}
    for seed in range(600):
        rng = np.random.default_rng(seed)
        size = rng.integers(1, 31, size=20)
        group = np.repeat(np.arange(20), size)
        scores = rng.normal(size=20)[group] + 0.3 * rng.normal(size=len(group))
        known, new = group < 19, group == 19
        for name, told in (("groups", group[known]), ("images", None)):
            limit = conformal_quantile(scores[known], 0.1, group=told)
            covered[name].append(float((scores[new] <= limit).mean()))
    error = 3 * np.std(covered["groups"]) / 600**0.5
    assert 0.9 - error <= np.mean(covered["groups"]) <= 0.95 + error
    assert np.mean(covered["images"]) < 0.9 - 0.01


def test_sets_by_hand():
    scores = np.array([[0.1, 0.6, 0.9], [0.7, 0.8, 0.75]])
    limits = np.full(3, 0.6)
    assert prediction_sets(scores, limits).tolist() == [[True, True, False], [False] * 3]
    assert prediction_sets(scores, limits, never_empty=True).tolist() == [
        [True, True, False],
        [True, False, False],
    ]
    report = measured_sets(prediction_sets(scores, limits), np.array([1, 2]))
    assert report.coverage == 0.5 and report.empty == 1 and report.mean_size == 1
    assert report.sizes.tolist() == [1, 0, 1, 0] and "1 are empty" in report.sentence
    assert math.isnan(report.by_class[0]) and report.by_class[1:].tolist() == [1, 0]
    never = measured_sets(prediction_sets(scores, limits, never_empty=True), np.array([1, 2]))
    assert never.empty == 0 and "empty" not in never.sentence and never.coverage >= report.coverage


@pytest.mark.parametrize("kind", ["threshold", "adaptive"])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
@pytest.mark.parametrize("honest", [1.0, 3.0])
def test_new_examples_are_covered_as_stated_whatever_the_model(kind, alpha, honest):
    """Mean over 300 draws of 99 examples; the law: between 1 - alpha and 1 - alpha + 1 / 100."""
    covered = []
    for seed in range(300):
        probability, truth = drawn(99 + 400, seed, honest)
        scores = scores_of(kind, probability, seed + 1000)
        limits = fit_thresholds(scores[:99], truth[:99], alpha=alpha)
        covered.append(prediction_sets(scores[99:], limits)[np.arange(400), truth[99:]].mean())
    error = 4 * np.std(covered) / 300**0.5
    assert 1 - alpha - error <= np.mean(covered) <= 1 - alpha + 0.01 + error


def test_the_luck_of_the_draw_is_as_wide_as_the_beta_distribution_says():
    low, high = coverage_range(99, 0.1)
    inside = 0
    for seed in range(400):
        scores = np.random.default_rng(seed).random(99)
        inside += (
            low <= conformal_quantile(scores, 0.1) <= high
        )  # uniform scores: coverage is the quantile itself
    assert 0.92 <= inside / 400 <= 0.98
    assert low < 0.9 < high and coverage_range(10_000, 0.1)[0] > low
    assert coverage_range(8, 0.1) == (1.0, 1.0)


def test_only_thresholds_by_class_cover_every_class():
    worst = {False: [], True: []}
    for seed in range(60):
        probability, truth = drawn(3000, seed)
        scores = threshold_scores(probability)
        for by_class, found in worst.items():
            limits = fit_thresholds(scores[:1500], truth[:1500], alpha=0.1, by_class=by_class)
            found.append(measured_sets(prediction_sets(scores[1500:], limits), truth[1500:]).by_class)
    together, each = (np.mean(worst[by_class], axis=0) for by_class in (False, True))
    assert together.min() < 0.8 and (np.abs(each - 0.9) < 0.02).all()


def test_the_threshold_kind_has_the_smaller_sets_and_the_adaptive_kind_the_more_even_coverage():
    probability, truth = drawn(20_000, 0)
    fifth = np.searchsorted(
        np.quantile(probability.max(axis=1), [0.2, 0.4, 0.6, 0.8]), probability.max(axis=1)
    )
    size, uneven = {}, {}
    for kind in ("threshold", "adaptive"):
        scores = scores_of(kind, probability, 1)
        sets = prediction_sets(scores[5000:], fit_thresholds(scores[:5000], truth[:5000], alpha=0.3))
        hit = sets[np.arange(15_000), truth[5000:]]
        size[kind] = sets.sum(axis=1).mean()
        uneven[kind] = np.ptp([hit[fifth[5000:] == number].mean() for number in range(5)])
    assert size["threshold"] < size["adaptive"] and uneven["adaptive"] < 0.05 < 0.1 < uneven["threshold"]


def test_without_draws_adaptive_sets_are_larger_and_nested():
    probability, truth = drawn(4000, 2)
    plain, drawn_scores = adaptive_scores(probability), scores_of("adaptive", probability, 3)
    assert (drawn_scores <= plain).all()
    assert plain[np.arange(4000), probability.argmin(axis=1)] == pytest.approx(1)
    sizes = [
        prediction_sets(scores, fit_thresholds(scores, truth, alpha=0.1)).sum()
        for scores in (plain, drawn_scores)
    ]
    assert sizes[0] > sizes[1]


@pytest.mark.parametrize("kind", ["threshold", "adaptive"])
def test_a_smaller_alpha_gives_larger_sets(kind):
    probability, truth = drawn(800, 4)
    scores = scores_of(kind, probability, 5)
    small, large = (
        prediction_sets(scores, fit_thresholds(scores, truth, alpha=alpha)) for alpha in (0.3, 0.05)
    )
    assert (small <= large).all() and small.sum() < large.sum()


def test_the_order_of_rows_does_not_matter():
    probability, truth = drawn(300, 6)
    names = [f"image {number}" for number in range(300)]
    order = np.random.default_rng(0).permutation(300)
    one = adaptive_scores(probability, uniform_by(names, seed=1))
    other = adaptive_scores(probability[order], uniform_by([names[row] for row in order], seed=1))
    assert (one[order] == other).all()
    for by_class in (False, True):
        limits = [
            fit_thresholds(scores, label, alpha=0.1, by_class=by_class)
            for scores, label in ((one, truth), (other, truth[order]))
        ]
        assert (limits[0] == limits[1]).all()


def test_draws_by_name_are_uniform_and_seeded():
    names = [str(number) for number in range(5000)]
    draws = uniform_by(names, seed=0)
    assert draws.min() >= 0 and draws.max() < 1 and abs(draws.mean() - 0.5) < 0.02
    assert abs(draws.std() - 12**-0.5) < 0.01
    assert (draws == uniform_by(names, seed=0)).all() and (draws != uniform_by(names, seed=1)).all()


def test_where_examples_are_too_few_every_label_is_allowed():
    probability, truth = drawn(12, 0)
    scores = threshold_scores(probability)
    assert prediction_sets(scores, fit_thresholds(scores, truth, alpha=0.05)).all()
    truth[:] = 0
    limits = fit_thresholds(scores, truth, alpha=0.2, by_class=True)
    assert math.isfinite(limits[0]) and np.isinf(limits[1:]).all()


def test_of_no_examples_nothing_is_known():
    report = measured_sets(np.zeros((0, 3), dtype=bool), np.zeros(0, dtype=np.int64))
    assert math.isnan(report.coverage) and math.isnan(report.mean_size) and "nothing" in report.sentence


def test_what_is_no_share_is_refused():
    for alpha in (0.0, 1.0, -0.1):
        with pytest.raises(ValueError, match="alpha"):
            conformal_quantile(np.ones(3), alpha)
    with pytest.raises(ValueError, match="uniform"):
        adaptive_scores(np.full((1, 2), 0.5), np.array([1.5]))
