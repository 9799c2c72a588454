"""How long a password has to wait: the table, who is counted together, and what holds for every sequence of tries."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.credentials.rate_limits import network_of
from romm.domain.errors import Code
from romm.domain.sign_in.throttle import FORGOTTEN_AFTER, LONGEST_WAIT, Failures, check_failures, keys, left, wait_after
from tests.domain.examples import NOW

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        pytest.param(0, 0, id="nobody failed"),
        pytest.param(1, 0, id="a typing error"),
        pytest.param(4, 0, id="the last that is free"),
        pytest.param(5, 30, id="exponential from the fifth"),
        pytest.param(6, 60, id="twice as long"),
        pytest.param(9, 480, id="and so on"),
        pytest.param(10, 900, id="a quarter of an hour, no more"),
        pytest.param(10**9, 900, id="however often"),
    ],
)
def test_every_failure_from_the_fifth_doubles_the_wait(failures: int, seconds: int) -> None:
    """R-31."""
    assert wait_after(failures) == timedelta(seconds=seconds)


def failures(count: int, key: str = "account:x", ago: timedelta = timedelta()) -> Failures:
    return Failures(key, count, NOW - ago)


@pytest.mark.parametrize(
    ("counted", "retry_after", "counted_by"),
    [
        pytest.param([], None, "", id="nothing is counted"),
        pytest.param([failures(4), failures(4, "address:x")], None, "", id="four of each are not eight"),
        pytest.param([failures(5)], 30, "account", id="the account"),
        pytest.param([failures(1), failures(5, "address:x")], 30, "address", id="the address"),
        pytest.param([failures(5), failures(6, "address:x")], 60, "address", id="the longer wait decides"),
        pytest.param([failures(6, ago=DAY), failures(5, "address:x")], 30, "address", id="the wait, not the number"),
        pytest.param([failures(5, "browser:x")], 30, "browser", id="a known browser"),
        pytest.param([failures(5, ago=29.5 * SECOND)], 1, "account", id="rounded up, so that coming back then helps"),
        pytest.param([failures(5, ago=30 * SECOND)], None, "", id="the wait is over"),
        pytest.param([failures(5, ago=-60 * SECOND)], 30, "account", id="another worker's clock is ahead"),
    ],
)
def test_a_try_goes_on_or_hears_for_how_long_not(
    counted: list[Failures], retry_after: int | None, counted_by: str
) -> None:
    refuse = check_failures(counted, NOW)
    if retry_after is None:
        assert refuse is None
    else:
        assert refuse is not None
        assert refuse.code is Code.TOO_MANY_ATTEMPTS
        assert (refuse.facts["retry_after"], refuse.facts["counted_by"]) == (retry_after, counted_by)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        pytest.param("192.0.2.7", "192.0.2.7", id="IPv4 is counted by itself"),
        pytest.param("::ffff:192.0.2.7", "192.0.2.7", id="also as a socket for both writes it"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="IPv6 by its network"),
        pytest.param("2001:DB8:1:2::1", "2001:db8:1:2::/64", id="however it is written"),
        pytest.param("fe80::1%eth0", "fe80::/64", id="with a zone"),
        pytest.param("", "", id="no address"),
        pytest.param("unix:", "unix:", id="not an address"),
    ],
)
def test_an_address_stands_for_who_is_behind_it(address: str, found: str) -> None:
    assert network_of(address) == found


def test_a_try_is_counted_by_account_and_address() -> None:
    here = keys("keeper", "192.0.2.7", None)
    assert [key.partition(":")[0] for key in here] == ["account", "address"]
    assert set(here) & set(keys("keeper", "192.0.2.8", None)) == {here[0]}
    assert set(here) & set(keys("other", "192.0.2.7", None)) == {here[1]}
    assert keys("keeper", "2001:db8::1", None) == keys("keeper", "2001:db8::2", None)


def test_a_known_browser_is_counted_by_itself_alone() -> None:
    assert keys("keeper", "192.0.2.7", "digest") == ("browser:digest",)


@given(st.text(max_size=10_000))
def test_a_key_is_short_and_tells_nobody_what_was_typed(typed: str) -> None:
    account, _ = keys(typed, "192.0.2.7", None)
    assert len(account) == len("account:") + 64
    assert len(typed) < 5 or typed not in account.removeprefix("account:")


@given(st.integers(0, 10_000))
def test_a_wait_never_shrinks_while_failing_and_has_an_end(count: int) -> None:
    assert wait_after(count) <= wait_after(count + 1) <= LONGEST_WAIT


@given(st.integers(0, 10_000), st.timedeltas(-DAY, DAY), st.timedeltas(timedelta(), DAY))
def test_waiting_only_shortens_the_wait_until_it_is_over(count: int, ago: timedelta, longer: timedelta) -> None:
    counted = failures(count, ago=ago)
    assert timedelta() <= left(counted, NOW + longer) <= left(counted, NOW) <= wait_after(count)
    assert left(counted, counted.last_at + FORGOTTEN_AFTER) == timedelta(), "nothing is lost with what is forgotten"


def guesses(pauses: list[timedelta]) -> list[datetime]:
    """When somebody who guesses is let through, who pauses so long between tries and is forgotten as the port says."""
    counted, now, made = failures(0), NOW, []
    for pause in pauses:
        now += pause
        if now - counted.last_at > FORGOTTEN_AFTER:
            counted = failures(0)
        if check_failures([counted], now) is None:
            made.append(now)
            counted = Failures(counted.key, counted.count + 1, now)
    return made


STEPS = st.sampled_from([timedelta(), SECOND, *(wait_after(n) for n in range(5, 11)), FORGOTTEN_AFTER + SECOND])


@given(st.lists(STEPS, max_size=300))
def test_no_rhythm_gives_more_than_a_hundred_and_ten_guesses_a_day(pauses: list[timedelta]) -> None:
    """NIST SP 800-63B, 5.2.2 allows a hundred in a row; 96 quarters of an hour, and those before the wait is full."""
    made = guesses(pauses)
    for first in made:
        assert len([each for each in made if first <= each < first + DAY]) <= 110


def test_sitting_it_out_gives_fewer_guesses_than_going_on() -> None:
    going_on = guesses([LONGEST_WAIT] * 500)
    sitting_out = guesses([timedelta() if n % 5 else FORGOTTEN_AFTER + SECOND for n in range(500)])
    assert len([each for each in going_on if each < NOW + DAY]) > len([e for e in sitting_out if e < NOW + DAY])
