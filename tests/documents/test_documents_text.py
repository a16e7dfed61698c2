"""Numbers and names as people read them: laws of rounding, of escaping, and hand cases."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from vidi.core.measured import Measured
from vidi.documents import text

NAN = float("nan")


def measured(value: float, low: float = NAN, high: float = NAN, **more: str) -> Measured:
    return Measured("accuracy", value, low, high, 412, "Wilson", **more)


def test_by_hand():
    full = measured(0.9127, 0.8816, 0.9367)
    assert text.measured_text(full) == "0.913 [0.882, 0.937], n = 412"
    assert text.percent_measured(full).replace(text.THIN, " ") == "91.3 % [88.2, 93.7]"
    assert text.measured_text(measured(0.5, note="one image")) == "0.500, n = 412 (one image)"
    assert text.measured_text(measured(NAN, note="no images")) == "–, n = 412 (no images)"
    assert text.counted(1, "image") == "1 image" and text.counted(2062, "image") == "2,062 images"
    assert (
        text.listed([]) == "" and text.listed(["a"]) == "a" and text.listed(["a", "b", "c"]) == "a, b and c"
    )
    assert text.listed(list("abcdefghij"), most=3) == "a, b, c and 7 more"
    assert text.tied("x [0.1, 0.2], n = 3") == "x [0.1,\u00a00.2], n\u00a0=\u00a03"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations(seconds, words):
    assert text.duration(seconds).replace(text.THIN, " ") == words


@given(st.floats(0, 1), st.integers(0, 2))
def test_only_nothing_reads_as_nothing_and_only_all_as_all(share, digits):
    words = text.percent(share, digits=digits)
    assert (float(words.rstrip("%\u202f").lstrip("<>\u202f")) == 0) == (share == 0)
    assert words.startswith("100") == (share == 1)


@given(st.text())
def test_visible_text_is_one_line_without_orders(words):
    shown = text.visible(words)
    assert len(shown.splitlines()) <= 1 and not re.search("[\x00-\x1f\u202a-\u202e\u2066-\u2069]", shown)
    assert len(text.shortened(words, most=12)) <= 12


@given(st.text(alphabet="ab`*_[](){}<>|#!~$\\&:\n -"))
def test_markdown_lets_no_html_and_no_table_out(words):
    shown = text.markdown(words)
    assert "<" not in shown and ">" not in shown and "\n" not in shown
    assert not re.search(r"(?<!\\)(\\\\)*[|`*]", shown)
    assert not re.search(r"(?<!\\)(\\\\)*\]\(", shown)


def test_markdown_leaves_plain_words_and_markup_alone():
    assert (
        text.markdown("0.913 [0.882, 0.937] of file_name-1.jpg") == "0.913 [0.882, 0.937] of file_name-1.jpg"
    )
    assert text.markdown(Markup("**bold**")) == "**bold**"


@given(st.text(alphabet="a`| \n", min_size=1))
def test_a_code_span_is_longer_than_any_run_of_backticks_in_it(words):
    span = text.code(words)
    fence = re.match("`+", span)[0]
    assert span.endswith(fence) and "\n" not in span
    inside = span[len(fence) : -len(fence)]
    assert all(len(run) < len(fence) for run in re.findall("`+", inside))
