"""How long a password has to wait: the table, who is counted together, and what holds for every sequence of tries."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.credentials.rate_limits import network_of
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.hashing_order import Priority
from romm.domain.sign_in.throttle import (
    FORGOTTEN_AFTER,
    KNOWN_FOR,
    LONGEST_WAIT,
    Counters,
    Failures,
    Standing,
    check,
    counters,
    failed,
    format_username,
    left,
    place,
    wait_after,
)
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


HERE = Counters("pair:x", "x", "192.0.2.7", shared=("account:x", "address:x"))
MINE = Counters("browser:x", "x", "192.0.2.7")


def failures(count: int, key: str = "pair:x", ago: timedelta = timedelta(), tried: str = "") -> Failures:
    return Failures(key, count, NOW - ago, tried)


def standing(*counted: Failures, known: timedelta | None = None) -> Standing:
    return Standing({each.key: each for each in counted}, None if known is None else NOW - known)


@pytest.mark.parametrize(
    ("counted", "retry_after", "counted_by"),
    [
        pytest.param([], None, "", id="nothing is counted"),
        pytest.param([failures(4), failures(4, "address:x")], None, "", id="four of each are not eight"),
        pytest.param([failures(5)], 30, "account at this address", id="the account at this address"),
        pytest.param([failures(1), failures(5, "account:x")], 30, "account", id="the account"),
        pytest.param([failures(1), failures(5, "address:x")], 30, "address", id="the address"),
        pytest.param([failures(5), failures(6, "address:x")], 60, "address", id="the longer wait decides"),
        pytest.param([failures(6, ago=DAY), failures(5, "address:x")], 30, "address", id="the wait, not the number"),
        pytest.param([failures(5, ago=29.5 * SECOND)], 1, "account at this address", id="rounded up, so that it helps"),
        pytest.param([failures(5, ago=30 * SECOND)], None, "", id="the wait is over"),
        pytest.param(
            [failures(5, ago=-60 * SECOND)], 30, "account at this address", id="another worker's clock is ahead"
        ),
    ],
)
def test_a_try_goes_on_or_hears_for_how_long_not(
    counted: list[Failures], retry_after: int | None, counted_by: str
) -> None:
    refuse = check(HERE, standing(*counted), NOW)
    if retry_after is None:
        assert refuse is None
    else:
        assert refuse is not None
        assert refuse.code is Code.TOO_MANY_ATTEMPTS
        assert (refuse.facts["retry_after"], refuse.facts["counted_by"]) == (retry_after, counted_by)


FLOOD = (failures(9, "account:x"), failures(9, "address:x"))


@pytest.mark.parametrize(
    ("tried", "seen", "waits", "reason"),
    [
        (HERE, standing(*FLOOD), True, "a stranger"),
        (HERE, standing(*FLOOD, known=KNOWN_FOR), True, "known once, too long ago"),
        (HERE, standing(*FLOOD, known=KNOWN_FOR - SECOND), False, "an address that the account signed in from"),
        (HERE, standing(failures(5), *FLOOD, known=SECOND), True, "a known address waits for its own guesses"),
        (MINE, standing(*FLOOD), False, "a known browser, or a signed-in person"),
        (MINE, standing(failures(5, "browser:x")), True, "who waits for the own guesses"),
    ],
)
def test_only_strangers_wait_for_the_failures_of_others(
    tried: Counters, seen: Standing, waits: bool, reason: str
) -> None:
    assert (check(tried, seen, NOW) is not None) is waits, reason


@pytest.mark.parametrize(
    ("tried", "seen", "expected"),
    [
        (MINE, standing(failures(4, "browser:x")), Priority.KNOWN),
        (HERE, standing(failures(4), known=SECOND), Priority.KNOWN),
        (HERE, standing(), Priority.CLEAN),
        (HERE, standing(failures(9, "account:x")), Priority.CLEAN),
        (HERE, standing(failures(1, "address:x")), Priority.STRANGER),
    ],
)
def test_who_is_known_comes_first_and_an_address_that_failed_last(
    tried: Counters, seen: Standing, expected: Priority
) -> None:
    assert place(tried, seen, NOW).priority is expected


def counted(tried: Counters, seen: Standing, mark: str = "a mark") -> dict[str, int]:
    stored = failed(tried, seen, mark, NOW)
    assert not isinstance(stored, Refuse)
    return {each.key: each.count for each in stored}


def test_the_first_failure_of_an_account_at_an_address_counts_for_both() -> None:
    assert counted(HERE, standing()) == {"pair:x": 1, "account:x": 1, "address:x": 1}


def test_its_further_failures_count_for_the_two_together_only() -> None:
    seen = standing(failures(1), failures(1, "account:x"), failures(4, "address:x"))
    assert counted(HERE, seen) == {"pair:x": 2}


def test_while_many_addresses_guess_at_an_account_everything_counts_for_it() -> None:
    """Else each of them would have four guesses more, however many they are."""
    seen = standing(failures(1), failures(5, "account:x", ago=DAY), failures(1, "address:x"))
    assert counted(HERE, seen) == {"pair:x": 2, "account:x": 6}


@pytest.mark.parametrize("tried", [HERE, MINE], ids=["a known address", "a known browser"])
def test_who_is_known_counts_for_nobody_else(tried: Counters) -> None:
    assert counted(tried, standing(*(failures(5, each.key, ago=DAY) for each in FLOOD), known=SECOND)) == {tried.own: 1}


def test_the_same_wrong_password_again_counts_nowhere() -> None:
    """R-31: an app with an old password is no attack."""
    seen = standing()
    for mark in ("stale", "stale", "older", "stale", "older"):
        stored = failed(HERE, seen, mark, NOW)
        assert not isinstance(stored, Refuse)
        seen = Standing({**seen.counted, **{each.key: each for each in stored}})
    assert {each.key: each.count for each in seen.counted.values()} == {"pair:x": 2, "account:x": 1, "address:x": 1}


def test_the_same_password_elsewhere_is_another_guess_and_its_mark_looks_otherwise() -> None:
    there = Counters("pair:y", "y", "192.0.2.8", shared=("account:x", "address:y"))
    here, elsewhere = failed(HERE, standing(), "a mark", NOW), failed(there, standing(), "a mark", NOW)
    assert not isinstance(here, Refuse)
    assert not isinstance(elsewhere, Refuse)
    assert here[0].tried != elsewhere[0].tried
    assert "a mark" not in here[0].tried


def test_who_counts_after_others_hears_their_wait() -> None:
    refuse = failed(HERE, standing(failures(5)), "a mark", NOW)
    assert isinstance(refuse, Refuse)
    assert refuse.code is Code.TOO_MANY_ATTEMPTS


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


def test_a_try_is_counted_by_account_and_address_together_and_by_each() -> None:
    here = counters("keeper", "192.0.2.7", None)
    assert [key.partition(":")[0] for key in here.keys] == ["pair", "account", "address"]
    assert set(here.keys) & set(counters("keeper", "192.0.2.8", None).keys) == {here.shared[0]}
    assert set(here.keys) & set(counters("other", "192.0.2.7", None).keys) == {here.shared[1]}
    assert counters("keeper", "2001:db8::1", None) == counters("keeper", "2001:db8::2", None)


def test_a_known_browser_is_counted_by_itself_alone() -> None:
    assert counters("keeper", "192.0.2.7", "digest").keys == ("browser:digest",)


@given(st.text(max_size=10_000))
def test_a_key_is_short_and_tells_nobody_what_was_typed(typed: str) -> None:
    for key in counters(typed, "192.0.2.7", None).keys:
        assert len(key.partition(":")[2]) == 64
        assert len(typed) < 5 or typed not in key.partition(":")[2]


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
    seen, now, made = standing(), NOW, []
    for number, pause in enumerate(pauses):
        now += pause
        seen = Standing({key: each for key, each in seen.counted.items() if now - each.last_at <= FORGOTTEN_AFTER})
        stored = failed(HERE, seen, f"guess {number}", now)
        if not isinstance(stored, Refuse):
            made.append(now)
            seen = Standing({**seen.counted, **{each.key: each for each in stored}})
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


NETWORKS = [f"192.0.2.{number}" for number in range(12)]


@given(st.lists(st.tuples(st.integers(0, 11), st.sampled_from([timedelta(), SECOND, LONGEST_WAIT])), max_size=400))
def test_however_many_addresses_guess_at_an_account_it_is_judged_a_few_hundred_times_a_day(
    steps: list[tuple[int, timedelta]],
) -> None:
    """Four addresses before the account itself delays strangers, with the guesses of each; then one in 15 minutes."""
    seen, now, made = standing(), NOW, []
    for number, (at, pause) in enumerate(steps):
        now += pause
        stored = failed(counters("keeper", NETWORKS[at], None), seen, f"guess {number}", now)
        if not isinstance(stored, Refuse):
            made.append(now)
            seen = Standing({**seen.counted, **{each.key: each for each in stored}})
    assert len([each for each in made if each < NOW + DAY]) <= 4 * 110 + 110


def test_neither_one_address_nor_one_account_shuts_out_another() -> None:
    """However often and with whatever it fails."""
    seen, now = standing(), NOW
    for number in range(200):
        now += LONGEST_WAIT
        stored = failed(counters("keeper", "192.0.2.7", None), seen, f"guess {number}", now)
        assert not isinstance(stored, Refuse)
        seen = Standing({**seen.counted, **{each.key: each for each in stored}})
    assert check(counters("keeper", "192.0.2.8", None), seen, now) is None
    assert check(counters("other", "192.0.2.7", None), seen, now) is None
    assert check(counters("keeper", "192.0.2.7", None), seen, now) is not None


@pytest.mark.parametrize("apart", [None, "device"])
def test_what_fails_at_a_door_with_a_name_delays_no_one_at_another(apart: str | None) -> None:
    here, there = (counters("vera", "192.0.2.1", apart, door) for door in ("", "forward"))
    assert set(here.keys).isdisjoint(there.keys)
    assert here.known_address == there.known_address


def test_an_unknown_name_is_not_written_out_because_it_may_be_a_password() -> None:
    assert format_username("hunter2", known=True) == "hunter2"
    assert format_username("hunter2", known=False).startswith("sha256:")
