"""The last use of a credential is written behind, once, and never lost."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from romm.adapters.credentials.last_uses import MOST, LastUses
from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.database.transactions import Database
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.errors import Code, Refused
from romm.domain.model import Account
from tests.adapters.conftest import Stores, in_database
from tests.adapters.examples import alice, session
from tests.domain.examples import NOW
from tests.fakes import FakeClock

T = TypeVar("T")
LATER = NOW + timedelta(minutes=2)


class WatchedDatabase(Database):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.writes = self.written = 0
        self.is_full = False

    async def write(self, work: Callable[[Connection], T]) -> T:
        if self.is_full:
            raise Refused(Code.STORAGE_UNAVAILABLE, problem="the disk is full")
        self.writes += 1
        done = await super().write(work)
        self.written += 1
        return done


@pytest.fixture
async def database(migrated: Path, tmp_path: Path) -> AsyncIterator[WatchedDatabase]:
    opened = WatchedDatabase(f"sqlite+aiosqlite:///{shutil.copy(migrated, tmp_path / 'romm.db')}")
    yield opened
    await opened.close()


@pytest.fixture
def stores(database: WatchedDatabase) -> Stores:
    return in_database(database, FakeClock(NOW))


async def with_sessions(stores: Stores, count: int = 1) -> tuple[Account, list[Credential]]:
    owner = await alice(stores)
    sessions = [session(owner, f"digest {number}") for number in range(count)]
    await stores.credentials.add(owner, *sessions)
    return owner, sessions


async def written(database: WatchedDatabase, count: int) -> None:
    """Has as many transactions behind it."""
    async with asyncio.timeout(30):
        while database.written < count:  # noqa: ASYNC110  (a commit tells no event)
            await asyncio.sleep(0.01)


async def used(stores: Stores, each: Credential) -> Credential:
    found = await stores.credentials.find(Kind.SESSION, each.digest)
    assert found is not None
    return found[0]


async def test_the_uses_of_a_while_are_one_commit_that_no_request_waits_for(stores: Stores, database: WatchedDatabase):
    owner, sessions = await with_sessions(stores, 20)
    uses, before = LastUses(database, after=0.05), database.writes

    for each in sessions * 3:
        uses.note(each, LATER)
    assert database.writes == before
    await written(database, before + 1)

    assert database.writes == before + 1
    assert {(await used(stores, each)).last_used_at for each in sessions} == {LATER}
    seen = await stores.accounts.get(owner.id)
    assert seen is not None
    assert seen.last_active == LATER


async def test_a_later_use_is_written_too(stores: Stores, database: WatchedDatabase):
    _, (each,) = await with_sessions(stores)
    uses = LastUses(database, after=0.02)

    for moment in (LATER, LATER + timedelta(minutes=1)):
        before = database.written
        uses.note(await used(stores, each), moment)
        await written(database, before + 1)

        assert (await used(stores, each)).last_used_at == moment


async def test_of_two_workers_that_saw_the_same_minute_one_writes(stores: Stores, database: WatchedDatabase):
    _, (each,) = await with_sessions(stores)
    here, there = LastUses(database), LastUses(database)
    here.note(each, LATER + timedelta(seconds=1))
    there.note(each, LATER)

    await here.write()
    await there.write()

    owner = await stores.accounts.get(each.account_id)
    assert owner is not None
    assert (await used(stores, each)).last_used_at == owner.last_active == LATER + timedelta(seconds=1)


async def test_a_worker_that_ends_loses_no_use(stores: Stores, database: WatchedDatabase):
    _, (each,) = await with_sessions(stores)
    ending = SQLCredentials(database, FakeClock(NOW))
    await ending.touch(each, LATER)

    await ending.close()

    assert (await used(stores, each)).last_used_at == LATER


async def test_a_worker_that_ends_waits_for_what_is_being_written(stores: Stores, database: WatchedDatabase):
    _, (each,) = await with_sessions(stores)
    uses = LastUses(database, after=0)
    uses.note(each, LATER)
    await asyncio.sleep(0.001)

    await uses.close()

    assert (await used(stores, each)).last_used_at == LATER


async def test_a_use_that_cannot_be_written_is_kept_and_disturbs_nobody(stores: Stores, database: WatchedDatabase):
    _, (each, other) = await with_sessions(stores, 2)
    uses = LastUses(database)
    uses.note(each, LATER)
    database.is_full = True
    await uses.write()
    database.is_full = False

    uses.note(other, LATER)
    await uses.close()

    assert [(await used(stores, one)).last_used_at for one in (each, other)] == [LATER, LATER]


async def test_a_database_that_stays_full_does_not_fill_the_memory(stores: Stores, database: WatchedDatabase):
    _, (each,) = await with_sessions(stores)
    uses = LastUses(database)

    for number in range(MOST + 10):
        uses.note(replace(each, digest=f"digest {number}"), LATER)

    assert uses.noted == MOST


async def test_even_as_many_as_are_kept_are_written_once_the_database_is_back(
    stores: Stores, database: WatchedDatabase
):
    """Else none of this process would be written again."""
    _, (each,) = await with_sessions(stores)
    uses, before = LastUses(database, after=0.01), database.written
    database.is_full = True
    for number in range(MOST):
        uses.note(replace(each, digest=f"digest {number}"), LATER)
    await asyncio.sleep(0.05)
    database.is_full = False

    uses.note(each, LATER)
    await written(database, before + 1)

    assert uses.noted == 0
    assert (await used(stores, each)).last_used_at == LATER
