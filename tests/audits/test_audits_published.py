"""Gender Shades' Table 4: totals derived again from its cells, and the value that fits."""

import pytest

from vidi.audits.published import derived, readings, sentence

# Buolamwini & Gebru 2018, PMLR 81, Table 4: errors of gender classification in percent. Cells from the published shares
# of the benchmark's 1,270 subjects. Two values circulate for one cell of Face++.
N = {("darker", "female"): 271, ("darker", "male"): 318, ("lighter", "female"): 296, ("lighter", "male"): 385}
VENDORS = {
    "Microsoft": (
        {
            ("darker", "female"): 20.8,
            ("darker", "male"): 6.0,
            ("lighter", "female"): 1.7,
            ("lighter", "male"): 0.0,
        },
        {(): 6.3, ("female",): 10.7, ("male",): 2.6, ("darker",): 12.9, ("lighter",): 0.7},
    ),
    "Face++": (
        {
            ("darker", "female"): 34.5,
            ("darker", "male"): 0.7,
            ("lighter", "female"): (6.0, 9.8),
            ("lighter", "male"): 0.8,
        },
        {(): 10.0, ("female",): 21.3, ("male",): 0.7, ("darker",): 16.5, ("lighter",): 4.7},
    ),
    "IBM": (
        {
            ("darker", "female"): 34.7,
            ("darker", "male"): 12.0,
            ("lighter", "female"): 7.1,
            ("lighter", "male"): 0.3,
        },
        {(): 12.1, ("female",): 20.3, ("male",): 5.6, ("darker",): 22.4, ("lighter",): 3.2},
    ),
}


def test_by_hand():
    n = {("a", "x"): 10, ("a", "y"): 30, ("b", "x"): 60}
    percent = {("a", "x"): 10.0, ("a", "y"): 20.0, ("b", "x"): 0.0}
    assert derived(n, percent, ("a",)) == pytest.approx((1 + 6) / 40 * 100)
    assert derived(n, percent, ()) == pytest.approx(7.0)
    (only,) = readings(n, percent, {(): 7.0, ("x",): 1.4})
    assert only.furthest == pytest.approx(100 / 70 - 1.4) and only.agrees(0.05) and not only.agrees(0.01)


@pytest.mark.parametrize("vendor", ["Microsoft", "IBM"])
def test_totals_follow_from_the_cells(vendor):
    percent, stated = VENDORS[vendor]
    (only,) = readings(N, percent, stated)
    assert only.agrees(0.5) and "the totals follow from the cells" in sentence((only,))


def test_of_two_circulating_values_the_one_that_fits_is_named():
    best, other = readings(N, *VENDORS["Face++"])
    assert best.chosen == {("lighter", "female"): 9.8} and best.agrees(0.5)
    assert other.chosen == {("lighter", "female"): 6.0} and other.furthest > 1.5
    said = sentence((best, other))
    assert said.startswith(
        "of the values for lighter, female, 9.8 agrees with the totals (female: stated 21.3"
    )
    assert "6 misses a total by 1.7 points" in said


def test_a_total_without_cells_is_refused():
    with pytest.raises(ValueError, match="no cell belongs to the total purple"):
        derived(N, dict.fromkeys(N, 1.0), ("purple",))
    with pytest.raises(ValueError, match="every cell has a count and an error"):
        readings(N, {}, {})
