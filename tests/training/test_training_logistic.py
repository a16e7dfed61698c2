"""The linear head is scikit-learn's logistic regression; its strength is chosen without leaks between groups."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from vidi.core.errors import UsageError
from vidi.ops.losses import binary_cross_entropy, cross_entropy
from vidi.training.logistic import fit_head, folds_of


def clouds(n: int, d: int, classes: int, *, spread: float = 1.0, seed: int = 0):
    """Overlapping clouds with features of very different scales."""
    random = np.random.default_rng(seed)
    label = np.arange(n) % classes
    centre = random.normal(0, 1, (classes, d))
    x = (centre[label] + random.normal(0, 2 * spread, (n, d))) * random.lognormal(0, 1, d) + random.normal(
        0, 5, d
    )
    return x.astype(np.float32), label, np.eye(classes, dtype=np.float32)[label]


def answers(head: torch.nn.Linear, x: np.ndarray) -> np.ndarray:
    return torch.softmax(head(torch.from_numpy(x)), dim=1).numpy()


@pytest.mark.parametrize("strength", [0.3, 10.0, 300.0])
def test_it_is_scikit_learns(strength):
    """Both on standardised features, biases not penalised.

    Ours minimises mean loss + strength / (2 d) |W|^2, scikit-learn's C x sum of losses + |W|^2 / 2 over n rows:
    the same where C = d / (n x strength).
    """
    x, label, target = clouds(300, 20, 4)
    head = fit_head(x, target, cross_entropy, strengths=(strength,)).head
    standard = (x - x.mean(0)) / x.std(0)
    theirs = LogisticRegression(C=20 / (300 * strength), tol=1e-8, max_iter=5000).fit(standard, label)
    np.testing.assert_allclose(answers(head, x), theirs.predict_proba(standard), atol=2e-3)
    weight = head.weight.numpy() * x.std(0)
    np.testing.assert_allclose(weight - weight.mean(0), theirs.coef_ - theirs.coef_.mean(0), atol=5e-3)


def test_several_labels_are_as_many_regressions():
    x, _, target = clouds(300, 10, 3)
    head = fit_head(x, target, binary_cross_entropy, strengths=(3.0,)).head
    standard = (x - x.mean(0)) / x.std(0)
    for column in range(3):
        # A mean over 3 columns: each one's loss counts a third.
        theirs = LogisticRegression(C=10 / (3 * 300 * 3.0), tol=1e-8, max_iter=5000)
        theirs.fit(standard, target[:, column])
        ours = torch.sigmoid(head(torch.from_numpy(x)))[:, column].numpy()
        np.testing.assert_allclose(ours, theirs.predict_proba(standard)[:, 1], atol=2e-3)


def test_the_strength_with_the_lowest_held_out_loss_is_chosen():
    for spread in (0.3, 3.0):
        regression = fit_head(*clouds(200, 30, 3, spread=spread)[::2], cross_entropy)
        assert regression.strength == min(regression.losses, key=lambda s: regression.losses[s])


def test_noise_wants_a_stronger_penalty_than_signal():
    clear, noisy = (
        fit_head(*clouds(200, 30, 3, spread=spread)[::2], cross_entropy).strength for spread in (0.3, 10.0)
    )
    assert clear < noisy


def test_the_scale_of_a_feature_does_not_matter():
    x, _, target = clouds(150, 8, 3)
    scale = np.array([1, 10, 100, 0.1, 0.01, 1, 1, 1], np.float32)
    one, two = (fit_head(part, target, cross_entropy, strengths=(3.0,)).head for part in (x, x * scale))
    np.testing.assert_allclose(answers(one, x), answers(two, x * scale), atol=2e-3)


def test_a_constant_feature_is_harmless():
    x, _, target = clouds(90, 5, 3)
    x[:, 2] = 7.0
    regression = fit_head(x, target, cross_entropy)
    assert np.isfinite(answers(regression.head, x)).all()


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_groups_never_straddle_folds(folds):
    random = np.random.default_rng(0)
    group = random.integers(0, 40, 500)
    fold = folds_of(group, folds=folds, seed=1)
    assert set(fold) == set(range(folds))
    assert all(len(set(fold[group == name])) == 1 for name in set(group))
    assert np.array_equal(fold, folds_of(group, folds=folds, seed=1))


def test_without_groups_copies_flatter_the_weakest_penalty():
    """Pairs of twins with random labels: only a split that keeps twins together sees that nothing can be learnt."""
    random = np.random.default_rng(0)
    single = random.normal(0, 1, (60, 80)).astype(np.float32)
    x, target = (
        np.repeat(single, 2, axis=0),
        np.eye(2, dtype=np.float32)[np.repeat(random.integers(0, 2, 60), 2)],
    )
    honest = fit_head(x, target, cross_entropy, group=np.repeat(np.arange(60), 2))
    fooled = fit_head(x, target, cross_entropy)
    assert fooled.strength < honest.strength
    assert min(fooled.losses.values()) < 0.65 < np.log(2) * 0.98 < min(honest.losses.values())


@pytest.mark.parametrize(
    ("n", "group"),
    [(1, None), (2, None), (5, None), (6, None), (30, np.zeros(30, np.int64)), (30, np.arange(30) // 15)],
    ids=["1", "2", "5", "6", "one group", "two groups"],
)
def test_very_little_to_learn_from_still_gives_a_head(n, group):
    x, _, target = clouds(n, 8, 2)
    regression = fit_head(x, target, cross_entropy, group=group)
    assert torch.isfinite(regression.head.weight).all() and torch.isfinite(regression.head.bias).all()
    assert all(np.isfinite(loss) for loss in regression.losses.values())
    assert bool(regression.losses) == (n >= 6 and (group is None or group.any()))


def test_a_fold_may_lack_a_class():
    """The only example of the third class is held out once."""
    x, label, _ = clouds(31, 8, 2)
    label = np.append(label[:-1], 2)
    regression = fit_head(x, np.eye(3, dtype=np.float32)[label], cross_entropy)
    assert all(np.isfinite(loss) for loss in regression.losses.values())


def test_one_class_only():
    x, _, _ = clouds(30, 8, 2)
    regression = fit_head(x, np.ones((30, 1), np.float32), cross_entropy)
    assert np.allclose(answers(regression.head, x), 1.0)


def test_same_seed_same_bits():
    x, _, target = clouds(100, 10, 3)
    one, two = (fit_head(x, target, cross_entropy, seed=4) for _ in range(2))
    assert torch.equal(one.head.weight, two.head.weight) and one.losses == two.losses


def test_folds_are_two_or_more():
    x, _, target = clouds(30, 8, 2)
    for folds in (1, 0, -2):
        with pytest.raises(UsageError, match=f"--folds is 2 or more; got {folds}"):
            fit_head(x, target, cross_entropy, folds=folds)
