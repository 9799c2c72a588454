"""Times in words."""

import pytest

from romm.domain.instants import compared, format_length, format_seconds

NOW = 1_796_055_674.62


def test_a_time_is_that_of_a_wall_clock_in_utc() -> None:
    assert format_seconds(NOW) == "2026-11-30 16:21:14 UTC"


@pytest.mark.parametrize(("seconds", "length"), [(0.4, "0 s"), (-119.7, "120 s"), (599, "599 s"), (4000, "1:06:40")])
def test_a_length_is_in_seconds_while_one_can_grasp_them(seconds: float, length: str) -> None:
    assert format_length(seconds) == length


@pytest.mark.parametrize(("at", "said"), [(NOW + 120, "(120 s ahead)"), (NOW - 4000, "(1:06:40 behind)")])
def test_a_time_says_how_far_it_is_from_now(at: float, said: str) -> None:
    assert compared(at, NOW).endswith(f" UTC {said}")
