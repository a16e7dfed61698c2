"""Simpson's paradox by hand, totals that differ, and what nothing depends on."""

from dataclasses import replace

import numpy as np
import pytest

from vidi.audits import groups
from vidi.audits.marginals import audit, standardised
from vidi.core.answers import Answers
from vidi.core.measured import Measured

# Charig et al. 1986, BMJ 292, 879-882, as Julious & Mullee 1994 tell it: successes and patients, ten times over.
STONES = {("open", "small"): (81, 87), ("open", "large"): (192, 263)}
STONES |= {("closed", "small"): (234, 270), ("closed", "large"): (55, 80)}


def stones(times):
    rows = [
        (way, size, right)
        for (way, size), (k, n) in STONES.items()
        for right in [1] * (k * times) + [0] * ((n - k) * times)
    ]
    way, size, right = (np.array(column, dtype=object) for column in zip(*rows, strict=True))
    truth = np.ones(len(rows), dtype=np.int64)
    return Answers(truth, right.astype(np.int64), ("no", "yes"), {"treatment": way, "stone": size})


def test_kidney_stones():
    (found,) = audit(stones(10), by=["treatment", "stone"]).reversals
    assert (found.better, found.worse, found.within) == ("treatment=closed", "treatment=open", "stone")
    assert found.total.value == pytest.approx(289 / 350 - 273 / 350)
    small, large = 357 / 700, 343 / 700
    expected = small * (234 / 270 - 81 / 87) + large * (55 / 80 - 192 / 263)
    assert found.standardised.value == pytest.approx(expected)
    assert "less often when the levels of stone are weighted alike" in found.sentence
    assert audit(stones(1), by=["treatment", "stone"]).reversals == ()  # too few to tell


def test_the_order_of_rows_and_of_attributes_does_not_matter():
    answers = stones(10)
    order = np.random.default_rng(0).permutation(len(answers))
    turned = replace(
        answers,
        truth=answers.truth[order],
        prediction=answers.prediction[order],
        attributes={name: values[order] for name, values in answers.attributes.items()},
    )
    one = audit(answers, by=["treatment", "stone"])
    assert one == audit(turned, by=["treatment", "stone"]) == audit(answers, by=["stone", "treatment"])


def test_equal_parts_have_no_difference_and_exchanging_groups_changes_its_sign():
    k, n = np.array([[9, 20], [9, 20]]), np.array([[10, 40], [10, 40]])
    assert standardised(k, n).value == 0
    k[0, 1] = 30
    one, other = standardised(k, n), standardised(k[::-1], n[::-1])
    assert (one.value, one.low) == (pytest.approx(-other.value), pytest.approx(-other.high))


def test_totals_that_do_not_follow_from_their_cells_are_named():
    answers = stones(1)
    told = groups.audit(answers, by=["treatment", "stone"]).measured
    found = audit(answers, by=["treatment", "stone"], stated=told)
    assert found.checked == 9 and found.differ == ()
    wrong = Measured("accuracy", 0.9, 0.8, 1.0, 700, "elsewhere", of="all")
    (said,) = audit(answers, by=["stone"], stated=[wrong]).differ
    assert said == "the accuracy of all is stated as 0.9 of 700, and its cells add up to 0.8029 of 700"
