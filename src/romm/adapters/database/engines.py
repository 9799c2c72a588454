"""Database engines. Every option that RomM relies on is explicit.

SQLite's driver upgrades a read transaction too late and loses updates. Here writing starts with BEGIN IMMEDIATE, and
reading uses no transaction.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from romm.adapters.database.sqlite import files
from romm.domain.diagnosis.storage import Cause, unusable

BUSY_SECONDS = 5
"""For a lock, for connecting, and for the pool."""
STATEMENT_SECONDS = 15
_TURN_SECONDS = 0.01

WAL_BYTES = 16 * 2**20
"""To which the WAL shrinks after a long transaction."""

SQLITE_READERS = 4  # one thread each
SQLITE_CACHE_KIB = 4096
"""Of what is read on the event loop: twice SQLite's default, which a search among many accounts overruns."""

POSTGRESQL_CONNECTIONS = 5  # per worker process, doubled under load
PING_SECONDS = 3.0
"""For an answer before a connection's next use: a firewall or a vanished server may have ended it without a word."""


class Engines(Struct, frozen=True):
    """On SQLite `inline` reads on the event loop, and `writes` is synchronous."""

    writes: AsyncEngine | Engine
    reads: AsyncEngine
    inline: Engine | None = None


def engines(url: str) -> Engines:
    """For `sqlite+aiosqlite:` or `postgresql+asyncpg:`. Connects lazily."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return Engines(_sqlite_writes(address), _sqlite_reads(address), _sqlite_inline(address))
    pool: dict[str, Any] = {"pool_size": POSTGRESQL_CONNECTIONS, "max_overflow": POSTGRESQL_CONNECTIONS}
    writes = _postgresql(address, **pool, pool_timeout=BUSY_SECONDS)
    _replace_dead(writes.sync_engine)
    return Engines(writes, writes.execution_options(isolation_level="AUTOCOMMIT"))


def migrating(url: str) -> AsyncEngine:
    """No time limit per statement. On SQLite no foreign keys: dropping a rebuilt table would cascade."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, "foreign_keys=OFF", writes=True, poolclass=NullPool)
    return _postgresql(address, command_timeout=None, poolclass=NullPool)


def _sqlite_writes(address: URL) -> Engine:
    # For `writer.Writer`, which does transactions, checkpoints and waiting itself.
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    address = address.set(drivername="sqlite+pysqlite")
    engine = create_engine(address, connect_args=arguments, hide_parameters=True, poolclass=NullPool, **_AUTOCOMMIT)
    _configure(engine, "foreign_keys=ON", "wal_autocheckpoint=0", writes=True)
    return engine


def _sqlite_reads(address: URL) -> AsyncEngine:
    pool: dict[str, Any] = {"pool_size": SQLITE_READERS, "max_overflow": 0, "pool_timeout": BUSY_SECONDS}
    return _sqlite(address, "query_only=ON", **pool, **_AUTOCOMMIT)


def _sqlite_inline(address: URL) -> Engine:
    address = address.set(drivername="sqlite+pysqlite")
    engine = create_engine(
        address, connect_args={"timeout": 0}, hide_parameters=True, poolclass=NullPool, **_AUTOCOMMIT
    )
    _configure(engine, "query_only=ON", f"cache_size=-{SQLITE_CACHE_KIB}")
    return engine


_AUTOCOMMIT: dict[str, Any] = {
    "isolation_level": "AUTOCOMMIT",
    "skip_autocommit_rollback": True,
    "pool_reset_on_return": None,
}


def _sqlite(address: URL, pragma: str, *, writes: bool = False, **options: Any) -> AsyncEngine:
    arguments = {"timeout": BUSY_SECONDS, "isolation_level": None}  # None: no implicit transactions
    engine = create_async_engine(address, connect_args=arguments, hide_parameters=True, **options)
    _configure(engine.sync_engine, pragma, writes=writes)
    if writes:
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _configure(engine: Engine, *pragmas: str, writes: bool = False) -> None:
    @event.listens_for(engine, "do_connect")
    def prepare(_dialect: object, _record: object, arguments: list[str], _parameters: object) -> None:
        files.prepare(Path(arguments[0]))

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        if writes:
            cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")  # before a new file's first page; see `space`
            _set_wal(cursor)
            cursor.execute(f"PRAGMA journal_size_limit={WAL_BYTES}")
        for each in ("synchronous=NORMAL", *pragmas):
            cursor.execute(f"PRAGMA {each}")
        cursor.close()


def _set_wal(cursor: Any) -> None:
    """SQLite does not wait while another process creates or restores the file."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_TURN_SECONDS)
        else:
            return


def _postgresql(address: URL, *, command_timeout: int | None = STATEMENT_SECONDS, **options: Any) -> AsyncEngine:
    try:
        import asyncpg  # noqa: PLC0415  (an optional dependency)
    except ImportError as error:
        raise unusable(Cause.DRIVER, address.host or "", "asyncpg") from error

    async def connect(*arguments: Any, **parameters: Any) -> Any:
        # While connecting, SQLAlchemy passes asyncpg's errors through unchanged.
        try:
            return await asyncpg.connect(*arguments, **parameters)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise ConnectionError(str(error)) from error

    arguments = {"async_creator_fn": connect, "timeout": BUSY_SECONDS, "command_timeout": command_timeout}
    return create_async_engine(address, connect_args=arguments, hide_parameters=True, **options)


def _replace_dead(engine: Engine) -> None:
    """`pool_pre_ping` would wait as long as for any statement."""

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, _record: object, _proxy: object) -> None:
        try:
            connection.run_async(lambda driver: driver.execute("SELECT", timeout=PING_SECONDS))
        except Exception as error:
            connection.driver_connection.terminate()  # else SQLAlchemy waits two seconds for an answer to its goodbye
            raise InvalidatePoolError from error
