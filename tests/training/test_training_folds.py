"""Every example is asked about by a probe that never saw it, its group or its label."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from vidi.core.errors import UsageError
from vidi.training.folds import out_of_fold, stratified_folds


def clouds(n=120, d=6, classes=3, apart=3.0, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(classes, size=n)
    return (apart * np.eye(d)[label] + rng.normal(size=(n, d))).astype(np.float32), label


@pytest.mark.parametrize("folds", [2, 3, 5])
@pytest.mark.parametrize("n", [9, 50, 200])
def test_without_groups_every_label_is_dealt_out_evenly(folds, n):
    label = np.random.default_rng(n).choice(4, size=n, p=[0.6, 0.2, 0.15, 0.05])
    fold = stratified_folds(label, folds=folds, seed=1)
    counts = np.histogram2d(fold, label, bins=(np.arange(folds + 1), np.arange(5)))[0]
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()
    assert np.ptp(counts.sum(axis=1)) <= 1


@pytest.mark.parametrize("folds", [2, 5])
def test_groups_stay_together_and_labels_are_near_their_share(folds):
    rng = np.random.default_rng(0)
    group = rng.integers(150, size=900)
    label = rng.choice(3, size=900, p=[0.7, 0.2, 0.1])
    fold = stratified_folds(label, folds=folds, seed=1, group=group)
    assert all(len(set(fold[group == name])) == 1 for name in set(group))
    counts = np.histogram2d(fold, label, bins=(np.arange(folds + 1), np.arange(4)))[0]
    wanted = np.bincount(label) / folds
    assert (np.abs(counts - wanted) <= np.maximum(0.1 * wanted, 3)).all()


def test_groups_of_one_label_are_shared_out_by_label():
    """Twelve groups of five, four groups for each label: two of each in either fold."""
    group = np.repeat(np.arange(12), 5)
    fold = stratified_folds(group // 4, folds=2, seed=0, group=group)
    assert np.histogram2d(fold, group // 4, bins=(2, 3))[0].tolist() == [[10.0] * 3] * 2


def test_the_seed_decides_and_names_of_groups_need_not_be_numbers():
    label = np.arange(60) % 3
    group = np.array([f"patient {number // 4}" for number in range(60)])
    one, same, other = (stratified_folds(label, folds=3, seed=seed, group=group) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()
    alone = [stratified_folds(label, folds=3, seed=seed) for seed in (1, 1, 2)]
    assert (alone[0] == alone[1]).all() and (alone[0] != alone[2]).any()


def test_groups_of_one_are_no_groups():
    label = np.arange(40) % 3
    fold = stratified_folds(label, folds=4, seed=0, group=np.arange(40)[::-1])
    assert (fold == stratified_folds(label, folds=4, seed=0)).all()


def test_it_is_scikit_learns_fold_by_fold():
    features, label = clouds()
    fold = stratified_folds(label, folds=4, seed=3)
    ours = out_of_fold(features, label, classes=3, folds=4, seed=3, strengths=(10.0,))
    for number in range(4):
        inside = fold != number
        mean, deviation = features[inside].mean(0), features[inside].std(0)
        theirs = LogisticRegression(C=6 / (inside.sum() * 10.0), tol=1e-8, max_iter=5000)
        theirs.fit((features[inside] - mean) / deviation, label[inside])
        said = theirs.predict_proba((features[~inside] - mean) / deviation)
        np.testing.assert_allclose(ours[~inside], said, atol=2e-3)


def test_rows_are_probabilities_and_say_what_is_there():
    features, label = clouds()
    probability = out_of_fold(features, label, classes=3)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert (probability.argmax(axis=1) == label).mean() > 0.9


def test_an_examples_own_label_has_no_say():
    """Labels by lot: in sample a probe with 40 features of 60 examples would know most of them."""
    rng = np.random.default_rng(0)
    features, label = rng.normal(size=(60, 40)).astype(np.float32), rng.integers(2, size=60)
    probability = out_of_fold(features, label, classes=2, strengths=(1.0,))
    assert abs((probability.argmax(axis=1) == label).mean() - 0.5) < 0.2


def test_a_twin_has_a_say_unless_it_is_in_the_group():
    rng = np.random.default_rng(0)
    single = rng.normal(size=(40, 60)).astype(np.float32)
    features, label = np.repeat(single, 2, axis=0), np.repeat(rng.integers(2, size=40), 2)
    fooled = out_of_fold(features, label, classes=2, strengths=(1.0,))
    honest = out_of_fold(features, label, classes=2, group=np.repeat(np.arange(40), 2), strengths=(1.0,))
    assert (fooled.argmax(axis=1) == label).mean() > 0.8 > 0.7 > (honest.argmax(axis=1) == label).mean()


@pytest.mark.slow
def test_a_label_without_examples_is_never_likely():
    features, label = clouds()
    probability = out_of_fold(features, label, classes=4)
    assert probability.shape == (120, 4) and probability[:, 3].max() < 0.2


def test_fewer_groups_than_folds_are_as_many_folds():
    features, label = clouds(30)
    probability = out_of_fold(features, label, classes=3, group=np.arange(30) % 2)
    assert np.isfinite(probability).all()


def test_nothing_can_be_held_out_of_one_group():
    features, label = clouds(10)
    with pytest.raises(ValueError, match="two examples"):
        out_of_fold(features, label, classes=3, group=np.zeros(10, dtype=np.int64))
    with pytest.raises(UsageError, match="--folds is 2 or more; got 1"):
        stratified_folds(label, folds=1, seed=0)
