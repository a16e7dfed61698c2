"""Small cases one can count, and what happens at the edges."""

import math

import numpy as np
import pytest

from vidi.core.scores import Scores
from vidi.metrics import (
    accuracy,
    average_precision,
    balanced_accuracy,
    brier,
    exact_match,
    log_loss,
    per_class,
    top5,
)


def scores(truth, probability, labels="ab", **options):
    return Scores(
        np.array(truth), np.array(probability, dtype=float), tuple(labels), replicates=100, **options
    )


def test_nine_of_ten_with_wilsons_interval():
    right = np.eye(2)[[0] * 10]
    found = accuracy.measure(scores([0] * 9 + [1], right))[0]
    assert (found.value, found.n, found.method) == (0.9, 10, "Wilson")
    assert (found.low, found.high) == pytest.approx((0.5958500, 0.9821238), abs=1e-6)


def test_groups_widen_the_interval_where_their_examples_agree():
    truth, group = np.repeat([0, 1, 0, 0, 1, 0, 0, 0], 10), np.repeat(np.arange(8), 10)
    probability = np.eye(2)[np.zeros(80, dtype=int)]
    alone, grouped = (accuracy.measure(scores(truth, probability, group=g))[0] for g in (None, group))
    assert alone.value == grouped.value == 0.75 and "groups" in grouped.method
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)


def test_balanced_accuracy_counts_labels_alike():
    found = balanced_accuracy.measure(scores([0] * 8 + [1] * 2, np.eye(2)[[0] * 9 + [1]]))[0]
    assert found.value == 0.75
    found = balanced_accuracy.measure(scores([0] * 4, np.eye(3)[[0, 0, 0, 2]], "abc"))[0]
    assert found.value == 0.75 and "b, c" in found.note


def test_top5_wants_more_than_five_labels_and_takes_the_earlier_of_equals():
    assert top5.measure(scores([0], [[1, 0, 0, 0, 0]], "abcde")) == []
    found = top5.measure(scores([4, 5, 6], np.full((3, 7), 1 / 7), "abcdefg"))[0]
    assert found.value == pytest.approx(1 / 3)


def test_per_class_says_what_each_number_stands_on():
    found = {
        (m.name, m.of): m for m in per_class.measure(scores([0, 0, 0, 1], np.eye(3)[[0, 0, 1, 1]], "abc"))
    }
    assert found["precision", "a"].value == 1 and found["precision", "a"].n == 2
    assert found["recall", "a"].value == pytest.approx(2 / 3) and found["recall", "a"].n == 3
    assert found["precision", "b"].value == 0.5 and found["F1", "b"].value == pytest.approx(2 / 3)
    for name in ("precision", "recall", "F1"):
        assert math.isnan(found[name, "c"].value) and "undefined" in found[name, "c"].note
        assert "2 of the 3 labels" in found[name, ""].note
    assert found["recall", ""].value == pytest.approx((2 / 3 + 1) / 2)


def test_a_label_that_is_said_but_never_true_has_precision_zero_and_no_recall():
    found = {(m.name, m.of): m for m in per_class.measure(scores([0, 0], np.eye(2)[[0, 1]]))}
    assert found["precision", "b"].value == 0 and math.isnan(found["F1", "b"].value)


def test_log_loss_in_nats_and_a_sure_mistake_is_counted():
    assert log_loss.measure(scores([0, 1], [[0.5, 0.5]] * 2))[0].value == pytest.approx(math.log(2))
    found = log_loss.measure(scores([0, 1], [[0, 1], [0, 1]]))[0]
    assert found.value == pytest.approx(-math.log(1e-15) / 2) and found.note.startswith("1 probabilities")


def test_brier_is_the_sum_over_labels_for_one_label_and_the_mean_for_several():
    assert brier.measure(scores([0], [[0, 1]]))[0].value == 2
    assert brier.measure(scores([[True, False]], [[0, 1]]))[0].value == 1
    assert brier.measure(scores([0, 0], [[0.6, 0.4]] * 2))[0].value == pytest.approx(0.32)


def test_average_precision_by_hand():
    truth = np.array([[True], [False], [True], [False]])
    found = average_precision.measure(scores(truth, [[0.9], [0.8], [0.7], [0.1]], "a"))
    assert found[0].value == found[1].value == pytest.approx((1 + 2 / 3) / 2)
    tied = average_precision.measure(scores(truth, [[0.5]] * 4, "a"))
    assert tied[0].value == 0.5


def test_exact_match_wants_every_label():
    truth = [[True, True], [False, False], [True, False]]
    found = exact_match.measure(scores(truth, [[0.9, 0.5], [0.1, 0.2], [0.9, 0.6]]))[0]
    assert found.value == pytest.approx(2 / 3)
