"""Schedules are shares of the peak rate at every progress."""

import itertools

import pytest

from vidi.core.errors import UsageError
from vidi.training.schedules import SCHEDULES, cosine, one_cycle, schedule, step, triangle

GRID = [number / 1000 for number in range(1001)]
FALLS_TO_ZERO = {"linear", "cosine", "one_cycle", "triangle"}


@pytest.mark.parametrize("name", SCHEDULES)
def test_values_are_shares(name):
    assert all(-1e-12 <= schedule(name)(progress) <= 1 + 1e-12 for progress in GRID)
    assert max(schedule(name)(progress) for progress in GRID) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("name", SCHEDULES)
def test_those_that_should_end_at_zero(name):
    end = schedule(name)(1.0)
    assert end == pytest.approx(0.0, abs=1e-12) if name in FALLS_TO_ZERO else end in (1.0, 0.01)


@pytest.mark.parametrize("name", sorted(FALLS_TO_ZERO))
def test_the_smooth_ones_do_not_jump(name):
    values = [schedule(name)(progress) for progress in GRID]
    assert max(abs(b - a) for a, b in itertools.pairwise(values)) < 0.01


def test_by_hand():
    assert cosine(0.5) == pytest.approx(0.5) and cosine(1 / 3) == pytest.approx(0.75)
    assert [step(progress) for progress in (0.0, 0.49, 0.5, 0.75)] == [1.0, 1.0, 0.1, 0.01]
    assert one_cycle(0.0) == pytest.approx(0.04) and one_cycle(0.25) == pytest.approx(1.0)
    assert triangle(0.0) == pytest.approx(0.2) and triangle(0.2) == pytest.approx(1.0)
    assert triangle(0.6) == pytest.approx(0.5)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UsageError, match="did you mean cosine"):
        schedule("cosin")
