"""An example of each sort of error: by hand, one of each."""

import numpy as np
import pytest

from drawn_objects import detected, right_and_sure
from vidi.ops.detected import Detected, gathered
from vidi.ops.detection_errors import MISSED, SORTS, errors_of
from vidi.ops.example_errors import examples, kept

TRUE = [[0.0, 0, 20, 20], [30, 0, 50, 20], [60, 0, 80, 20], [0, 30, 20, 50], [30, 30, 90, 90]]
FOUND = {  # box, label, score
    "right": ([0.0, 0, 20, 20], 0, 0.9),
    "duplicate": ([1.0, 0, 20, 20], 0, 0.8),
    "class": ([30.0, 0, 50, 20], 1, 0.7),
    "localisation": ([60.0, 0, 80, 8], 0, 0.6),
    "both": ([0.0, 30, 20, 38], 1, 0.5),
    "background": ([200.0, 200, 220, 220], 0, 0.4),
    "weak": ([210.0, 210, 230, 230], 0, 0.2),
}


def by_hand():
    boxes, labels, scores = (np.array(column) for column in zip(*FOUND.values(), strict=True))
    truth = gathered([np.array(TRUE)], [np.zeros(5, int)])
    return Detected(truth, gathered([boxes], [labels], scores=[scores]), 1, ("a", "b"), replicates=10)


def test_one_of_each_sort_by_hand():
    found = {each.sort: each for each in examples(kept(by_hand(), 0.3))}
    assert list(found) == [*SORTS, MISSED]
    names = list(FOUND)
    assert {sort: names[each.found] for sort, each in found.items() if each.found is not None} == {
        sort: sort for sort in SORTS
    }
    true = {sort: each.true for sort, each in found.items()}
    assert true == {"class": 1, "localisation": 2, "both": 3, "duplicate": 0, "background": None, MISSED: 4}
    assert found["localisation"].overlap == pytest.approx(0.4) and found["class"].overlap == 1


def test_the_surest_is_shown_and_counts_are_those_of_the_errors():
    drawn = kept(detected(20, seed=5), 0.3)
    errors = errors_of(drawn)
    for each in examples(drawn):
        if each.sort == MISSED:
            assert each.count == errors.missed.sum()
            continue
        assert each.count == (errors.sort == SORTS.index(each.sort)).sum()
        assert drawn.found.image[each.found] == each.image
        assert each.true is None or drawn.truth.image[each.true] == each.image


def test_a_model_that_is_right_has_no_examples():
    assert not list(examples(right_and_sure(detected(10, seed=2))))
