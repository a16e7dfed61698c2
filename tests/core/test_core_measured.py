"""Numbers keep what they stand on through JSON; claims stand, fail, or cannot tell."""

import json
import math

import pytest

from vidi.core.measured import Claim, Measured, Verdict

NUMBER = Measured("accuracy", 0.9, 0.85, 0.94, 200, "Wilson", seeds=(0, 1))


def test_a_record_survives_json():
    nothing = Measured("recall", math.nan, math.nan, math.nan, 0, "none", of="cat", note="no example")
    for number in (NUMBER, nothing):
        back = Measured.from_record(json.loads(json.dumps(number.record(), allow_nan=False)))
        assert str(back) == str(number) and back.seeds == number.seeds and back.note == number.note
        for name in ("value", "low", "high"):
            a, b = getattr(back, name), getattr(number, name)
            assert a == b or (math.isnan(a) and math.isnan(b))


def test_text():
    assert str(NUMBER) == "0.900 [0.850, 0.940] (n=200)"
    assert str(Measured("a", 0.5, math.nan, math.nan, 3, "")) == "0.500 (n=3)"


@pytest.mark.parametrize(
    ("at_least", "bound", "wanted"),
    [
        (True, 0.8, Verdict.STANDS),
        (True, 0.85, Verdict.STANDS),
        (True, 0.9, Verdict.CANNOT_TELL),
        (True, 0.95, Verdict.FAILS),
        (False, 0.95, Verdict.STANDS),
        (False, 0.9, Verdict.CANNOT_TELL),
        (False, 0.8, Verdict.FAILS),
    ],
)
def test_verdicts_by_hand(at_least, bound, wanted):
    assert Claim("accuracy", at_least, bound).verdict(NUMBER) is wanted


def test_without_an_interval_nothing_can_be_told():
    number = Measured("accuracy", 1.0, math.nan, math.nan, 1, "none")
    assert Claim("accuracy", True, 0.0).verdict(number) is Verdict.CANNOT_TELL
