"""The one door to the database: transactions, what their failures mean to us, and the state of its migrations."""

import math
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, TypeVar

from advanced_alchemy.filters import StatementFilter
from sqlalchemy import ColumnElement, Connection, Delete, Engine, Row, Select, delete, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from romm.adapters.database.engines import BUSY_SECONDS, engines
from romm.adapters.database.tables import Base
from romm.adapters.database.writer import Writer
from romm.domain.errors import Code, Refused
from romm.ports.conflicts import Conflict

if TYPE_CHECKING:
    pass


T = TypeVar("T")

SelectT = TypeVar("SelectT", bound=Select[Any])

HEAD = "retired_links"
"""The newest migration, written out so that starting the server need not import alembic."""

FORGOTTEN_AT_ONCE = 500
"""Rows that one request clears away for all, in a millisecond or two; what is left is for the next."""

WRITE_CHECK_SECONDS = 5.0
"""How long a successful write vouches for the next: readiness is answered to everyone."""

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
    "fk_credentials_device_id_devices": "device",
    "FOREIGN KEY constraint failed": "device",  # SQLite tells no more; an account is looked at before
}  # a constraint by its name, as PostgreSQL reports it, and by its columns, as SQLite does

_OUR_MISTAKES = ("22", "42")  # SQLSTATE classes: data exception; syntax error or access rule violation

_UNDEFINED_TABLE = "42P01"

_NOT_STORABLE = "22021"  # a NUL, which PostgreSQL has in no text and SQLite just finds nowhere


class Database:
    """The database at `ROMM_DATABASE_URL`. Opens nothing before it is used; belongs to one event loop."""

    def __init__(self, url: str) -> None:
        self._engines = made = engines(url)
        self._writes = Writer(made.writes, wait=BUSY_SECONDS) if isinstance(made.writes, Engine) else made.writes
        self._inline: Connection | None = None
        self._wrote_at = -math.inf

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with. Every statement sees the newest state; facts that must agree come from one.

        Raises `Refused(STORAGE_UNAVAILABLE)`.
        """
        with storage_errors():
            async with self._engines.reads.connect() as connection:
                yield connection

    async def write(self, work: Callable[[Connection], T]) -> T:
        """One transaction, committed when `work` returns and rolled back by any exception; never inside another.

        `work` is a plain function that takes a moment: on SQLite it runs on the event loop or in a thread, as may be, so
        it touches nothing but its connection and gives back values, not rows still to be fetched. Raises `Conflict` for
        a unique constraint, `Refused(STORAGE_UNAVAILABLE)`.
        """
        with storage_errors():
            if isinstance(self._writes, Writer):
                return await self._writes.run(work)
            async with self._writes.begin() as connection:
                return await connection.run_sync(work)

    async def fetch(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """The rows of a look-up by key, as fast as the database gives them.

        On SQLite it runs on the event loop itself: the row comes from the page cache in microseconds, while the four
        ways to aiosqlite's thread and back make the look-up five times as expensive. A reader in WAL mode waits for
        nobody; should the file be locked all the same (a repair, a restore), the look-up waits in the thread.
        """
        if self._engines.inline is not None:
            with storage_errors(), suppress(OperationalError):
                self._inline = self._inline or self._engines.inline.connect()
                return self._inline.execute(statement, parameters).all()
        async with self.read() as reader:
            return (await reader.execute(statement, parameters)).all()

    async def revision(self) -> str | None:
        """The migration this database is at, None for an empty one. Raises `Refused(STORAGE_UNAVAILABLE)`."""
        async with self.read() as connection:
            if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
                return None
            found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    async def ready(self) -> bool:
        """Is the database what this code expects? Raises `Refused(STORAGE_UNAVAILABLE)` when it cannot be read or written."""
        if await self.revision() != HEAD:
            return False
        await self.check_write()
        return True

    async def check_write(self) -> None:
        """Write without changing anything. Raises `Refused(STORAGE_UNAVAILABLE)`, as on a full disk or a standby server."""
        if time.monotonic() - self._wrote_at < WRITE_CHECK_SECONDS:
            return
        await self.write(_write_revision)
        self._wrote_at = time.monotonic()

    async def close(self) -> None:
        """Close every connection."""
        if self._inline is not None:
            self._inline.close()
        await self._engines.reads.dispose()
        await (self._writes.close() if isinstance(self._writes, Writer) else self._writes.dispose())


def filtered(statement: SelectT, row: type[Base], *filters: StatementFilter) -> SelectT:
    """The statement with these filters of its table."""
    for each in filters:
        statement = each.append_to_statement(statement, row)
    return statement


def _write_revision(connection: Connection) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = version_num"))


def forget(key: InstrumentedAttribute[Any], is_old: ColumnElement[bool]) -> Delete:
    """Deletes some of the rows that are old, but none that another worker is deleting just now."""
    few = select(key).where(is_old).limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)
    return delete(key.class_).where(key.in_(few))


@contextmanager
def storage_errors() -> Iterator[None]:
    """Translate a violated constraint to `Conflict`, a failing database and a number beyond 64 bits to `Refused`.

    Our own mistakes pass. Such a number is the asker's: in a path or a query, where any number fits.
    """
    try:
        yield
    except IntegrityError as error:
        _release(error)
        what = _CONFLICTS.get(_constraint(error))
        if what is None:
            raise
        raise Conflict(what) from error
    except (DBAPIError, sqlite3.Error, PoolTimeoutError, OSError, OverflowError) as error:
        _release(error)
        if _is_too_large(error):
            raise Refused(Code.REQUEST_INVALID, problem="a number is larger than any that is stored") from error
        if _state(error) == _NOT_STORABLE:
            raise Refused(Code.REQUEST_INVALID, problem="a text in it has a NUL character") from error
        if _is_ours(error):
            raise
        raise Refused(Code.STORAGE_UNAVAILABLE, problem=_problem(error)) from error


def _release(error: Exception) -> None:
    """Let go of the failed statement, whose cursor hangs in the traceback.

    Collected later, on the event loop, it would wait there for its SQLite connection, and that may wait in its thread for
    another process's lock: until then nobody would be served.
    """
    if (cause := getattr(error, "orig", None)) is not None:
        clear_frames(cause.__traceback__)


def _constraint(error: IntegrityError) -> str:
    cause = error.orig.__cause__ if error.orig is not None else None
    return getattr(cause, "constraint_name", None) or str(error.orig).removeprefix("UNIQUE constraint failed: ")


def _state(error: Exception) -> str:
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def _is_ours(error: Exception) -> bool:
    state = _state(error)
    return state.startswith(_OUR_MISTAKES) and state != _UNDEFINED_TABLE


def _is_too_large(error: BaseException | None) -> bool:
    """SQLite's driver says so itself, asyncpg's error has it behind."""
    while error is not None and not isinstance(error, OverflowError):
        error = error.__cause__
    return error is not None


def _problem(error: Exception) -> str:
    told = getattr(error, "orig", None) or error
    cause = told.__cause__ or told
    return f"{type(cause).__name__}: {cause}"
