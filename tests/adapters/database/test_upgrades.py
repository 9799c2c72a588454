"""From every version's database, with people in it, to this one and back."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Boolean, Column, Connection, DateTime, Integer, MetaData, Numeric, insert, select

from romm.adapters.database.migrations import alembic_config, upgrade
from romm.adapters.database.transactions import HEAD, Database
from romm.adapters.sign_in.accounts import SQLAccounts
from tests.adapters.database.test_migrations import inspected, versions, written
from tests.domain.examples import NOW

REVISIONS = [path.stem.partition("_")[0] for path in versions()]
ACCOUNT = {"id": 7, "username": "alice", "email": "alice@example.org", "enabled": True, "level": "admin"}
CHOSEN: dict[tuple[str, str], Any] = {
    ("credentials", "kind"): "session",
    ("sign_ins", "method"): "openid",
    ("sign_ins", "outcome"): "signed_in",
    ("sign_ins", "received"): '{"email": "alice@example.org"}',
    ("accounts", "email_source"): "owner",
}
"""What a column has to say; others get a value of their type."""


def fill(connection: Connection) -> None:
    """A row in each table that this version has, in the order of foreign keys."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        if table.name != "alembic_version":
            connection.execute(insert(table).values({each.name: value(table.name, each) for each in table.columns}))


def value(table: str, column: "Column[Any]") -> Any:
    if table == "accounts" and column.name in ACCOUNT:
        return ACCOUNT[column.name]
    if column.name == "account_id":
        return 7
    if (table, column.name) in CHOSEN:
        return CHOSEN[table, column.name]
    if column.foreign_keys or column.nullable:
        return None
    match column.type:
        case DateTime():
            return NOW
        case Boolean():
            return False
        case Integer() | Numeric():
            return 1
        case _:
            return "[]" if column.name in ("scopes", "groups", "failures") else column.name


def people(connection: Connection) -> Sequence[tuple[int, str, str, bool, str]]:
    metadata = MetaData()
    metadata.reflect(connection, only=["accounts", "identities"])
    accounts, identities = metadata.tables["accounts"], metadata.tables["identities"]
    columns = [accounts.c[name] for name in ACCOUNT]
    joined = accounts.join(identities, identities.c.account_id == accounts.c.id)
    return [tuple(row) for row in connection.execute(select(*columns, identities.c.subject).select_from(joined))]


SAME = [(*ACCOUNT.values(), "subject")]


@pytest.mark.filterwarnings("ignore:.*expression-based index '?ix_accounts_legacy_hash")  # on SQLite
@pytest.mark.parametrize("revision", REVISIONS)
def test_people_of_every_version_are_the_same_after_the_upgrade_and_after_the_way_back(
    bare_url: str, revision: str
) -> None:
    upgrade(bare_url, revision)
    asyncio.run(written(bare_url, fill))
    upgrade(bare_url)
    assert asyncio.run(inspected(bare_url, people)) == SAME
    assert asyncio.run(found_by_name(bare_url)) == ("alice", 1)
    command.downgrade(alembic_config(bare_url), revision)
    assert asyncio.run(inspected(bare_url, people)) == SAME
    upgrade(bare_url)
    assert asyncio.run(inspected(bare_url, people)) == SAME


async def found_by_name(url: str) -> tuple[str, int] | None:
    """By this version's own code."""
    database = Database(url)
    found = await SQLAccounts(database).password("alice")
    await database.close()
    return (found[0].username, len(found[0].links)) if found else None


def test_every_version_is_there() -> None:
    assert REVISIONS[-1] == HEAD
    assert [int(each) for each in REVISIONS] == list(range(1, len(REVISIONS) + 1))
