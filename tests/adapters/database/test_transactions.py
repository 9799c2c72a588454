"""What every adapter relies on: transactions that lose nothing, and errors that mean the same on each database."""

import asyncio
import time
from contextlib import suppress

import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from romm.adapters.accounts.lists import SQLAccountLists
from romm.adapters.credentials.devices import SQLDevices
from romm.adapters.database.tables import AccountRow, CredentialRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.diagnosis.storage import Cause
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel
from romm.ports.accounts import AccountQuery
from romm.ports.conflicts import Conflict
from tests.adapters.conftest import on_postgres
from tests.domain.examples import NOW

SECRET = "a secret value"


on_postgres_only = pytest.mark.parametrize("url", [pytest.param("postgres", marks=on_postgres)], indirect=True)


def account(username: str | None = "alice", **changes: object) -> dict[str, object]:
    times = {"created_at": NOW, "updated_at": NOW}
    ordinary = {"username": username, "enabled": True, "level": AccessLevel.VIEWER, "version": 1}
    return {**ordinary, **times, **changes}


async def usernames(database: Database) -> list[str]:
    async with database.read() as reader:
        return list((await reader.scalars(select(AccountRow.username))).all())


async def test_what_is_written_can_be_read(database: Database):
    await database.write(lambda connection: connection.execute(insert(AccountRow).values(account())).rowcount)

    assert await usernames(database) == ["alice"]


async def test_an_exception_takes_back_everything(database: Database):
    def fail(connection: Connection) -> None:
        connection.execute(insert(AccountRow).values(account()))
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fail)

    assert await usernames(database) == []


async def test_a_cancelled_request_leaves_a_whole_transaction_or_none(database: Database):
    def slow(connection: Connection) -> None:
        connection.execute(insert(AccountRow).values(account("alice")))
        time.sleep(0.2)
        connection.execute(insert(AccountRow).values(account("carol")))

    with suppress(TimeoutError):
        await asyncio.wait_for(database.write(slow), 0.1)

    assert await usernames(database) in ([], ["alice", "carol"])
    await database.write(lambda connection: connection.execute(insert(AccountRow).values(account("bob"))).rowcount)


async def test_updates_of_several_processes_are_not_lost(url: str):
    databases = [Database(url) for _ in range(4)]
    await databases[0].write(lambda connection: connection.execute(insert(AccountRow).values(account())).rowcount)

    def increment(connection: Connection) -> None:
        version = connection.execute(select(AccountRow.version).with_for_update()).scalar_one()
        connection.execute(update(AccountRow).values(version=version + 1))

    await asyncio.gather(*(databases[n % 4].write(increment) for n in range(40)))

    async with databases[0].read() as reader:
        assert await reader.scalar(select(AccountRow.version)) == 41
    for each in databases:
        await each.close()


async def test_a_violated_constraint_that_means_nothing_to_us_is_our_mistake(database: Database):
    with pytest.raises(IntegrityError):
        await database.write(
            lambda connection: connection.execute(insert(AccountRow).values(account(username=None))).rowcount
        )


async def test_a_level_that_does_not_exist_is_not_stored(database: Database):
    await database.write(lambda connection: connection.execute(insert(AccountRow).values(account())).rowcount)

    with pytest.raises(IntegrityError):
        await database.write(
            lambda connection: connection.execute(text("UPDATE accounts SET level = 'owner'")).rowcount
        )


async def test_a_credential_needs_an_owner(database: Database):
    times = dict.fromkeys(("created_at", "last_used_at", "expires_at"), NOW)
    orphan = {
        "digest": "d",
        "kind": "session",
        "account_id": 99,
        "scopes": "",
        "address": "",
        "user_agent": "",
    }

    with pytest.raises((IntegrityError, Conflict)):  # SQLite does not say what is missing
        await database.write(
            lambda connection: connection.execute(insert(CredentialRow).values(orphan | times)).rowcount
        )


async def test_no_error_tells_the_values_it_is_about(database: Database):
    await database.write(
        lambda connection: connection.execute(insert(AccountRow).values(account(password_hash=SECRET))).rowcount
    )

    again = insert(AccountRow).values(account(password_hash=SECRET))
    with pytest.raises(Conflict) as refused:
        await database.write(lambda connection: connection.execute(again).rowcount)

    assert refused.value.__cause__ is not None
    assert SECRET not in str(refused.value.__cause__)


@on_postgres_only
async def test_a_wrong_statement_is_our_mistake_and_no_failing_database(database: Database):
    with pytest.raises(DBAPIError):
        async with database.read() as reader:
            await reader.execute(text("SELECT nonsense FROM accounts"))


async def test_a_database_without_tables_is_not_ready(bare_url: str):
    database = Database(bare_url)

    assert await database.revision() is None
    assert not await database.ready()
    with pytest.raises(Refused) as refused:
        await SQLAccounts(database).any_admin()
    assert refused.value.code is Code.STORAGE_UNAVAILABLE
    assert refused.value.facts["cause"] == Cause.EMPTY
    await database.close()


async def test_a_migrated_database_is_ready(database: Database):
    assert await database.ready()


async def test_a_database_that_takes_no_writes_is_not_ready(database: Database):
    await database.write(_read_only)
    with pytest.raises(Refused) as refused:
        await database.ready()
    assert refused.value.code is Code.STORAGE_UNAVAILABLE


async def test_a_write_vouches_for_a_while_so_that_asking_costs_little(database: Database):
    await database.ready()
    await database.write(_read_only)
    assert await database.ready()


def _read_only(connection: Connection) -> None:
    """As a full disk or a standby server: what is written is refused, what is read is not."""
    standby = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
    connection.execute(text("PRAGMA query_only=ON" if connection.dialect.name == "sqlite" else standby))


async def test_a_database_of_another_version_is_not_ready(database: Database):
    await database.write(
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '0000'")).rowcount
    )

    assert await database.revision() == "0000"
    assert not await database.ready()


@pytest.mark.parametrize("number", [2**63, 10**30, -(10**30)])
async def test_a_number_that_no_database_holds_is_a_mistake_of_who_asks(database: Database, number: int):
    for ask in (
        lambda: SQLAccounts(database).get(number),
        lambda: SQLAccountLists(database).page(AccountQuery(limit=1, offset=number)),
    ):
        with pytest.raises(Refused) as refused:
            await ask()
        assert refused.value.code is Code.REQUEST_INVALID


@pytest.mark.parametrize("number", [2**63, 10**30])
async def test_such_a_number_is_not_written_either(database: Database, number: int):
    with pytest.raises(Refused) as refused:
        await SQLDevices(database, lambda: NOW).end(number, 1)
    assert refused.value.code is Code.REQUEST_INVALID
