"""The figures: well-formed, escaped, in proportion."""

import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.core.measured import Measured
from vidi.documents import charts, confusion, svg
from vidi.documents.pages import TEMPLATES

SHARES = st.floats(0, 1)


def attributes(drawing: str, tag: str) -> list[dict[str, str]]:
    return [node.attrib for node in ElementTree.fromstring(drawing).iter(tag)]


def test_an_element_by_hand():
    made = svg.element("text", "a<b", svg.element("g", id='"'), class_="quiet", stroke_width=1.50, x=None)
    assert made == '<text class="quiet" stroke-width="1.5">a&lt;b<g id="&#34;"/></text>'


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_inside_round_and_evenly_apart(low, span):
    found = svg.ticks(low, low + span)
    assert found and all(low - 1e-6 * span <= tick <= low + span * 1.000001 for tick in found)
    gaps = {f"{b - a:.3g}" for a, b in itertools.pairwise(found)}
    assert len(gaps) <= 1 and all(gap[0] in "125" or gap.startswith("0.") for gap in gaps)


def test_a_scale_maps_ends_to_ends():
    place = svg.scale(2, 4, 100, 0)
    assert (place(2), place(3), place(4)) == (100, 50, 0)
    assert svg.scale(5, 5, 0, 10)(5) == 5


@given(st.tuples(SHARES, SHARES, SHARES))
def test_the_dot_lies_within_its_interval(three):
    low, value, high = sorted(three)
    drawn = charts.interval_bar(Measured("accuracy", value, low, high, 9, "Wilson"))
    (dot,) = attributes(drawn, "circle")
    line = attributes(drawn, "line")[1]
    left, right, middle = (float(text.rstrip("%")) for text in (line["x1"], line["x2"], dot["cx"]))
    assert left <= middle <= right


def test_what_has_no_scale_from_0_to_1_is_not_drawn():
    assert charts.interval_bar(Measured("log loss", 0.3, 0.2, 0.4, 9, "bootstrap", unit="nats")) == ""
    assert charts.interval_bar(Measured("gap", -0.1, -0.2, 0.0, 9, "bootstrap")) == ""
    assert charts.interval_bar(Measured("accuracy", float("nan"), 0.0, 1.0, 0, "none")) == ""


def test_confusion_has_a_cell_for_every_count_and_says_what_it_is():
    rows = confusion.matrix([[5, 2, 0], [0, 7, 0], [1, 0, 12340]], ["<b>", "c", "d"], {})
    cells = [cell for row in rows for cell in row]
    assert [cell.figure for cell in cells] == ["5", "2", "", "", "7", "", "1", "", "12k"]
    assert [cell.kind for cell in cells].count("wrong") == 2 and rows[0][1].id == "cell-0-1"
    assert rows[0][1].hint.startswith("<b> called c: 2 of 7 (28.6") and not any(cell.images for cell in cells)


@given(SHARES, SHARES)
def test_a_larger_share_of_mistakes_is_never_fainter(one, other):
    low, high = sorted((one, other))
    faint, strong = (confusion.shade(share, right=False, largest=max(high, 1e-9))[1] for share in (low, high))
    assert faint <= strong <= confusion.STRONGEST + 1e-9


def test_confused_pairs_by_hand():
    assert confusion.confused_pairs([[5, 2, 0], [0, 7, 0], [3, 0, 9]], most=2) == [
        (2, 0, 3, 12),
        (0, 1, 2, 7),
    ]
    assert confusion.confused_pairs([[5, 0], [0, 7]], most=2) == []


def test_a_calibrated_model_lies_on_the_line():
    bins = [
        {"low": x, "high": x + 0.5, "n": 10, "confidence": x + 0.3, "accuracy": x + 0.3} for x in (0.0, 0.5)
    ]
    dots = attributes(charts.reliability(bins), "circle")
    assert all(float(dot["cx"]) - 44 == pytest.approx(272 - float(dot["cy"]), abs=0.02) for dot in dots)
    assert charts.reliability([]) == "" and charts.reliability([bins[0] | {"n": 0}]) == ""


def test_curves_of_nothing_are_nothing_and_of_one_point_a_dot():
    assert charts.curves({"training": []}, what="Loss", shares=False) == ""
    assert len(attributes(charts.curves({"training": [(1, 0.5)]}, what="Loss", shares=False), "circle")) == 1


@given(st.integers(2, 60), st.integers(0, 500))
def test_thinned_keeps_the_ends_and_the_order(most, count):
    points = [(float(index), 0.0) for index in range(count)]
    kept = charts.thinned(points, most=most)
    assert (
        len(kept) == min(most, count)
        and kept == sorted(set(kept))
        and kept[:1] == points[:1]
        and kept[-1:] == points[-1:]
    )


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def palettes() -> list[dict[str, tuple[float, ...]]]:
    """The page's colours for light, dark and print."""
    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    blocks = re.findall(r"--paper:.*?(?=\}|\{%)", css, re.DOTALL)
    found = [dict(re.findall(r"--(\w+): #([0-9a-f]+);", block)) for block in blocks]
    return [{name: rgb(value) for name, value in palette.items()} for palette in found]


def rgb(code: str) -> tuple[float, ...]:
    code = code if len(code) == 6 else "".join(2 * digit for digit in code)
    return tuple(int(code[place : place + 2], 16) / 255 for place in (0, 2, 4))


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark", "print"])
def test_every_text_can_be_read(palette):
    for text in ("ink", "quiet", "accent", "good", "bad"):
        assert contrast(palette[text], palette["paper"]) >= 4.5
    assert contrast(palette["quiet"], palette["wash"]) >= 4.5
    strongest = {"accent": confusion.STRONGEST, "quiet": 0.3}
    for colour, share in strongest.items():
        pairs = zip(palette[colour], palette["paper"], strict=True)
        cell = tuple(share * over + (1 - share) * under for over, under in pairs)
        assert contrast(palette["ink"], cell) >= 4.4
