"""The contract of `ports.Seal`, and the keys in the database."""

import asyncio
import base64
import os
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from romm.adapters.database.tables import SealingKeyRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.sealing import FRESH, KEPT, LOOK_AGAIN, DatabaseSeal
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME
from tests.adapters.conftest import Stores
from tests.domain.examples import NOW
from tests.fakes import FakeClock

CONTENT = b"nonce, verifier and \x00\xff"


async def keys(database: Database) -> list[tuple[str, bool]]:
    """The ids of the keys, and whether each one seals."""
    async with database.read() as reader:
        rows = await reader.execute(select(SealingKeyRow.id, SealingKeyRow.expires_at))
        return sorted((row.id, row.expires_at is None) for row in rows)


async def test_what_one_process_sealed_another_opens(rivals: list[Stores]):
    sealed = await rivals[0].seal.seal(CONTENT, "attempt 1")

    assert await rivals[1].seal.open(sealed, "attempt 1") == CONTENT


async def test_a_seal_opens_for_its_own_use_only(stores: Stores):
    sealed = await stores.seal.seal(CONTENT, "attempt 1")

    assert await stores.seal.open(sealed, "attempt 2") is None


async def test_what_was_sealed_opens_after_a_rotation(rivals: list[Stores]):
    sealed = await rivals[0].seal.seal(CONTENT, "x")

    await rivals[1].seal.rotate()

    assert await rivals[0].seal.open(sealed, "x") == CONTENT
    assert await rivals[0].seal.open(await rivals[1].seal.seal(CONTENT, "y"), "y") == CONTENT


async def test_equal_contents_have_different_seals(stores: Stores):
    assert await stores.seal.seal(CONTENT, "x") != await stores.seal.seal(CONTENT, "x")


async def test_a_seal_shows_nothing_and_fits_into_a_cookie(database: Database):
    seal = DatabaseSeal(database, FakeClock(NOW))
    content = b"a" * 1024

    sealed = await seal.seal(content, "x")

    assert content[:8] not in base64.urlsafe_b64decode(sealed + "==")
    assert sealed.replace("-", "").replace("_", "").isalnum()
    assert len(sealed) < 45 + len(content) * 4 / 3


async def test_every_changed_bit_is_noticed(database: Database):
    seal = DatabaseSeal(database, FakeClock(NOW))
    sealed = await seal.seal(CONTENT, "x")
    raw = bytearray(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)))
    for position in range(len(raw)):
        raw[position] ^= 1
        assert await seal.open(base64.urlsafe_b64encode(raw).decode(), "x") is None
        raw[position] ^= 1
    assert await seal.open(base64.urlsafe_b64encode(raw).decode(), "x") == CONTENT


@pytest.mark.parametrize("text", ["", "x", "é", "=" * 9, "A" * 43, "A" * 5000, "%00", "🗝️"])
async def test_a_text_that_is_no_seal_opens_nothing(stores: Stores, text: str):
    assert await stores.seal.open(text, "x") is None


@given(st.text())
def test_no_text_makes_it_fail(text: str):
    class Empty:
        async def fetch(self, *_: object) -> list[object]:
            return []

    assert asyncio.run(DatabaseSeal(Empty(), FakeClock(NOW)).open(text, "x")) is None  # type: ignore[arg-type]  # a fake


async def test_the_key_is_made_once(url: str):
    clock = FakeClock(NOW)
    databases = [Database(url) for _ in range(4)]
    seals = [DatabaseSeal(each, clock) for each in databases]

    sealed = [await seal.seal(CONTENT, "x") for seal in seals * 2]

    assert [is_newest for _, is_newest in await keys(databases[0])] == [True]
    assert {await seal.open(each, "x") for each in sealed for seal in seals} == {CONTENT}
    for each in databases:
        await each.close()


async def test_processes_that_begin_at_once_understand_each_other(url: str):
    clock = FakeClock(NOW)
    databases = [Database(url) for _ in range(4)]
    seals = [DatabaseSeal(each, clock) for each in databases]

    sealed = await asyncio.gather(*(seal.seal(CONTENT, "x") for seal in seals * 5))

    assert {await seal.open(each, "x") for each in sealed for seal in seals} == {CONTENT}
    if url.startswith("sqlite"):  # elsewhere two transactions may both find none; the newest of their keys seals
        assert len(await keys(databases[0])) == 1
    for each in databases:
        await each.close()


async def test_a_new_key_seals_and_the_old_one_opens_for_as_long_as_an_attempt_may_need_it(database: Database):
    clock = FakeClock(NOW)
    here, elsewhere = DatabaseSeal(database, clock), DatabaseSeal(database, clock)
    before = await here.seal(CONTENT, "x")
    await elsewhere.open(before, "x")

    await here.rotate()

    assert [is_newest for _, is_newest in await keys(database)].count(True) == 1
    assert (await here.seal(CONTENT, "x"))[:5] != before[:5]
    clock.advance(FRESH)
    last = await elsewhere.seal(CONTENT, "x")
    assert last[:5] == before[:5], "the other process has not looked yet"
    clock.advance(ATTEMPT_LIFETIME)
    assert await here.open(last, "x") == CONTENT
    assert (await elsewhere.seal(CONTENT, "x"))[:5] != before[:5]
    clock.advance(KEPT)
    for seal in (here, elsewhere, DatabaseSeal(database, clock)):
        assert await seal.open(last, "x") is None


async def test_a_key_that_nothing_needs_any_more_goes_at_the_next_rotation(database: Database):
    clock = FakeClock(NOW)
    seal = DatabaseSeal(database, clock)
    await seal.seal(CONTENT, "x")
    [(first, _)] = await keys(database)
    await seal.rotate()
    clock.advance(KEPT + timedelta(seconds=1))

    await seal.rotate()

    assert first not in dict(await keys(database))
    assert len(await keys(database)) == 2


async def test_a_known_key_costs_no_look_up(url: str):
    clock, database = FakeClock(NOW), Database(url)
    seal = DatabaseSeal(database, clock)
    sealed = await seal.seal(CONTENT, "x")
    await database.close()

    assert await seal.open(sealed, "x") == CONTENT


async def test_cookies_with_invented_keys_cost_a_read_now_and_then(database: Database):
    class Counted:
        reads = 0

        async def fetch(self, *arguments: Any) -> Any:
            self.reads += 1
            return await database.fetch(*arguments)

    clock, counted = FakeClock(NOW), Counted()
    seal = DatabaseSeal(counted, clock)  # type: ignore[arg-type]  # only reading is counted
    for _ in range(100):
        assert await seal.open(base64.urlsafe_b64encode(os.urandom(64)).decode(), "x") is None
    assert counted.reads == 1
    sealed = await DatabaseSeal(database, clock).seal(CONTENT, "x")
    clock.advance(LOOK_AGAIN)
    assert await seal.open(sealed, "x") == CONTENT
