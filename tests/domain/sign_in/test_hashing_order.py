"""Whose password is hashed next, and who is refused when too many wait."""

from hypothesis import given
from hypothesis import strategies as st

from romm.domain.sign_in.hashing_order import BY_ARRIVAL, Place, Priority, next_turn, refused_first

KNOWN, CLEAN, STRANGER = (Place(priority, f"192.0.2.{priority}") for priority in Priority)

WAITING = st.lists(
    st.builds(Place, st.sampled_from(Priority), st.sampled_from(["192.0.2.1", "192.0.2.2"])), min_size=1, max_size=9
)


def test_the_best_place_comes_first_and_among_equals_the_longest_waiting() -> None:
    assert next_turn([STRANGER, CLEAN, KNOWN, KNOWN], turn=1) == 2
    assert next_turn([STRANGER, CLEAN, CLEAN], turn=2) == 1


def test_every_third_turn_is_for_the_longest_waiting_whoever_it_is() -> None:
    assert next_turn([STRANGER, KNOWN, KNOWN], turn=BY_ARRIVAL) == 0


@given(st.integers(0, 100), st.integers(0, 8))
def test_nobody_waits_for_ever(turn: int, before: int) -> None:
    """However many better places come after: before it are at most three turns for each that came earlier."""
    waiting, turns = [STRANGER] * before + [Place(Priority.STRANGER, "mine")], 0
    while Place(Priority.STRANGER, "mine") in waiting:
        waiting.append(KNOWN)
        turns += 1
        waiting.pop(next_turn(waiting, turn + turns))
    assert turns <= BY_ARRIVAL * (before + 1)


def test_when_too_many_wait_a_stranger_of_an_address_that_failed_is_refused_first() -> None:
    assert refused_first([STRANGER, CLEAN, KNOWN]) == 0
    assert refused_first([CLEAN, KNOWN, CLEAN]) == 2, "among equals the newest"


def test_one_address_does_not_crowd_out_another() -> None:
    crowd = Place(Priority.CLEAN, "203.0.113.9")
    assert refused_first([crowd, crowd, crowd, CLEAN]) == 2


@given(WAITING)
def test_nobody_known_is_refused_for_a_stranger(waiting: list[Place]) -> None:
    refused = waiting[refused_first(waiting)]
    assert refused.priority is max(each.priority for each in waiting)
