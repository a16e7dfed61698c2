"""The language of --require: what it means, that it survives its own spelling, and what it says to mistakes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.core.errors import UsageError
from vidi.core.measured import Claim, Measured, Verdict
from vidi.core.requirement import FUNCTIONS, LONGEST, Requirement, known, parse

BY_HAND = {
    "accuracy >= 0.9": Requirement("", "accuracy", (), True, 0.9),
    "gap(accuracy, sex) <= 0.05": Requirement("gap", "accuracy", ("sex",), False, 0.05),
    "gap(accuracy, sex, skin) <= 5 %": Requirement("gap", "accuracy", ("sex", "skin"), False, 0.05),
    "ratio(selection rate, race) >= 0.8": Requirement("ratio", "selection rate", ("race",), True, 0.8),
    "worst(recall, class)>=.5": Requirement("worst", "recall", ("class",), True, 0.5),
    "under(accuracy, gaussian_noise) >= 0.6": Requirement(
        "under", "accuracy", ("gaussian_noise",), True, 0.6
    ),
    "UNDER( accuracy,gaussian_noise , 3 ) ≥ 6e-1": Requirement(
        "under", "accuracy", ("gaussian_noise",), True, 0.6, severity=3
    ),
    'worst("calibration error, equal width", "skin (Fitzpatrick)") <= 0.1': Requirement(
        "worst", "calibration error, equal width", ("skin (Fitzpatrick)",), False, 0.1
    ),
    "top-5 accuracy >= 99%": Requirement("", "top-5 accuracy", (), True, 0.99),
    "gap >= -1": Requirement("", "gap", (), True, -1.0),
}


@pytest.mark.parametrize("text", BY_HAND)
def test_by_hand(text):
    assert parse(text) == BY_HAND[text] and parse(text).text == text


def test_spaces_and_underscores_are_one_in_a_metric_but_not_in_an_attribute():
    assert parse("true_positive_rate >= 0") == parse("true  positive rate >= 0.0")
    assert parse("gap(f1, skin_tone) <= 1") != parse("gap(f1, skin tone) <= 1")


def test_in_quotes_nothing_changes():
    assert parse('"true_positive_rate" >= 0').metric == "true_positive_rate"


NAMES = st.text(st.characters(exclude_characters='"'), min_size=1, max_size=12).filter(
    lambda name: name.strip()
)


@given(
    function=st.sampled_from(["", *FUNCTIONS]),
    metric=NAMES,
    arguments=st.lists(NAMES, min_size=1, max_size=3),
    at_least=st.booleans(),
    bound=st.floats(allow_nan=False, allow_infinity=False),
    severity=st.none() | st.integers(1, 5),
)
def test_whatever_can_be_demanded_can_be_written_and_read_again(
    function, metric, arguments, at_least, bound, severity
):
    arguments = tuple(arguments) if function else ()
    if function == "under":
        arguments = arguments[:1]
    wanted = Requirement(
        function, metric, arguments, at_least, bound, severity if function == "under" else None
    )
    assert parse(str(wanted)) == wanted


@given(st.text(max_size=60) | st.text(alphabet='abc_ (),"<>=≥.0123456789e-%', max_size=60))
def test_any_text_is_a_requirement_or_one_sentence(text):
    try:
        found = parse(text)
    except UsageError as error:
        assert str(error).startswith("requirement '")
    else:
        assert parse(str(found)) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wanted a metric or a function at position 1; got the end"),
        ("accuracy", "wanted >= or <= and a bound at position 9; got the end"),
        ("accuracy > 0.9", "position 10 holds '>', but a bound is written with >= or <="),
        ("accuracy = 0.9", "position 10 holds '=', but"),
        ("accuracy >= high", "wanted a number at position 13; got 'high'"),
        ("accuracy >= nan", "wanted a number at position 13"),
        ("accuracy >= 1e999", "wanted a finite number at position 13"),
        ("accuracy >= 0.9.1", "position 13 holds '0.9.1', which is no number"),
        ("accuracy >= 0.9 or so", "wanted the end at position 17; got 'or so'"),
        (
            "gap(accuracy) <= 1",
            "wanted , and the attribute whose groups are compared at position 13; got ')'",
        ),
        ("gap(accuracy, sex <= 1", "wanted , or ) at position 19; got '<='"),
        ("gap(, sex) <= 1", "wanted a metric at position 5; got ','"),
        ("gpa(accuracy, sex) <= 1", "no function 'gpa' (position 1); did you mean gap?"),
        ("mean(accuracy, sex) <= 1", "no function 'mean' (position 1)"),
        (
            "under(accuracy, fog, 6) >= 0",
            "wanted a severity, a whole number from 1 to 5 at position 22; got '6'",
        ),
        ("under(accuracy, fog, 2.5) >= 0", "got '2.5'"),
        ("under(accuracy, fog, snow) >= 0", "wanted a severity from 1 to 5 at position 22"),
        ("under(accuracy, fog, 2, 3) >= 0", "wanted , or ) at position 23"),
        ('gap(accuracy, "sex) <= 1', "position 15 holds a quote that is not closed"),
        ("gap(accuracy, sex; race) <= 1", "position 18 holds ';'"),
        ("__import__('os') >= 1", "position 12 holds"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_position(text, said):
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


def test_a_requirement_is_bounded_in_length():
    with pytest.raises(UsageError, match=f"{LONGEST} characters at most; got 1,000,013"):
        parse("a" * 1_000_000 + " >= 0.5000000")


def test_names_are_found_however_they_are_spelled_and_otherwise_the_nearest_are_said():
    metrics, attributes = ["accuracy", "selection rate", "F1"], ["Sex", "skin_tone"]
    found = known(parse("gap(Selection-Rate, sex, Skin Tone) <= 0.1"), metrics=metrics, attributes=attributes)
    assert (found.metric, found.arguments) == ("selection rate", ("Sex", "skin_tone"))
    with pytest.raises(UsageError, match=r"no metric 'acuracy'; did you mean accuracy\?"):
        known(parse("acuracy >= 0.5"), metrics=metrics)
    with pytest.raises(UsageError, match="no attribute 'race'; known: Sex, skin_tone"):
        known(parse("gap(F1, race) <= 0.5"), metrics=metrics, attributes=attributes)
    with pytest.raises(UsageError, match="no corruption 'fogg'; did you mean fog"):
        known(parse("under(F1, fogg) >= 0.5"), metrics=metrics, corruptions=["fog", "snow"])
    with pytest.raises(UsageError, match="no attribute 'skin-tone'"):  # which of the two?
        known(parse("gap(F1, skin-tone) >= 0"), metrics=metrics, attributes=["skin tone", "skin_tone"])


def test_the_claim_is_checked_against_what_was_measured():
    claim = parse("gap(accuracy, sex) <= 5%").claim()
    assert claim == Claim("gap(accuracy, sex)", False, 0.05)
    for high, verdict in ((0.04, Verdict.STANDS), (0.06, Verdict.CANNOT_TELL)):
        assert claim.verdict(Measured(claim.name, 0.03, 0.01, high, 100, "")) is verdict
