"""The users of an existing RomM, from PostgreSQL, MariaDB, MySQL or SQLite. Read-only.

Tables differ between versions: only `id`, `username` and `role` are required.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, NullPool, RowMapping, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from romm.adapters.database.engines import BUSY_SECONDS, STATEMENT_SECONDS, migrating
from romm.domain.accounts.imports import ForeignUser
from romm.domain.errors import Code, Refused
from romm.settings.database import asynchronous

_NEEDED = {"id", "username", "role"}
_KINDS = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}
_FORM = "it must look like postgresql://user:password@host/name or mysql://user:password@host/name"
_SPECIAL = "in a password write special characters as %XX"


class SQLForeignUsers:
    """Accepts a URL with any installed driver; ours are asyncpg and PyMySQL."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def read(self) -> list[ForeignUser]:
        scheme, _, rest = self._url.partition("://")
        kind = _KINDS.get(scheme.lower().partition("+")[0])
        with _explained():
            if kind is None or rest.count("@") > 1:  # part of a password would be parsed as the host, and logged
                raise ValueError(f"{_FORM}; {_SPECIAL}")
            if kind == "postgresql":
                return await _from_postgresql(rest)
            return await asyncio.to_thread(_from_mysql if kind == "mysql" else _from_sqlite, rest)


async def _from_postgresql(rest: str) -> list[ForeignUser]:
    engine = migrating(asynchronous(f"postgresql://{rest}"))
    try:
        async with engine.connect() as connection:
            reading = await connection.execution_options(postgresql_readonly=True)
            return await reading.run_sync(_users)
    finally:
        await engine.dispose()


def _from_mysql(rest: str) -> list[ForeignUser]:
    try:
        address = make_url(f"mysql+pymysql://{rest}")
    except (SQLAlchemyError, ValueError):
        address = None  # the parser's errors would repeat parts of the password
    if address is None or not address.database:
        raise ValueError(f"{_FORM}; {_SPECIAL}")
    limits = {"connect_timeout": BUSY_SECONDS, "read_timeout": STATEMENT_SECONDS}
    return _read(address, limits, "SET time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY")


def _from_sqlite(rest: str) -> list[ForeignUser]:
    file = f"file:{quote(str(PurePath(rest.partition('?')[0][1:])))}?mode=ro"
    return _read(URL.create("sqlite+pysqlite", database=file, query={"uri": "true"}), {"timeout": BUSY_SECONDS})


def _read(address: URL, arguments: Mapping[str, Any], *before: str) -> list[ForeignUser]:
    engine = create_engine(address, connect_args=dict(arguments), poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        for statement in before:
            connection.exec_driver_sql(statement)
        return _users(connection)


def _users(connection: Connection) -> list[ForeignUser]:
    rows = connection.execute(text("SELECT * FROM users ORDER BY id")).mappings().all()
    for row in rows[:1]:
        if missing := _NEEDED - set(row):
            raise ValueError(f"its table users has no {' and no '.join(sorted(missing))}, so it is not RomM's")
    groups: dict[Any, str] = {}
    if any(row.get("permission_group_id") is not None for row in rows):
        groups = {row.id: row.name for row in connection.execute(text("SELECT id, name FROM permission_groups"))}
    return [_user(row, groups) for row in rows]


def _user(row: RowMapping, groups: Mapping[Any, str]) -> ForeignUser:
    return ForeignUser(
        id=row["id"],
        username=row["username"] or "",
        password_hash=row.get("hashed_password"),
        email=row.get("email"),
        enabled=bool(row.get("enabled", True)),
        role=row["role"] or "",
        group=groups.get(row.get("permission_group_id")),
        created_at=_time(row.get("created_at")),
        last_login=_time(row.get("last_login")),
    )


def _time(value: Any) -> datetime | None:
    """SQLite has no time type."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, datetime) else None


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        command = "pip install --require-hashes -r requirements/mysql.txt"
        problem = f"the Python package PyMySQL is missing, which MySQL needs. In RomM's source run `{command}`"
        raise Refused(Code.IMPORT_UNREADABLE, problem=problem) from error
    except Refused as refused:  # e.g. asyncpg is missing: the advice there is about our own database
        raise Refused(Code.IMPORT_UNREADABLE, problem="{problem}. {fix}".format_map(refused.facts)) from refused
    except (SQLAlchemyError, OSError, ValueError, TypeError) as error:  # PyMySQL: TypeError for an unknown option
        raise Refused(Code.IMPORT_UNREADABLE, problem=_problem(error)) from error


def _problem(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    cause = original.__cause__ or original
    match cause.args:
        case (int(), str(message)):  # errors of PyMySQL and of the system
            return message.rstrip(".")
    return str(cause).rstrip(".")
