"""How many examples: a textbook's table, laws, and simulation with the interval that vidi reports."""

import math

import numpy as np
import pytest

from vidi.ops.differences import newcombe
from vidi.ops.power import examples_to_tell, power_of_gap, smallest_gap


def by_formula(share, other, z_level=1.959964, z_power=0.841621):
    """Fleiss, Levin & Paik 2003, eq. 4.14: both groups of one size, without the correction for continuity."""
    middle = (share + other) / 2
    return (
        z_level * math.sqrt(2 * middle * (1 - middle))
        + z_power * math.sqrt(share * (1 - share) + other * (1 - other))
    ) ** 2 / (share - other) ** 2


@pytest.mark.parametrize(("share", "other"), [(0.9, 0.85), (0.6, 0.5), (0.3, 0.1), (0.99, 0.95)])
def test_as_the_formula_says(share, other):
    n = math.ceil(by_formula(share, other))
    assert examples_to_tell(share, other) == (n, n)
    assert power_of_gap(share, other, n, n) >= 0.8 > power_of_gap(share, other, n - 1, n - 1)


def test_the_sentence_in_the_docstring():
    assert examples_to_tell(0.9, 0.85) == (686, 686)


def test_laws():
    assert power_of_gap(0.7, 0.7, 50, 80) == pytest.approx(0.05)  # no gap: the level
    assert power_of_gap(0.9, 0.8, 100, 200) == pytest.approx(power_of_gap(0.8, 0.9, 200, 100))
    assert power_of_gap(0.9, 0.8, 100, 200) == pytest.approx(power_of_gap(0.1, 0.2, 100, 200))
    powers = [power_of_gap(0.9, 0.8, n, n) for n in (20, 50, 100, 400, 2000)]
    assert powers == sorted(powers) and powers[-1] > 0.999
    assert examples_to_tell(0.9, 0.8, power=0.9)[0] > examples_to_tell(0.9, 0.8)[0]
    assert examples_to_tell(0.9, 0.8, level=0.01)[0] > examples_to_tell(0.9, 0.8)[0]
    n, other = examples_to_tell(0.9, 0.8, times=4.0)
    assert other == 4 * n and n < examples_to_tell(0.9, 0.8)[0]


def test_the_smallest_gap_is_the_inverse():
    n, _ = examples_to_tell(0.9, 0.85)
    assert smallest_gap(0.9, n, n) == pytest.approx(0.05, abs=1e-4)
    assert smallest_gap(0.9, 4 * n, 4 * n) < 0.03 < 0.05 < smallest_gap(0.9, n, 100)
    up_or_down = smallest_gap(0.6, 500, 500)
    assert min(power_of_gap(0.6, 0.6 + sign * up_or_down, 500, 500) for sign in (-1, 1)) == pytest.approx(0.8)


def test_what_cannot_be_told():
    assert math.isnan(smallest_gap(0.5, 3, 3))
    down = smallest_gap(0.98, 40, 40)  # above there is no room
    assert down > 0.02 and power_of_gap(0.98, 0.98 - down, 40, 40) == pytest.approx(0.8)
    for wrong in (
        lambda: examples_to_tell(0.9, 0.9),
        lambda: examples_to_tell(0.9, 1.2),
        lambda: examples_to_tell(0.9, 0.8, power=0.01),
        lambda: examples_to_tell(0.9, 0.8, power=1.0),
        lambda: power_of_gap(0.9, 0.8, 0, 5),
    ):
        with pytest.raises(ValueError, match="got"):
            wrong()


@pytest.mark.parametrize(
    ("share", "other", "times"), [(0.9, 0.85, 1.0), (0.8, 0.6, 1.0), (0.95, 0.85, 3.0), (0.5, 0.6, 0.5)]
)
def test_by_simulation_so_many_examples_tell_it_in_four_of_five(share, other, times):
    """The gap is told when Newcombe's interval leaves out 0; 1,500 audits each, to 3.5 points."""
    n, m = examples_to_tell(share, other, times=times)
    rng = np.random.default_rng(0)
    told = 0
    for a, b in zip(
        rng.binomial(n, share, size=1500).tolist(), rng.binomial(m, other, size=1500).tolist(), strict=True
    ):
        low, high = newcombe(a, n, b, m)
        told += low > 0 or high < 0
    assert told / 1500 == pytest.approx(0.8, abs=0.035)
