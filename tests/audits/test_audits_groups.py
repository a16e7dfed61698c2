"""Groups by hand, their sums, missing values, small groups, units; nothing depends on the order of rows."""

from dataclasses import replace

import numpy as np
import pytest

from vidi.audits.groups import audit
from vidi.core.answers import Answers
from vidi.core.errors import UsageError


def answers_of(n=2000, *, seed=0, drop=0.0, labels=("no", "yes"), probability=False):
    """Two attributes; examples with sex=f are answered wrong `drop` more often."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(len(labels), size=n)
    sex, age = rng.choice(["f", "m"], n), rng.choice(["old", "young"], n)
    wrong = rng.random(n) < 0.1 + drop * (sex == "f")
    prediction = np.where(wrong, (truth + 1) % len(labels), truth)
    given = None
    if probability:
        given = np.full((n, len(labels)), 0.1 / (len(labels) - 1))
        given[np.arange(n), prediction] = 0.9
    attributes = {"sex": sex.astype(object), "age": age.astype(object)}
    return Answers(truth, prediction, labels, attributes, given, where="drawn")


def test_by_hand():
    truth, prediction = np.array([1, 1, 0, 0, 1, 0]), np.array([1, 0, 0, 1, 1, 0])
    sex = np.array(["f", "f", "f", "f", "m", "m"], dtype=object)
    found = audit(Answers(truth, prediction, ("no", "yes"), {"sex": sex}), by=["sex"], smallest=1)
    values = {(m.name, m.of): (m.value, m.n) for m in found.measured}
    assert found.positive == "yes"
    assert values["accuracy", "all"] == (pytest.approx(4 / 6), 6)
    assert values["accuracy", "sex=f"] == (0.5, 4) and values["accuracy", "sex=m"] == (1.0, 2)
    assert values["true positive rate", "sex=f"] == (0.5, 2) and values["true positive rate", "sex=m"] == (
        1.0,
        1,
    )
    assert values["false positive rate", "sex=f"] == (0.5, 2)
    assert values["positive predictive value", "sex=f"] == (0.5, 2)
    assert values["selection rate", "sex=m"] == (0.5, 2)
    assert values["gap(accuracy, sex)", "all"] == (0.5, 6) and values["ratio(accuracy, sex)", "all"] == (
        0.5,
        6,
    )
    assert values["worst(accuracy, sex)", "all"] == (0.5, 6)
    assert values["worst(false positive rate, sex)", "all"] == (0.5, 6)  # the largest is the worst
    assert ("worst(selection rate, sex)", "all") not in values


def test_the_worst_error_rate_is_one_minus_the_worst_of_what_is_right():
    answers = answers_of(drop=0.2)
    flipped = replace(answers, truth=1 - answers.truth, prediction=1 - answers.prediction)
    found = audit(answers, by=["sex"], positive="yes").find("worst(false positive rate, sex)")
    right = audit(flipped, by=["sex"], positive="yes").find("worst(true positive rate, sex)")
    np.testing.assert_allclose(
        [found.value, found.low, found.high], [1 - right.value, 1 - right.high, 1 - right.low]
    )


def test_marginals_are_sums_of_intersections():
    found = audit(answers_of(), by=["sex", "age"])
    for name in ("f", "m"):
        whole = found.find("accuracy", f"sex={name}")
        parts = [found.find("accuracy", f"sex={name}, age={age}") for age in ("old", "young")]
        assert whole.n == sum(part.n for part in parts)
        assert whole.value * whole.n == pytest.approx(sum(part.value * part.n for part in parts))


def test_the_order_of_rows_and_of_levels_does_not_matter():
    answers = answers_of(300, probability=True)
    order = np.random.default_rng(1).permutation(300)
    turned = replace(
        answers,
        truth=answers.truth[order],
        prediction=answers.prediction[order],
        probability=answers.probability[order],
        attributes={name: values[order] for name, values in answers.attributes.items()},
    )
    one, other = (audit(each, by=["sex", "age"]) for each in (answers, turned))
    for a, b in zip(one.measured, other.measured, strict=True):
        assert (a.name, a.of, a.n) == (b.name, b.of, b.n)
        np.testing.assert_allclose([a.value, a.low, a.high], [b.value, b.low, b.high], atol=1e-9)


def test_missing_values_are_a_group_of_their_own():
    answers = answers_of(400)
    sex = answers.attributes["sex"].copy()
    sex[:50] = None
    found = audit(replace(answers, attributes={"sex": sex}), by=["sex"])
    assert found.find("accuracy", "sex=not stated").n == 50


def test_small_groups_are_named_and_have_no_rates():
    answers = answers_of(400)
    sex = answers.attributes["sex"].copy()
    sex[:3] = "x"
    found = audit(replace(answers, attributes={"sex": sex}), by=["sex"], smallest=10)
    assert found.small == (("sex=x", 3),) and found.find("accuracy", "sex=x") is None
    assert any("1 groups of fewer than 10 examples" in said for said in found.sentences)


def test_units_are_drawn_whole():
    """Every example five times over, as units of five: the interval is that of the single examples, not narrower."""
    answers = answers_of(300)
    single = audit(answers, by=["sex"]).find("accuracy", "sex=f")
    five = Answers(
        *(np.repeat(column, 5) for column in (answers.truth, answers.prediction)),
        answers.labels,
        {"sex": np.repeat(answers.attributes["sex"], 5)},
        group=np.repeat(np.arange(300), 5),
    )
    whole = audit(five, by=["sex"]).find("accuracy", "sex=f")
    assert whole.value == pytest.approx(single.value)
    assert whole.high - whole.low == pytest.approx(single.high - single.low, rel=0.2)


def test_overconfidence_is_confidence_minus_accuracy():
    answers = answers_of(probability=True)
    found = audit(answers, by=["sex"]).find("overconfidence", "all")
    assert (
        found.value == pytest.approx(0.9 - answers.correct.mean()) and found.low <= found.value <= found.high
    )
    assert audit(answers_of(), by=["sex"]).find("overconfidence", "all") is None


def test_all_predictions_equal():
    answers = answers_of(200)
    found = audit(replace(answers, prediction=np.zeros(200, np.int64)), by=["sex"])
    assert found.find("selection rate").value == 0
    undefined = found.find("positive predictive value")
    assert np.isnan(undefined.value) and undefined.n == 0
    assert any("nothing to divide by" in said for said in found.sentences)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"by": ["height"]}, "has no attribute 'height'; there are sex, age"),
        ({"by": []}, "by"),
        ({"by": ["sex", "sex"]}, "names each attribute once"),
        ({"by": ["sex"], "positive": "maybe"}, "'maybe' is none of no, yes"),
        ({"by": ["sex"], "smallest": 0}, "smallest group"),
    ],
)
def test_what_cannot_be_audited_is_refused(options, sentence):
    with pytest.raises(UsageError) as caught:
        audit(answers_of(50), **options)
    assert sentence in str(caught.value)


def test_a_thousand_levels_are_refused_with_advice():
    answers = answers_of(1000)
    weight = np.arange(1000).astype(str).astype(object)
    with pytest.raises(UsageError, match="put them into bins"):
        audit(replace(answers, attributes={"weight": weight}), by=["weight"])
