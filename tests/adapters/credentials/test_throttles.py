"""The contract of `ports.Throttles`."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import insert

from romm.adapters.credentials.throttles import SQLThrottles
from romm.adapters.database.tables import FailuresRow
from romm.adapters.database.transactions import FORGOTTEN_AT_ONCE, Database
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.sign_in.throttle import FORGOTTEN_AFTER, KNOWN_FOR, Failures
from romm.ports.credentials import Decide
from romm.sign_in.throttle import Attempt, Throttle
from tests.adapters.conftest import Stores
from tests.domain.examples import NOW
from tests.fakes import FakeClock

MINUTE = timedelta(minutes=1)


async def counted(stores: Stores, *keys: str) -> dict[str, int]:
    return {each.key: each.count for each in await stores.throttles.read(keys)}


async def test_what_never_failed_is_not_counted(stores: Stores):
    assert list(await stores.throttles.read(("account:a", "address:b"))) == []


async def test_a_failure_counts_for_each_of_its_keys_with_its_time(stores: Stores):
    await stores.throttles.count(("account:a", "address:b"))
    stores.clock.advance(MINUTE)
    await stores.throttles.count(("account:c", "address:b"))

    found = {each.key: each for each in await stores.throttles.read(("account:a", "address:b", "address:B"))}

    assert found == {
        "account:a": Failures("account:a", 1, NOW),
        "address:b": Failures("address:b", 2, NOW + MINUTE),
    }


async def test_who_counts_hears_what_it_made(rivals: list[Stores]):
    await rivals[0].throttles.count(("account:a",))

    counted = await rivals[-1].throttles.count(("address:b", "account:a"))

    assert sorted(counted, key=lambda each: each.key) == [
        Failures("account:a", 2, NOW),
        Failures("address:b", 1, NOW),
    ]


async def test_all_who_count_at_once_hear_another_number(rivals: list[Stores]):
    heard = await asyncio.gather(*(rivals[n % len(rivals)].throttles.count(("account:a",)) for n in range(20)))

    assert sorted(each.count for [each] in heard) == list(range(1, 21))


async def test_no_failure_is_lost_when_all_workers_count_at_once(rivals: list[Stores]):
    orders = [("account:a", "address:b"), ("address:b", "account:a")]
    await asyncio.gather(*(rivals[n % len(rivals)].throttles.count(orders[n // 2 % 2]) for n in range(40)))

    assert await counted(rivals[0], "account:a", "address:b") == {"account:a": 40, "address:b": 40}


async def test_another_worker_sees_a_failure_at_once(rivals: list[Stores]):
    await rivals[0].throttles.count(("account:a",))

    assert await counted(rivals[-1], "account:a") == {"account:a": 1}


def one_more(tried: str = "") -> Decide:
    def decide(counted: Mapping[str, Failures]) -> tuple[Failures, ...]:
        seen = counted.get("pair:a", Failures("pair:a", 0, NOW))
        return (Failures("pair:a", seen.count + 1, NOW, seen.tried + tried),)

    return decide


async def test_what_is_decided_is_stored_and_what_is_not_stays(stores: Stores):
    await stores.throttles.count(("account:a",))

    decided = await stores.throttles.update(("pair:a", "account:a", "address:b"), one_more("marks"))

    assert decided == (Failures("pair:a", 1, NOW, "marks"),)
    found = await stores.throttles.read(("pair:a", "account:a", "address:b"))
    assert {each.key: (each.count, each.tried) for each in found} == {"pair:a": (1, "marks"), "account:a": (1, "")}


async def test_who_decides_sees_the_newest_counters_of_all_workers(rivals: list[Stores]):
    await asyncio.gather(*(rivals[n % len(rivals)].throttles.update(("pair:a",), one_more("x")) for n in range(40)))

    [found] = await rivals[0].throttles.read(("pair:a",))
    assert (found.count, found.tried) == (40, "x" * 40)


async def test_who_decides_sees_nothing_old(stores: Stores):
    await stores.throttles.update(("pair:a",), one_more("old"))
    stores.clock.advance(FORGOTTEN_AFTER + MINUTE)

    [decided] = cast("tuple[Failures]", await stores.throttles.update(("pair:a",), one_more("new")))

    assert (decided.count, decided.tried) == (1, "new")


async def test_a_refusal_stores_nothing(stores: Stores):
    refuse = Refuse(Code.TOO_MANY_ATTEMPTS)

    assert await stores.throttles.update(("pair:a", "account:a"), lambda _: refuse) is refuse

    assert await stores.throttles.read(("pair:a", "account:a")) == []


@pytest.mark.parametrize("addresses", [1, 100], ids=["one address", "many addresses"])
async def test_of_a_hundred_guesses_at_once_at_four_workers_five_are_judged(rivals: list[Stores], addresses: int):
    """R-31: every worker has checked all of its guesses before the first one fails."""
    workers = [Throttle(each.throttles, each.clock) for each in rivals]
    tries = [Attempt("keeper", f"192.0.2.{number % addresses}") for number in range(100)]
    seen = [await workers[n % len(workers)].check(tried, "keeper") for n, tried in enumerate(tries)]

    failing = (workers[n % len(workers)].failed(tries[n], seen[n], f"guess {n}", "keeper") for n in range(len(tries)))
    answers = await asyncio.gather(*failing, return_exceptions=True)

    assert [type(each) for each in answers if each is not None] == [Refused] * 95


async def test_an_address_is_known_since_it_was_noted_last(rivals: list[Stores]):
    assert await rivals[0].throttles.known_since("a") is None
    await rivals[0].throttles.note_known("a")
    rivals[0].clock.advance(MINUTE)
    await rivals[0].throttles.note_known("a")

    assert await rivals[-1].throttles.known_since("a") == NOW + MINUTE


async def test_a_known_address_is_not_forgotten_with_failures_but_in_its_own_time(stores: Stores):
    await stores.throttles.note_known("a")
    stores.clock.advance(KNOWN_FOR)
    await stores.throttles.count(("account:b",))
    await stores.throttles.note_known("b")
    assert await stores.throttles.known_since("a") == NOW

    stores.clock.advance(MINUTE)
    await stores.throttles.note_known("b")

    assert await stores.throttles.known_since("a") is None


async def test_forgetting_one_key_leaves_the_others_alone(stores: Stores):
    await stores.throttles.count(("account:a", "address:b"))

    await stores.throttles.forget("account:a")
    await stores.throttles.forget("account:never")

    assert await counted(stores, "account:a", "address:b") == {"address:b": 1}


@pytest.mark.parametrize(
    ("since", "count"),
    [
        pytest.param(FORGOTTEN_AFTER, 3, id="not yet"),
        pytest.param(FORGOTTEN_AFTER + timedelta(seconds=1), 1, id="it begins anew"),
    ],
)
async def test_old_failures_are_forgotten(stores: Stores, since: timedelta, count: int):
    await stores.throttles.count(("account:a",))
    await stores.throttles.count(("account:a",))
    stores.clock.advance(since)

    await stores.throttles.count(("account:a",))

    assert await counted(stores, "account:a") == {"account:a": count}


async def test_a_failure_of_anybody_clears_away_what_is_old(stores: Stores):
    for number in range(50):
        await stores.throttles.count((f"account:{number}",))
    stores.clock.advance(FORGOTTEN_AFTER + MINUTE)

    await stores.throttles.count(("account:a",))

    assert await counted(stores, *(f"account:{number}" for number in range(50))) == {}


async def more_than_are_cleared_at_once(database: Database) -> list[str]:
    """The keys of failures since the beginning of time as these tests know it."""
    keys = [f"address:{number}" for number in range(FORGOTTEN_AT_ONCE + 1)]
    rows = [{"key": key, "count": 4, "last_at": NOW} for key in keys]
    await database.write(lambda connection: connection.execute(insert(FailuresRow), rows).rowcount)
    return keys


async def test_no_failure_has_to_clear_away_more_than_takes_a_moment(database: Database):
    old, clock = await more_than_are_cleared_at_once(database), FakeClock(NOW + FORGOTTEN_AFTER + MINUTE)
    throttles = SQLThrottles(database, clock)

    await throttles.count(("account:a",))

    [left] = await throttles.read(old)
    assert await throttles.count((left.key,)) == [Failures(left.key, 1, clock())]


async def test_what_is_old_begins_anew_also_when_it_is_not_cleared_away_yet(database: Database):
    old, clock = await more_than_are_cleared_at_once(database), FakeClock(NOW + FORGOTTEN_AFTER + MINUTE)

    counted = await SQLThrottles(database, clock).count(old)

    assert {each.count for each in counted} == {1}


async def test_who_decides_sees_nothing_old_also_when_it_is_not_cleared_away_yet(database: Database):
    old, clock = await more_than_are_cleared_at_once(database), FakeClock(NOW + FORGOTTEN_AFTER + MINUTE)

    def decide(counted: Mapping[str, Failures]) -> tuple[Failures, ...]:
        return tuple(counted.values())

    assert await SQLThrottles(database, clock).update(old, decide) == ()
