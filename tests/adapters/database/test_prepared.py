"""Statements that the driver carries out itself do the same as through SQLAlchemy."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, bindparam, func, insert, select, update
from sqlalchemy.dialects import sqlite

from romm.adapters.database.prepared import Prepared, Statement, execute
from romm.adapters.database.tables import AccountRow
from romm.adapters.database.transactions import Database
from romm.domain.model import AccessLevel, EmailSource
from romm.ports.conflicts import Conflict
from tests.domain.examples import NOW

LATER = NOW + timedelta(days=1)
_ADD = insert(AccountRow)
_CHANGE = update(AccountRow).where(AccountRow.id == bindparam("key"))
_OLDEST = select(AccountRow.id).where(AccountRow.enabled).order_by(AccountRow.id).limit(1)
_NEWER = select(AccountRow.id).where(AccountRow.id > bindparam("key"))
_NAMED = select(AccountRow.id).where(AccountRow.username.in_(bindparam("names", expanding=True)))
_MADE = Table("made", MetaData(), Column("name", Integer), Column("at", Integer, default=lambda: 1, onupdate=lambda: 2))


def account(username: str | None = "alice", **changes: object) -> dict[str, object]:
    times = {"created_at": NOW, "updated_at": NOW}
    return {"username": username, "enabled": True, "level": AccessLevel.EDITOR, "version": 1, **times, **changes}


def by_sqlalchemy(connection: Connection, statement: Statement, parameters: Mapping[str, Any]) -> Any:
    return connection.execute(statement, parameters)


@pytest.mark.parametrize("how", [execute, by_sqlalchemy])
async def test_every_type_comes_back_as_it_was(database: Database, how: Any) -> None:
    values = account(
        email=None,
        email_source=EmailSource.PROVIDER,
        role_from_claim=False,
        last_login=LATER,
        address_removed_at=None,
    )
    await database.write(lambda connection: how(connection, _ADD, values).rowcount)
    async with database.read() as reader:
        (row,) = (await reader.execute(select(*(getattr(AccountRow, name) for name in values)))).mappings()
    assert dict(row) == values


async def test_each_set_of_parameters_sets_its_own_columns(database: Database) -> None:
    names = {"email": "a@example.org", "email_source": EmailSource.PROVIDER, "role_from_claim": True}

    def work(connection: Connection) -> list[int]:
        execute(connection, _ADD, account(email=None, email_source=EmailSource.OWNER, role_from_claim=False))
        return [
            execute(connection, _CHANGE, {"key": 1, "last_login": LATER}).rowcount,
            execute(connection, _CHANGE, {"key": 1, **names}).rowcount,
            execute(connection, _CHANGE, {"key": 2, **names}).rowcount,
        ]

    assert await database.write(work) == [1, 1, 0]
    async with database.read() as reader:
        columns = (AccountRow.last_login, AccountRow.email, AccountRow.role_from_claim)
        assert (await reader.execute(select(*columns))).one() == (LATER, "a@example.org", True)


async def test_what_a_statement_brings_itself_counts(database: Database) -> None:
    def work(connection: Connection) -> Any:
        for name in ("alice", "bob"):
            facts = account(name, email_source=EmailSource.OWNER, role_from_claim=False)
            execute(connection, _ADD, facts)
        return execute(connection, _OLDEST, {}).fetchone()[0]

    assert await database.write(work) == 1
    assert [[*row] for row in await database.lookup(_OLDEST, {})] == [[1]]


async def test_a_constraint_is_a_conflict_and_takes_the_transaction_back(database: Database) -> None:
    facts = account(email_source=EmailSource.OWNER, role_from_claim=False)

    def work(connection: Connection) -> None:
        execute(connection, _ADD, facts)
        execute(connection, _ADD, facts)

    with pytest.raises(Conflict, match="username"):
        await database.write(work)
    assert (await database.fetch(select(func.count()).select_from(AccountRow), {}))[0][0] == 0


@pytest.mark.parametrize("statement", [_NAMED, insert(_MADE), update(_MADE)], ids=["values", "default", "onupdate"])
def test_a_statement_that_only_its_execution_completes_is_refused(statement: Statement) -> None:
    with pytest.raises(ValueError, match="only its parameters complete it"):
        Prepared(statement, sqlite.dialect(), ["name"])


def test_no_parameter_is_null_because_it_is_missing() -> None:
    with pytest.raises(KeyError, match="key"):
        Prepared(_NEWER, sqlite.dialect()).values({"keys": 1})
