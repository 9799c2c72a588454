"""Only so often, however many come at once and to whichever worker."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from romm.credentials.rate_limits import FairLimit, Rates
from romm.domain.credentials.rate_limits import Limit, RateLimitKey
from romm.domain.errors import Code, Refused
from romm.domain.limits import Bound
from romm.domain.sign_in.throttle import Failures
from tests.fakes import FakeClock, FakeThrottles

MINUTE = timedelta(minutes=1)
HERS, ALL = RateLimitKey(Limit(name="knocking", tries=5), "vera"), RateLimitKey(Limit(name="all knocking", tries=8))


def bound(each: int, together: int = 1000) -> Bound:
    return Bound(
        causes="failures",
        each=Limit(name="failures per address", tries=each),
        together=Limit(name="failures", tries=together),
    )


class SlowThrottles(FakeThrottles):
    """Between looking and counting others have their turn."""

    async def read(self, keys: Sequence[str]) -> list[Failures]:
        found = await super().read(keys)
        await asyncio.sleep(0)
        return found


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 6, 1, 12, tzinfo=UTC))


async def admitted(rates: Rates, *tallies: RateLimitKey) -> bool:
    try:
        await rates.check(*tallies)
    except Refused as refused:
        return refused.code is not Code.TOO_MANY_REQUESTS
    return True


async def test_the_limit_is_let_through_and_again_when_its_window_is_over(clock: FakeClock) -> None:
    rates = Rates(FakeThrottles(clock), clock)
    assert [await admitted(rates, HERS) for _ in range(6)] == [True] * 5 + [False]
    clock.advance(MINUTE + HERS.limit.slot)
    assert await admitted(rates, HERS)


async def test_of_many_at_once_no_more_than_the_limit_are_let_through(clock: FakeClock) -> None:
    rates = Rates(SlowThrottles(clock), clock)
    assert sum(await asyncio.gather(*(admitted(rates, HERS) for _ in range(50)))) == 5


async def test_who_is_refused_uses_nothing_up_for_the_others(clock: FakeClock) -> None:
    """One address alone cannot close the door for everybody."""
    rates = Rates(FakeThrottles(clock), clock)
    for _ in range(20):
        await admitted(rates, HERS, ALL)
    his = RateLimitKey(HERS.limit, "victor")
    assert [await admitted(rates, his, ALL) for _ in range(5)] == [True] * 3 + [False] * 2


async def test_an_address_that_failed_too_often_is_known_to_each_process_after_one_more_failure(
    clock: FakeClock,
) -> None:
    """All count together; what succeeds looks nothing up."""
    throttles = FakeThrottles(clock)
    here, there = (FairLimit(Rates(throttles, clock), bound(3), clock) for _ in range(2))
    for _ in range(3):
        await here.count("192.0.2.1")
        assert here.judge("192.0.2.1") is None
    await here.count("192.0.2.1")
    assert (full := here.judge("192.0.2.1"))
    assert (full.code, full.facts["retry_after"]) == (Code.TOO_MANY_REQUESTS, 60)
    assert there.judge("192.0.2.1") is None
    await there.count("192.0.2.1")
    assert there.judge("192.0.2.1")
    assert here.judge("192.0.2.2") is None


async def test_an_address_is_free_again_after_a_minute(clock: FakeClock) -> None:
    limited = FairLimit(Rates(FakeThrottles(clock), clock), bound(1), clock)
    for _ in range(2):
        await limited.count("2001:db8::1")
    assert limited.judge("2001:db8::2"), "the same network"
    clock.advance(timedelta(seconds=59, milliseconds=500))
    assert (full := limited.judge("2001:db8::1"))
    assert full.facts["retry_after"] == 1
    clock.advance(timedelta(seconds=1))
    assert limited.judge("2001:db8::1") is None


async def test_with_all_together_over_the_limit_one_failure_is_enough_and_none_comes_through(clock: FakeClock) -> None:
    """Strangers with many addresses shut nobody else out, and each address has one try."""
    throttles = FakeThrottles(clock)
    limited = FairLimit(Rates(throttles, clock), bound(5, together=3), clock)
    for number in range(4):
        await limited.count(f"192.0.2.{number}")
    rows = len(throttles.counted)
    assert [limited.judge(f"192.0.2.{number}") is None for number in range(4)] == [True, True, True, False]
    await limited.count("192.0.2.0")
    assert limited.judge("192.0.2.0")
    assert limited.judge("198.51.100.7") is None
    assert len(throttles.counted) == rows, "what is refused adds no row"


async def test_a_process_remembers_only_so_many_addresses_and_then_all_wait(clock: FakeClock) -> None:
    limited = FairLimit(Rates(FakeThrottles(clock), clock), bound(1, together=1), clock, most=10)
    for number in range(11):
        await limited.count(f"192.0.2.{number}")
    assert (full := limited.judge("198.51.100.7"))
    assert full.facts["retry_after"] == 60
    clock.advance(MINUTE)
    assert limited.judge("198.51.100.7") is None
