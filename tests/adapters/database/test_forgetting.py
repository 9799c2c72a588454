"""Rows that are over go beside other writes, seldom enough to cost nothing and often enough to stay few."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from romm.adapters.database.forgetting import FORGET_EVERY, Forgetting
from romm.adapters.database.tables import AttemptRow
from romm.adapters.database.transactions import Database
from tests.domain.examples import NOW

AT_ONCE = 3
OVER, STILL_GOOD = NOW - timedelta(days=1), NOW + timedelta(days=1)


@pytest.fixture
def forgetting() -> Forgetting:
    few = select(AttemptRow.state_digest).where(AttemptRow.expires_at < bindparam("now")).limit(AT_ONCE)
    return Forgetting(delete(AttemptRow).where(AttemptRow.state_digest.in_(few)), at_once=AT_ONCE)


async def add(database: Database, *expiries: datetime) -> None:
    def work(connection: Connection) -> None:
        count = connection.scalar(select(func.count()).select_from(AttemptRow)) or 0
        for number, expires_at in enumerate(expiries, count):
            row = {"state_digest": f"{expires_at} {number}", "taken_at": NOW, "outcome": None, "expires_at": expires_at}
            connection.execute(insert(AttemptRow), row)

    await database.write(work)


async def left(database: Database, forgetting: Forgetting, now: datetime) -> int:
    """The rows after a write at `now`."""

    def work(connection: Connection) -> int:
        forgetting.beside(connection, now, {"now": now})
        return connection.scalar(select(func.count()).select_from(AttemptRow)) or 0

    return await database.write(work)


async def test_the_first_write_of_a_process_deletes_what_is_over_and_nothing_else(
    database: Database, forgetting: Forgetting
):
    await add(database, OVER, STILL_GOOD)

    assert await left(database, forgetting, NOW) == 1


async def test_the_next_write_deletes_only_when_it_is_time_again(database: Database, forgetting: Forgetting):
    await left(database, forgetting, NOW)
    await add(database, OVER)

    assert await left(database, forgetting, NOW + FORGET_EVERY - timedelta(seconds=1)) == 1
    assert await left(database, forgetting, NOW + FORGET_EVERY) == 0


async def test_after_a_full_batch_the_next_write_goes_on(database: Database, forgetting: Forgetting):
    await add(database, *[OVER] * (AT_ONCE + 1))

    assert await left(database, forgetting, NOW) == 1
    assert await left(database, forgetting, NOW) == 0
