"""Planted wrong labels are found, right ones left alone, and the estimated share has an interval that holds it."""

import math

import numpy as np
import pytest

from vidi.audits.label_errors import audit, estimated_share, judged, named, sentence

LABELS = ("ant", "bee", "cat", "dog")


def planted(n=400, noise=0.1, apart=5.0, seed=0, d=8):
    """Clouds of features; a share of labels is another than the cloud's."""
    rng = np.random.default_rng(seed)
    true = rng.integers(4, size=n)
    features = (apart * np.eye(d)[true] + rng.normal(size=(n, d))).astype(np.float32)
    wrong = rng.random(n) < noise
    given = np.where(wrong, (true + rng.integers(1, 4, size=n)) % 4, true)
    return features, given, true, wrong


def ids(n):
    return np.array([f"image {number:04d}" for number in range(n)])


@pytest.mark.slow
def test_planted_errors_are_found_with_their_true_labels():
    features, given, true, wrong = planted()
    found = audit(features, given, labels=LABELS, ids=ids(400))
    rows = np.array([int(suspect.id.split()[1]) for suspect in found.suspects])
    assert wrong[rows].mean() > 0.9 and wrong[rows].sum() / wrong.sum() > 0.9
    said = dict(zip(rows.tolist(), found.suspects, strict=True))
    for row in np.flatnonzero(wrong & np.isin(np.arange(400), rows)).tolist():
        assert said[row].given == LABELS[given[row]] and said[row].suggested == LABELS[true[row]]
    scores = [suspect.score for suspect in found.suspects]
    assert scores == sorted(scores) and scores[0] >= 0 and all(s.margin < 0.5 for s in found.suspects)


@pytest.mark.slow
def test_where_nothing_is_wrong_next_to_nothing_is_suspected():
    accused = []
    for seed in range(3):
        features, given, _, _ = planted(noise=0.0, seed=seed)
        found = audit(features, given, labels=LABELS, ids=ids(400), replicates=20, seed=seed)
        accused.append(len(found.suspects) / 400)
        assert found.share.value < 0.01
    assert np.mean(accused) < 0.005


@pytest.mark.slow
def test_the_share_is_estimated_with_its_interval_and_said():
    features, given, _, wrong = planted(800, noise=0.15)
    found = audit(features, given, labels=LABELS, ids=ids(800))
    share = found.share
    assert share.low <= wrong.mean() <= share.high and share.low < share.value < share.high
    assert share.n == 800 and share.method.startswith("bootstrap over examples") and "probe" in share.note
    assert found.rates.wrong == share.value
    assert f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%}) of 800 labels" in found.sentence
    assert f"{len(found.suspects):,} are named" in found.sentence


@pytest.mark.slow
def test_the_interval_covers_the_planted_rate():
    """Probabilities of a model that is nearly always sure: what is left is which labels were drawn wrong."""
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        true = rng.integers(4, size=500)
        given = np.where(rng.random(500) < 0.12, (true + rng.integers(1, 4, size=500)) % 4, true)
        probability = 0.9 * np.eye(4)[true] + 0.1 * rng.dirichlet(np.ones(4), size=500)
        share = estimated_share(probability, given, seed=seed)
        covered += share.low <= 0.12 <= share.high
    assert 0.9 <= covered / 200 <= 0.985


def test_a_weak_probes_own_mistakes_count_too_and_that_is_said():
    """Clouds that overlap, and not one wrong label: the estimate is far above 0, and so is its interval."""
    features, given, _, _ = planted(noise=0.0, apart=1.5)
    found = audit(features, given, labels=LABELS, ids=ids(400), replicates=30)
    assert found.share.low > 0.05
    assert "probably lower" in found.share.note and "or far fewer" in found.sentence
    agreement = float(found.sentence.split("agrees with ")[1].split("%")[0])
    assert 60 < agreement < 95


@pytest.mark.slow
@pytest.mark.parametrize("group", [None, np.arange(200) // 5], ids=["alone", "groups"])
def test_neither_the_order_of_rows_nor_the_chance_of_the_day_matters(group):
    features, given, _, _ = planted(200)
    order = np.random.default_rng(3).permutation(200)
    one = audit(features, given, labels=LABELS, ids=ids(200), group=group, replicates=30)
    other = audit(
        features[order],
        given[order],
        labels=LABELS,
        ids=ids(200)[order],
        group=None if group is None else group[order],
        replicates=30,
    )
    assert one.suspects == other.suspects and one.share == other.share and one.sentence == other.sentence


def test_groups_are_drawn_whole_and_widen_the_interval():
    """Whole groups of ten are labelled wrong, or none of a group."""
    rng = np.random.default_rng(0)
    true = rng.integers(4, size=600)
    group = np.arange(600) // 10
    given = np.where((rng.random(60) < 0.15)[group], (true + 1) % 4, true)
    probability = 0.97 * np.eye(4)[true] + 0.0075
    alone = estimated_share(probability, given)
    together = estimated_share(probability, given, group=group)
    assert alone.value == together.value and "groups" in together.method
    assert together.high - together.low > 2 * (alone.high - alone.low)


@pytest.mark.slow
def test_a_label_with_one_example_is_not_judged_and_that_is_said():
    features, given, _, _ = planted(100, noise=0.0)
    given[given == 3] = 2
    given[0] = 3
    found = audit(features, given, labels=LABELS, ids=ids(100), replicates=20)
    assert found.unjudged == ("dog",) and "Not judged, for want of examples: dog." in found.sentence
    assert found.share.n == 99 and all(suspect.given != "dog" for suspect in found.suspects)
    group = np.where(given == 1, 1000, np.arange(100))
    assert audit(features, given, labels=LABELS, ids=ids(100), group=group, replicates=20).unjudged == (
        "bee",
        "dog",
    )


def test_another_models_probabilities_will_do():
    probability = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.1, 0.9], [0.2, 0.8], [0.4, 0.6]])
    found = judged(probability, np.array([0, 0, 0, 0, 1, 1]), labels=("ant", "bee"), ids=ids(6))
    (suspect,) = found.suspects
    assert (suspect.id, suspect.given, suspect.suggested) == ("image 0003", "ant", "bee")
    assert suspect.score == pytest.approx(0.1) == suspect.margin and found.share.value == pytest.approx(1 / 6)


def test_no_error_at_all_is_not_known_exactly():
    probability = 0.9 * np.eye(2)[np.arange(50) % 2] + 0.05
    share = estimated_share(probability, np.arange(50) % 2)
    assert share.value == share.low == 0 and 0.05 < share.high < 0.1 and share.method.startswith("Wilson")


def test_suspects_are_counted_in_words():
    assert named(0) == "None is named as a suspect."
    assert named(1).startswith("One is named") and named(1200).startswith("1,200 are named")


def test_of_no_examples_nothing_is_said():
    found = judged(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), labels=("ant", "bee"), ids=ids(0))
    assert found.suspects == () and math.isnan(found.share.value) and math.isnan(found.share.low)
    assert found.sentence == sentence(found.share, 0, (), agreement=0.0) == "No label could be judged."


def test_ids_that_come_again_and_broken_features_are_refused():
    features, given, _, _ = planted(20)
    with pytest.raises(ValueError, match="1 of 20 come again"):
        audit(features, given, labels=LABELS, ids=np.array([*range(19), 0]))
    features[3, 2] = np.nan
    with pytest.raises(ValueError, match="nan or infinite"):
        audit(features, given, labels=LABELS, ids=ids(20))
