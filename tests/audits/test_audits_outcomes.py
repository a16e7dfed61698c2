"""Outcomes by hand at two thresholds, who bears the losses, units, and what is refused."""

import numpy as np
import pytest

from vidi.audits.outcomes import audit
from vidi.core.answers import Answers
from vidi.core.errors import UsageError

SCORE = np.array([0.1, 0.6, 0.7, 0.9, 0.2, 0.4, 0.8, 0.3])
TRUTH = np.array([0, 0, 1, 1, 0, 0, 1, 1])
SEX = np.array(list("ffffmmmm"), dtype=object)


def answers(**changes):
    given = {"truth": TRUTH, "prediction": (SCORE >= 0.5).astype(np.int64), "labels": ("stay", "go")}
    return Answers(**(given | {"attributes": {"sex": SEX}} | changes))


def values(found, at=0):
    return {
        (of, key): (number.value, number.n)
        for of, _, numbers in found.allocations[at].groups
        for key, number in numbers.items()
    }


def test_by_hand_the_good_outcome_is_not_the_positive_label():
    found = audit(
        answers(), by=["sex"], good="stay", positive="go", score=SCORE, thresholds=[0.5, 0.15], smallest=1
    )
    told = values(found)
    assert told["all", "selection_rate"] == (0.5, 8)  # 0.1, 0.2, 0.4 and 0.3 are not called
    assert told["sex=f", "selection_rate"] == (0.25, 4) and told["sex=m", "selection_rate"] == (0.75, 4)
    assert told["sex=f", "good_outcomes_lost"] == (0.5, 2) and told["sex=m", "good_outcomes_lost"] == (0, 2)
    assert told["sex=m", "good_outcomes_undeserved"] == (0.5, 2)
    assert values(found, 1)["all", "selection_rate"] == (1 / 8, 8)
    assert [each.threshold for each in found.allocations] == [0.5, 0.15] and found.at == 0.5
    burden = {of: (lost, deserved) for of, lost, deserved in found.allocations[0].burden}
    assert burden == {"sex=f": (1.0, 0.5), "sex=m": (0.0, 0.5)}
    lost = found.allocations[0].gap("good_outcomes_lost", "sex")
    assert lost.value == 0.5 and lost.note == "sex=f 0.500, sex=m 0.000" and lost.low == 0
    assert any("luck could make that" in said for said in found.sentences)


def test_without_thresholds_the_answers_stand_and_are_those_at_their_threshold():
    plain = audit(answers(), by=["sex"], good="go", smallest=1)
    cut = audit(answers(), by=["sex"], good="go", score=SCORE, thresholds=[0.5], smallest=1)
    assert plain.at is None and values(plain) == values(cut)


def test_a_lower_threshold_gives_to_more():
    cuts = [0.9, 0.6, 0.3, 0.0]
    found = audit(answers(), by=["sex"], good="go", score=SCORE, thresholds=cuts, smallest=1)
    shares = [values(found, place)["all", "selection_rate"][0] for place in range(4)]
    assert shares == sorted(shares) and shares[-1] == 1


def test_units_are_drawn_whole():
    rng = np.random.default_rng(0)
    truth, wrong, sex = rng.integers(2, size=300), rng.random(300) < 0.2, rng.choice(["f", "m"], 300)
    single = Answers(truth, np.where(wrong, 1 - truth, truth), ("n", "y"), {"sex": sex.astype(object)})
    five = Answers(
        *(np.repeat(each, 5) for each in (single.truth, single.prediction)),
        single.labels,
        {"sex": np.repeat(single.attributes["sex"], 5)},
        group=np.repeat(np.arange(300), 5),
    )
    one, whole = (
        audit(each, by=["sex"], good="y").allocations[0].groups[0][2]["good_outcomes_lost"]
        for each in (single, five)
    )
    assert one.value == whole.value
    assert whole.high - whole.low == pytest.approx(one.high - one.low, rel=0.25)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"good": "staying"}, "--good wants a label; 'staying' is none of stay, go; did you mean stay?"),
        ({"thresholds": [0.5]}, "--threshold wants scores to cut"),
        ({"thresholds": [0.5], "score": np.full(8, np.nan)}, "a score is a number for every example"),
        ({"thresholds": [n / 50 for n in range(21)], "score": SCORE}, "20 at most"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, sentence):
    with pytest.raises(UsageError) as caught:
        audit(answers(), **({"by": ["sex"], "good": "go"} | options))
    assert sentence in str(caught.value)
