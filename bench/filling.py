"""Fills a migrated database that has one administrator, signed in, by a few statements."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.ext.asyncio import create_async_engine

from romm.adapters.database.tables import Base
from romm.domain.model import AccessLevel

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
BEGINNING = "person-"
"""Of every new account's name, all of one length: a search for it finds full pages of equal width, however many there are."""

_QUICKER = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -400000",
)
_INDEXES = text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")


def fill(url: str, accounts: int) -> None:
    """Each account has an identity, a session and a line in the log."""
    asyncio.run(_fill(url, accounts))


async def _fill(url: str, accounts: int) -> None:
    scheme, _, rest = url.partition(":")
    engine = create_async_engine(f"{DRIVERS[scheme]}:{rest}")
    async with engine.connect() as connection:
        for statement in _QUICKER if scheme == "sqlite" else ():
            await connection.execute(text(statement))
        indexes = (await connection.execute(_INDEXES)).all() if scheme == "sqlite" else []
        for index in indexes:  # sorted at the end, which is much faster than random inserts
            await connection.execute(text(f"DROP INDEX {index.name}"))
        await connection.run_sync(_insert, accounts)
        for index in indexes:
            await connection.execute(text(index.sql))
        await connection.commit()
    if scheme == "postgresql":
        async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("VACUUM (ANALYZE)"))  # autovacuum would, some minutes later
    await engine.dispose()


def _insert(connection: Connection, accounts: int) -> None:
    tables = Base.metadata.tables
    people, first = tables["accounts"], connection.execute(select(func.max(tables["accounts"].c.id))).scalar_one()
    numbers = _numbers(accounts)
    name = literal(BEGINNING).concat(_scattered(numbers.c.n).cast(people.c.username.type))
    new = {
        "username": name,
        "email": name.concat("@example.org"),
        "level": literal(AccessLevel.VIEWER, people.c.level.type),
    }
    _copy(connection, people, numbers, new)
    everyone = select(people.c.id).where(people.c.id > first).subquery()
    random = _random(connection, everyone.c.id)
    owner: dict[str, ColumnElement[Any]] = {"account_id": everyone.c.id}
    identity: dict[str, ColumnElement[Any]] = {
        "issuer": literal("https://idp.example.org"),
        "subject": random,
        "linked_at": func.current_timestamp(),
        "rule": literal("L-11a"),
    }
    connection.execute(_into(tables["identities"], everyone, owner | identity))
    _copy(connection, tables["credentials"], everyone, owner | {"digest": random, "family": random})
    _copy(connection, tables["sign_ins"], everyone, owner | {"correlation_id": random})


def _copy(connection: Connection, table: Table, each: FromClause, new: Mapping[str, ColumnElement[Any]]) -> None:
    """The table's first row for each row of `each`; what is the row's name there is the new name here."""
    row = connection.execute(select(table).order_by(table.c.id).limit(1)).mappings().one()

    def is_name(value: object) -> bool:
        return value is not None and value == row.get("username")

    same = {
        column.name: new["username"] if is_name(row[column]) else literal(row[column], column.type)
        for column in table.columns
        if not column.primary_key and not column.computed
    }
    connection.execute(_into(table, each, {**same, **new}))


def _into(table: Table, each: FromClause, columns: Mapping[str, ColumnElement[Any]]) -> Any:
    chosen: Select[Any] = select(*(value.label(name) for name, value in columns.items())).select_from(each)
    return insert(table).from_select([*columns], chosen)


def _numbers(count: int) -> FromClause:
    first = select(literal(1).label("n")).cte("numbers", recursive=True)
    return first.union_all(select(first.c.n + 1).where(first.c.n < count))


def _scattered(number: ColumnElement[int]) -> ColumnElement[int]:
    """Eight digits, another number for each of the first ten million: in the order of the names, rows are not neighbours."""
    return 10_000_000 + number.cast(BigInteger) * 611_953 % 10_000_000


def _random(connection: Connection, seed: ColumnElement[int]) -> ColumnElement[str]:
    """64 hexadecimal digits, like a digest's."""
    if connection.dialect.name == "sqlite":
        return func.lower(func.hex(func.randomblob(32)))
    return func.encode(
        func.sha256(func.convert_to(seed.cast(Base.metadata.tables["accounts"].c.username.type), "UTF8")), "hex"
    )
