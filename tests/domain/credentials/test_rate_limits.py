"""How often something may be tried: no window, wherever it begins, holds more than the limit."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.credentials.rate_limits import SLOTS, Limit, RateLimitKey, by_address, check_limit
from romm.domain.errors import Code
from romm.domain.sign_in.throttle import FORGOTTEN_AFTER
from tests.domain.examples import NOW

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
FIVE = Limit(name="knocking", tries=5)


def admitted(pauses: list[timedelta], limit: Limit = FIVE) -> list[datetime]:
    """When somebody is let through who pauses so long between tries."""
    counted: dict[str, int] = {}
    tally, now, through = RateLimitKey(limit, "somebody"), NOW, []
    for pause in pauses:
        now += pause
        if check_limit([tally], counted, now, more=1) is None:
            key = tally.keys(now)[0]
            counted[key] = counted.get(key, 0) + 1
            through.append(now)
    return through


def test_the_limit_is_let_through_and_the_next_is_not() -> None:
    assert len(admitted([timedelta()] * 20)) == 5


@given(st.lists(st.timedeltas(timedelta(), MINUTE), max_size=60))
def test_no_window_holds_more_than_the_limit(pauses: list[timedelta]) -> None:
    through = admitted(pauses)
    for first in through:
        assert sum(first <= each < first + MINUTE for each in through) <= 5


@given(st.timedeltas(timedelta(), MINUTE))
def test_who_stays_under_the_limit_never_waits(offset: timedelta) -> None:
    """A window and a slot hold six of them at most; of a limit of five, one try in fifteen seconds is always under it."""
    assert len(admitted([offset] + [15 * SECOND] * 40)) == 41


@given(st.timedeltas(timedelta(), MINUTE), st.lists(st.timedeltas(timedelta(), 10 * SECOND), min_size=5, max_size=5))
def test_who_comes_back_when_told_is_let_through(offset: timedelta, pauses: list[timedelta]) -> None:
    tally, now, counted = RateLimitKey(FIVE), NOW + offset, dict[str, int]()
    for pause in pauses:
        now += pause
        counted[tally.keys(now)[0]] = counted.get(tally.keys(now)[0], 0) + 1
    refuse = check_limit([tally], counted, now, more=1)
    assert refuse is not None
    wait = refuse.facts["retry_after"] * SECOND
    assert timedelta() < wait <= MINUTE + FIVE.slot + SECOND
    assert check_limit([tally], counted, now + wait, more=1) is None


def test_a_refusal_names_the_limit() -> None:
    tally = RateLimitKey(FIVE, "somebody")
    refuse = check_limit([tally], {tally.keys(NOW)[0]: 5}, NOW, more=1)
    assert refuse is not None
    assert (refuse.code, refuse.facts["what"]) == (Code.TOO_MANY_REQUESTS, "knocking")


@pytest.mark.parametrize(
    ("full", "refused"), [((), False), ((0,), True), ((1,), True)], ids=["none", "the first", "another"]
)
def test_every_tally_must_have_room(full: tuple[int, ...], refused: bool) -> None:
    tallies = [RateLimitKey(FIVE, "somebody"), RateLimitKey(Limit(name="everybody knocking", tries=5))]
    counted = {tallies[n].keys(NOW)[-1]: 5 for n in full}
    assert (check_limit(tallies, counted, NOW, more=1) is not None) is refused


def test_what_was_counted_up_to_the_limit_goes_on() -> None:
    tally = RateLimitKey(FIVE)
    assert check_limit([tally], {tally.keys(NOW)[0]: 5}, NOW) is None
    assert check_limit([tally], {tally.keys(NOW)[0]: 6}, NOW) is not None


def test_counts_of_different_limits_people_and_times_never_meet() -> None:
    tallies = [RateLimitKey(limit, who) for limit in (FIVE, Limit(name="other", tries=5)) for who in ("", "a", "b")]
    keys = [key for tally in tallies for key in tally.keys(NOW)]
    assert len(set(keys)) == len(keys) == len(tallies) * (SLOTS + 1)
    assert {key for tally in tallies for key in tally.keys(NOW + 2 * MINUTE)}.isdisjoint(keys)


def test_an_ipv6_network_is_one_address_and_no_key_tells_it() -> None:
    assert by_address(FIVE, "2001:db8::1") == by_address(FIVE, "2001:db8::2") != by_address(FIVE, "2001:db8:0:1::1")
    assert "192.0.2.7" not in str(by_address(FIVE, "192.0.2.7").keys(NOW))


def test_what_is_counted_is_remembered_longer_than_a_window() -> None:
    assert FIVE.window + FIVE.slot < FORGOTTEN_AFTER
