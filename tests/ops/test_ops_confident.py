import numpy as np
import pytest

from vidi.ops.confident import (
    FILTERS,
    confident_joint,
    confident_labels,
    estimated_joint,
    joint_distribution,
    label_issues,
    lowest,
    noise_rates,
    normalised_margin,
    rounded_rows,
    self_confidence,
    share_wrong,
    thresholds,
)
from vidi.ops.reliability import check_probabilities


def drawn(n, classes, noise, seed):
    """A model that is often right, and labels of which a share is wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(classes, size=n)
    logits = 2.0 * np.eye(classes)[true] + rng.normal(size=(n, classes))
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = np.where(rng.random(n) < noise, (true + rng.integers(1, 3, size=n)) % classes, true)
    return probability, given


# cleanlab 2.9.0, with p, g = drawn(*case):
#     thresholds   count.get_confident_thresholds(g, p)
#     counts       count.compute_confident_joint(g, p, calibrate=False)
#     calibrated   count.compute_confident_joint(g, p)
#     the filters  np.flatnonzero(filter.find_label_issues(g, p, filter_by=name))
#     the ranks    filter.find_label_issues(g, p, return_indices_ranked_by=name)
#     margin       rank.get_label_quality_scores(g, p, method="normalized_margin")[:5]
CLEANLAB = {
    (60, 3, 0.2, 0): {
        "thresholds": [0.48252169948776213, 0.5667218793975294, 0.6480694654725756],
        "counts": [[10, 3, 1], [2, 14, 5], [2, 0, 9]],
        "calibrated": [[14, 4, 1], [2, 16, 6], [3, 0, 14]],
        "prune_by_noise_rate": "6 8 10 12 19 21 25 33 36 42 43 49 52 55 57",
        "prune_by_class": "6 7 8 10 12 19 21 25 33 36 42 43 49 52 57",
        "both": "6 8 10 12 19 21 25 33 36 42 43 49 52 57",
        "confident_learning": "6 10 12 19 21 25 33 36 42 49 52 55 57",
        "self_confidence": "19 57 52 42 25 33 21 6 36 12 43 49 10 8 55",
        "normalized_margin": "57 52 25 33 19 42 21 6 12 36 10 49 43 55 8",
        "margin": [
            0.867135517541234,
            0.8024122700639803,
            0.7337047119505805,
            0.8757792270842402,
            0.9110299364084149,
        ],
    },
    (200, 5, 0.15, 1): {
        "thresholds": [
            0.4667130181101009,
            0.5244415064353591,
            0.4334399059364616,
            0.4853957333662109,
            0.5311758963241425,
        ],
        "counts": [
            [22, 0, 0, 4, 5],
            [1, 17, 3, 0, 1],
            [4, 6, 23, 1, 1],
            [0, 0, 3, 19, 1],
            [0, 0, 4, 1, 23],
        ],
        "calibrated": [
            [30, 0, 0, 5, 7],
            [1, 25, 4, 0, 2],
            [5, 8, 30, 1, 2],
            [0, 0, 5, 30, 2],
            [0, 0, 6, 2, 35],
        ],
        "prune_by_noise_rate": (
            "8 11 13 16 23 27 29 34 37 42 43 47 59 60 62 80 87 89 90 94 100 105 109 120 121 123 129 137 "
            "145 148 149 152 154 157 158 159 162 173 181 184 185 186 188 192 195 197"
        ),
        "prune_by_class": (
            "1 11 13 16 23 27 34 37 42 43 47 48 59 62 63 66 72 78 80 87 89 90 94 100 104 105 109 118 "
            "120 121 123 129 137 145 148 149 152 154 157 158 162 167 170 173 181 185 186 188 192"
        ),
        "both": (
            "11 13 16 23 27 34 37 42 43 47 59 62 80 87 89 90 94 100 105 109 120 121 123 129 137 145 148 "
            "149 152 154 157 158 162 173 181 185 186 188 192"
        ),
        "confident_learning": (
            "8 11 13 16 23 27 29 34 37 42 43 47 62 80 89 90 94 100 105 109 121 123 137 145 148 149 152 "
            "158 159 162 173 181 184 186 188"
        ),
        "self_confidence": (
            "80 94 27 90 43 149 109 123 137 121 34 148 188 37 120 185 16 23 105 59 100 152 87 162 42 62 "
            "145 154 47 129 192 157 89 186 173 181 11 13 158 197 8 60 184 29 159 195"
        ),
        "normalized_margin": (
            "80 121 27 148 149 34 37 188 43 109 152 94 42 137 16 23 123 90 105 100 145 181 89 162 173 "
            "59 62 158 11 47 87 185 186 159 184 154 60 8 13 120 29 157 192 197 129 195"
        ),
        "margin": [
            0.8493961310130824,
            0.4031701420822223,
            0.6708012219020392,
            0.5760153761475776,
            0.7317081735995912,
        ],
    },
}


def numbers(text):
    return [int(word) for word in text.split()]


@pytest.mark.parametrize("case", CLEANLAB)
def test_it_is_cleanlabs(case):
    probability, given = drawn(*case)
    theirs, classes = CLEANLAB[case], case[1]
    threshold = thresholds(probability, given)
    np.testing.assert_allclose(threshold, theirs["thresholds"], rtol=1e-12)
    counts = confident_joint(confident_labels(probability, threshold), given, classes=classes)
    assert counts.tolist() == theirs["counts"]
    assert rounded_rows(estimated_joint(probability, given) * case[0]).tolist() == theirs["calibrated"]
    for name in FILTERS:
        assert np.flatnonzero(label_issues(probability, given, by=name)).tolist() == numbers(theirs[name])
    found = np.flatnonzero(label_issues(probability, given))
    for name, score in (("self_confidence", self_confidence), ("normalized_margin", normalised_margin)):
        assert found[np.argsort(score(probability, given)[found])].tolist() == numbers(theirs[name])
    np.testing.assert_allclose(normalised_margin(probability, given)[:5], theirs["margin"], rtol=1e-12)


def test_by_hand():
    """Two classes; the fourth example is labelled 0 and surely 1."""
    probability = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.1, 0.9], [0.2, 0.8], [0.4, 0.6]])
    given = np.array([0, 0, 0, 0, 1, 1])
    threshold = thresholds(probability, given)
    np.testing.assert_allclose(threshold, [(0.9 + 0.8 + 0.7 + 0.1) / 4, 0.7])
    assert confident_labels(probability, threshold).tolist() == [0, 0, 0, 1, 1, -1]
    joint = estimated_joint(probability, given)
    np.testing.assert_allclose(joint, np.array([[3, 1], [0, 2]]) / 6)
    for name in FILTERS:
        assert label_issues(probability, given, by=name).tolist() == [False] * 3 + [True] + [False] * 2
    rates = noise_rates(joint)
    np.testing.assert_allclose(rates.given_of_true, [[1, 1 / 3], [0, 2 / 3]])
    np.testing.assert_allclose(rates.true_of_given, [[3 / 4, 1 / 4], [0, 1]])
    assert rates.wrong == pytest.approx(1 / 6) == share_wrong(joint)
    np.testing.assert_allclose(self_confidence(probability, given), [0.9, 0.8, 0.7, 0.1, 0.8, 0.6])
    np.testing.assert_allclose(normalised_margin(probability, given), [0.9, 0.8, 0.7, 0.1, 0.8, 0.6])


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_order_of_rows_nor_the_names_of_classes_matter(seed):
    probability, given = drawn(300, 4, 0.2, seed)
    rng = np.random.default_rng(seed)
    rows, names = rng.permutation(300), rng.permutation(4)
    for by in FILTERS:
        found = label_issues(probability, given, by=by)
        assert (label_issues(probability[rows], given[rows], by=by) == found[rows]).all()
    joint = estimated_joint(probability, given)
    renamed = estimated_joint(probability[:, names], np.argsort(names)[given])
    np.testing.assert_allclose(renamed, joint[np.ix_(names, names)], atol=1e-12)


@pytest.mark.parametrize("by", FILTERS)
def test_exact_copies_are_judged_alike(by):
    probability, given = drawn(80, 3, 0.25, 5)
    found = label_issues(np.repeat(probability, 3, axis=0), np.repeat(given, 3), by=by)
    assert (found.reshape(80, 3) == found[::3, None]).all() and found.any()


def test_to_weigh_an_example_twice_is_to_have_it_twice():
    probability, given = drawn(100, 4, 0.2, 3)
    weight = np.random.default_rng(0).integers(0, 4, size=100)
    many = estimated_joint(np.repeat(probability, weight, axis=0), np.repeat(given, weight))
    np.testing.assert_allclose(
        estimated_joint(probability, given, weight.astype(float)), many, rtol=1e-12, atol=1e-15
    )


def test_with_certain_probabilities_the_planted_noise_is_found_exactly():
    rng = np.random.default_rng(0)
    true = rng.integers(4, size=400)
    wrong = rng.random(400) < 0.1
    given = np.where(wrong, (true + 1) % 4, true)
    probability = 0.97 * np.eye(4)[true] + 0.0075
    joint = estimated_joint(probability, given)
    assert share_wrong(joint) == pytest.approx(wrong.mean())
    np.testing.assert_allclose(joint, np.histogram2d(given, true, bins=4)[0] / 400)
    for by in ("prune_by_noise_rate", "confident_learning"):
        assert (label_issues(probability, given, by=by) == wrong).all()


def test_the_rates_are_shares():
    probability, given = drawn(500, 6, 0.2, 1)
    joint = estimated_joint(probability, given)
    rates = noise_rates(joint)
    assert joint.sum() == pytest.approx(1)
    np.testing.assert_allclose(joint.sum(axis=1), np.bincount(given) / 500)
    np.testing.assert_allclose(rates.given_of_true.sum(axis=0), 1)
    np.testing.assert_allclose(rates.true_of_given.sum(axis=1), 1)
    np.testing.assert_allclose(rates.true_of_given * joint.sum(axis=1, keepdims=True), joint)


def test_a_class_without_examples_claims_none():
    probability, given = drawn(120, 4, 0.2, 2)
    given[given == 3] = 0
    assert np.isinf(thresholds(probability, given)[3])
    joint = estimated_joint(probability, given)
    assert (joint[3] == 0).all() and (joint[:, 3] == 0).all() and joint.sum() == pytest.approx(1)
    assert (noise_rates(joint).true_of_given[3] == 0).all()
    for by in FILTERS:
        assert label_issues(probability, given, by=by).shape == (120,)


def test_a_model_that_knows_nothing_accuses_nobody():
    probability, given = np.full((30, 3), 1 / 3), np.arange(30) % 3
    for by in FILTERS[:3]:
        assert not label_issues(probability, given, by=by).any()


def test_no_examples_no_issues():
    for by in FILTERS:
        assert label_issues(np.zeros((0, 3)), np.zeros(0, dtype=np.int64), by=by).tolist() == []


def test_single_examples_are_kept():
    """The only example of class 2, of which the model thinks little."""
    probability = np.array([[0.9, 0.05, 0.05]] * 5 + [[0.05, 0.9, 0.05]] * 5 + [[0.9, 0.05, 0.05]])
    given = np.array([0] * 5 + [1] * 5 + [2])
    for by in FILTERS[:3]:
        assert not label_issues(probability, given, by=by).any()


def test_ties_at_the_cut_are_left():
    assert lowest(np.array([3.0, 1.0, 2.0, 2.0]), 2).tolist() == [False, True, False, False]
    assert lowest(np.array([3.0, 1.0, 2.0, 2.0]), 3).tolist() == [False, True, True, True]
    assert lowest(np.array([3.0, 1.0]), 0).tolist() == [False, False]
    assert lowest(np.array([3.0, 1.0]), 2).tolist() == [True, True]


@pytest.mark.parametrize("seed", range(5))
def test_rounding_keeps_the_sums_and_stays_near(seed):
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.ones(7), size=5)
    values = share * rng.integers(0, 60, size=(5, 1))
    whole = rounded_rows(values)
    np.testing.assert_array_equal(whole.sum(axis=1), np.rint(values.sum(axis=1)))
    assert (np.abs(whole - values) < 1).all()
    assert (rounded_rows(whole.astype(float)) == whole).all()


def test_of_equal_remainders_the_last_column_gets_the_one():
    assert rounded_rows(np.array([[1.5, 2.5, 0.0], [0.4, 0.4, 0.2]])).tolist() == [[1, 3, 0], [0, 1, 0]]


def test_the_joint_of_no_examples_is_nothing():
    assert (joint_distribution(np.eye(3), np.zeros(3)) == 0).all()


@pytest.mark.parametrize(
    ("probability", "given", "said"),
    [
        ([[np.nan, 1.0]], [0], "nan or infinity"),
        ([[2.0, -1.0]], [0], "sums to 1"),
        ([[3.0, 1.0]], [0], "softmax"),
        ([[0.5, 0.5]], [2], "column numbers, 0 to 1"),
        ([[0.5, 0.5]], [-1], "column numbers"),
        ([[0.5, 0.5]], [0, 1], "one label for each"),
    ],
)
def test_what_are_no_probabilities_or_labels_is_refused(probability, given, said):
    with pytest.raises(ValueError, match=said):
        check_probabilities(np.array(probability), np.array(given))


def test_labels_are_checked_first():
    with pytest.raises(ValueError, match="column numbers"):
        label_issues(np.full((1, 2), 0.5), np.array([2]))


def test_another_filter_is_refused():
    with pytest.raises(ValueError, match="prune_by_class"):
        label_issues(np.eye(2), np.array([0, 1]), by="prune")
