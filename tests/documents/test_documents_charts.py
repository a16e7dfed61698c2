"""The figures: well-formed, escaped, in proportion."""

import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.core.measured import Measured
from vidi.documents import charts, svg

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


def test_confusion_shows_every_count_and_no_label_as_markup():
    matrix = [[5, 2, 0], [0, 7, 0], [1, 0, 1234]]
    drawn = charts.confusion(matrix, ["<script>", "b&c", "x" * 80])
    assert "<script>" not in drawn and len(attributes(drawn, "rect")) == 9
    shown = re.findall(r">([\d,k]+)</text>", drawn)
    assert sorted(shown) == sorted(["5", "2", "7", "1", "1234"])


def test_confused_pairs_by_hand():
    assert charts.confused_pairs([[5, 2, 0], [0, 7, 0], [3, 0, 9]], most=2) == [(2, 0, 3, 12), (0, 1, 2, 7)]
    assert charts.confused_pairs([[5, 0], [0, 7]], most=2) == []


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
