"""Look-ups on PostgreSQL: prepared, few connections, and a server that goes away between two of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Select, bindparam, literal_column, select, text

from romm.adapters.database.engines import engines
from romm.adapters.database.postgresql.kept import LOOKUPS, Kept
from romm.adapters.database.prepared import Prepared
from romm.adapters.database.tables import AccountRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.errors import Code, Refused
from tests.adapters.conftest import on_postgres
from tests.domain.examples import NOW
from tests.factories import new_account

pytestmark = [on_postgres, pytest.mark.parametrize("url", ["postgres"], indirect=True)]

BY_NAME = select(AccountRow.level, AccountRow.created_at).where(AccountRow.username == bindparam("username"))
CONNECTION: Select[Any] = select(literal_column("pg_backend_pid()"))
SLOW: Select[Any] = select(literal_column("pg_sleep(0.3)::text"), literal_column("pg_backend_pid()"))
BROKEN: Select[Any] = select(literal_column("1 / 0"))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    yield opened
    await opened.close()


async def test_a_look_up_gives_what_any_query_gives(database: Database):
    await SQLAccounts(database).create(new_account("alice"), NOW)

    for name in ("alice", "nobody", "alice"):
        found = await database.lookup(BY_NAME, {"username": name})
        assert [tuple(each) for each in found] == list(await database.fetch(BY_NAME, {"username": name}))


async def test_one_connection_serves_one_look_up_after_the_other(database: Database):
    found = {(await database.lookup(CONNECTION, {}))[0][0] for _ in range(20)}

    assert len(found) == 1
    assert database.connections_in_use == 0


async def test_a_crowd_has_few_connections(database: Database):
    found = await asyncio.gather(*(database.lookup(SLOW, {}) for _ in range(2 * LOOKUPS)))

    assert len({rows[0][1] for rows in found}) == LOOKUPS


async def test_nothing_waits_for_its_turn_without_an_end(url: str):
    """A server that hangs is told of as fast as with the pool."""
    reads = engines(url).reads
    kept, slow = Kept(reads, at_most=1, wait=0.1), Prepared(SLOW, reads.dialect)

    first, second = await asyncio.gather(*(kept.lookup(slow, {}) for _ in range(2)), return_exceptions=True)

    assert isinstance(second, TimeoutError)
    assert first == await kept.lookup(slow, {})
    await kept.close()
    await reads.dispose()


async def test_a_server_that_ended_the_connection_is_asked_again(database: Database):
    ((pid,),) = await database.lookup(CONNECTION, {})
    async with database.read() as reader:
        await reader.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))

    for _ in range(2):
        ((again,),) = await database.lookup(CONNECTION, {})
        assert again != pid


async def test_a_request_that_ends_early_leaves_no_connection_in_its_state(database: Database):
    with suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            await database.lookup(SLOW, {})

    assert await asyncio.gather(*(database.lookup(CONNECTION, {}) for _ in range(2 * LOOKUPS)))
    assert database.connections_in_use == 0


async def test_a_mistake_of_ours_is_no_failure_of_the_database(database: Database):
    with pytest.raises(Exception, match="division by zero") as raised:
        await database.lookup(BROKEN, {})

    assert not isinstance(raised.value, Refused)


async def test_a_server_that_is_not_there_is_unavailable(url: str):
    database = Database("postgresql+asyncpg://romm@127.0.0.1:9/romm")

    with pytest.raises(Refused) as refused:
        await database.lookup(CONNECTION, {})

    assert refused.value.code is Code.STORAGE_UNAVAILABLE
    await database.close()
