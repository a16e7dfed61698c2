"""The pace is monotone, ends at its total, and bends without a jump."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidi.training.pace import Pace


def test_by_hand():
    pace = Pace(10)
    assert [pace.progress(step) for step in (0, 5, 10)] == [0.0, 0.5, 1.0]
    pace.refit(5, seconds_per_step=1.0, seconds_left=20.0)
    assert pace.total == 25 and pace.progress(5) == 0.5
    assert pace.progress(15) == pytest.approx(0.75) and pace.progress(25) == 1.0


def test_small_differences_are_left_alone():
    pace = Pace(1000)
    pace.refit(0, seconds_per_step=1.0, seconds_left=1015.0)
    assert pace.total == 1000 and pace.knots == [(0, 0.0)]


def test_no_time_left_takes_one_more_step():
    pace = Pace(1000)
    pace.refit(400, seconds_per_step=1.0, seconds_left=0.0)
    assert pace.total == 401 and pace.progress(400) == 0.4 and pace.progress(401) == 1.0


def test_a_pace_has_a_step():
    with pytest.raises(ValueError, match="at least one step; got 0"):
        Pace(0)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 500),
    st.lists(st.tuples(st.floats(0, 1), st.floats(1e-3, 10), st.floats(0, 1000)), max_size=6),
)
def test_progress_never_falls_never_jumps_and_ends_at_one(total, changes):
    """Whatever the clock says on the way: the schedule's argument is monotone, continuous at a refit, and ends at 1."""
    pace, step, before = Pace(total), 0, 0.0
    for share, seconds, left in changes:
        step += max(1, int(share * (pace.total - step)))
        if step >= pace.total:
            break
        progress = pace.progress(step)
        assert progress >= before
        pace.refit(step, seconds, left)
        assert pace.progress(step) == pytest.approx(progress, abs=1e-12)
        assert pace.total > step
        before = progress
    last = before
    for later in range(step, min(pace.total, step + 200) + 1):
        assert last - 1e-12 <= pace.progress(later) <= 1.0
        last = pace.progress(later)
    assert pace.progress(pace.total) == 1.0
