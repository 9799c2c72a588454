"""Transactions and their errors."""

import math
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from traceback import clear_frames
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Delete,
    Engine,
    QueuePool,
    Row,
    Select,
    delete,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from romm.adapters.database.causes import NOWHERE, Place, explained, is_privilege, place_of, sqlstate
from romm.adapters.database.engines import BUSY_SECONDS, engines
from romm.adapters.database.postgresql.kept import Kept
from romm.adapters.database.prepared import prepared
from romm.adapters.database.sqlite.inline import Inline
from romm.adapters.database.sqlite.writer import Writer
from romm.domain.errors import Code, Refused
from romm.ports.conflicts import Conflict

T = TypeVar("T")

HEAD = "0017"
"""The newest migration, repeated here: the server does not import alembic."""

FORGOTTEN_AT_ONCE = 500
"""Rows that one request deletes, in one or two milliseconds."""

WRITE_CHECK_SECONDS = 5.0
"""How long a successful write is trusted: readiness is public."""

_CONFLICTS = {
    "uq_accounts_username": "username",
    "accounts.username": "username",
    "uq_accounts_email": "email",
    "accounts.email": "email",
    "uq_identities_issuer_subject": "identity",
    "identities.issuer, identities.subject": "identity",
    "uq_identities_account_id_issuer": "identity",
    "identities.account_id, identities.issuer": "identity",
    "uq_device_authorizations_user_code_digest": "user_code",
    "device_authorizations.user_code_digest": "user_code",
    "pk_logout_tokens": "logout_token",
    "logout_tokens.digest": "logout_token",
    "pk_checkups": "checkup",
    "checkups.name": "checkup",
    "pk_login_attempts": "attempt",
    "login_attempts.state_digest": "attempt",
    "fk_credentials_device_id_devices": "device",
    "FOREIGN KEY constraint failed": "device",  # SQLite gives no name; the account is checked before
}  # PostgreSQL reports the constraint's name, SQLite its columns

_OUR_MISTAKES = ("22", "42")  # SQLSTATE classes: data exception; syntax error or access rule violation

_UNDEFINED_TABLE = "42P01"

_NOT_STORABLE = "22021"  # a NUL: PostgreSQL rejects it, SQLite finds nothing


class Database:
    """Connects lazily; belongs to one event loop. Every method raises `Refused(STORAGE_UNAVAILABLE)`."""

    def __init__(self, url: str) -> None:
        self._engines = made = engines(url)
        self._place = place_of(url)
        self._writes = Writer(made.writes, wait=BUSY_SECONDS) if isinstance(made.writes, Engine) else made.writes
        self._inline = None if made.inline is None else Inline(made.inline)
        self._kept = Kept(made.reads)
        self._wrote_at = -math.inf

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Each statement sees the newest state: use one statement for facts that must agree."""
        with storage_errors(self._place):
            async with self._engines.reads.connect() as connection:
                yield connection

    async def write(self, work: Callable[[Connection], T]) -> T:
        """One transaction, rolled back by any exception. Never nested. Raises `Conflict` for a unique constraint.

        `work` is short, touches only its connection and returns no unfetched rows: on SQLite it runs on the event loop or
        in a thread.
        """
        with storage_errors(self._place):
            if isinstance(self._writes, Writer):
                return await self._writes.run(work)
            async with self._writes.begin() as connection:
                return await connection.run_sync(work)

    async def fetch(
        self, statement: Select[Any] | CompoundSelect[Any], parameters: Mapping[str, Any]
    ) -> Sequence[Row[Any]]:
        """On SQLite on the event loop, or in aiosqlite's thread while the file is locked (repair, restore)."""
        if self._inline is not None:
            with storage_errors(self._place), suppress(OperationalError):
                return self._inline.fetch(statement, parameters)
        async with self.read() as reader:
            return (await reader.execute(statement, parameters)).all()

    async def lookup(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """As `fetch`, for a module's constant that runs often; rows have no names."""
        ready = prepared(statement, self._engines.reads.dialect)
        with storage_errors(self._place), suppress(OperationalError, sqlite3.OperationalError):
            if self._inline is not None:
                return self._inline.lookup(ready, parameters)
            if (found := await self._kept.lookup(ready, parameters)) is not None:
                return found
        return await self.fetch(statement, parameters)

    def version(self) -> int | None:
        """Another number after each commit of any connection. Ask before reading, for data that is not older.

        None with PostgreSQL, and as `Inline.version`.
        """
        return None if self._inline is None else self._inline.version()

    @property
    def connections_in_use(self) -> int:
        pool = self._engines.reads.pool
        return pool.checkedout() - self._kept.idle if isinstance(pool, QueuePool) else 0

    async def revision(self) -> str | None:
        """None for an empty database."""
        async with self.read() as connection:
            if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
                return None
            found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    async def ready(self) -> bool:
        """Is the schema this version's, and the database writable?"""
        if await self.revision() != HEAD:
            return False
        await self.check_write()
        return True

    async def check_write(self) -> None:
        """Changes nothing; fails on a full disk or a standby server."""
        if time.monotonic() - self._wrote_at < WRITE_CHECK_SECONDS:
            return
        await self.write(_write_revision)
        self._wrote_at = time.monotonic()

    async def close(self) -> None:
        if self._inline is not None:
            self._inline.close()
        await self._kept.close()
        await self._engines.reads.dispose()
        await (self._writes.close() if isinstance(self._writes, Writer) else self._writes.dispose())


def _write_revision(connection: Connection) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = version_num"))


def forget(key: InstrumentedAttribute[Any], is_old: ColumnElement[bool]) -> Delete:
    """A batch, without rows that another worker is deleting."""
    few = select(key).where(is_old).limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)
    return delete(key.class_).where(key.in_(few))


@contextmanager
def storage_errors(place: Place = NOWHERE) -> Iterator[None]:
    """Raises `Conflict` for a constraint, `Refused` for a failing database or a value it cannot store. Our bugs pass through."""
    try:
        yield
    except IntegrityError as error:
        _release(error)
        what = _CONFLICTS.get(_constraint(error))
        if what is None:
            raise
        raise Conflict(what) from error
    except (DBAPIError, sqlite3.Error, PoolTimeoutError, OSError, OverflowError, UnicodeEncodeError) as error:
        _release(error)
        if _is_too_large(error):
            raise Refused(Code.REQUEST_INVALID, problem="a number is larger than any that is stored") from error
        if isinstance(error, UnicodeEncodeError):
            raise Refused(Code.REQUEST_INVALID, problem="a text in it has half of a character") from error
        if sqlstate(error) == _NOT_STORABLE:
            raise Refused(Code.REQUEST_INVALID, problem="a text in it has a NUL character") from error
        if _is_ours(error):
            raise
        raise explained(error, place) from error


def _release(error: Exception) -> None:
    """Frees the traceback's cursor: collected later, it would block the event loop on another process's lock."""
    if (cause := getattr(error, "orig", None)) is not None:
        clear_frames(cause.__traceback__)


def _constraint(error: IntegrityError) -> str:
    cause = error.orig.__cause__ if error.orig is not None else None
    return getattr(cause, "constraint_name", None) or str(error.orig).removeprefix("UNIQUE constraint failed: ")


def _is_ours(error: Exception) -> bool:
    state = sqlstate(error)
    return state.startswith(_OUR_MISTAKES) and state != _UNDEFINED_TABLE and not is_privilege(error)


def _is_too_large(error: BaseException | None) -> bool:
    """SQLite's driver raises it directly, asyncpg as a cause."""
    while error is not None and not isinstance(error, OverflowError):
        error = error.__cause__
    return error is not None
