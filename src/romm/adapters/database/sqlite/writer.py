"""The only connection that writes to SQLite: on the event loop, or in a thread for work that may wait.

Opening, other processes' locks, checkpoints and the first commit after one may wait. In WAL mode with
`synchronous=NORMAL` no other commit waits for the disk.
"""

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from romm.adapters.database.sqlite.space import PAGES_A_TURN, give_back

T = TypeVar("T")

CHECKPOINT_EVERY = 200  # transactions; at 5 pages each the WAL stays below SQLite's usual 4 MiB
SLOW_SECONDS = 0.1  # a longer transaction means a slow disk, not only a busy processor
PAUSE_SECONDS = 10.0  # after a slow one, the next use the thread for so long


class Writer:
    """One transaction at a time. `wait`: seconds for our turn, and again for another process's lock."""

    def __init__(self, engine: Engine, *, wait: float) -> None:
        self._engine = engine
        self._wait = wait
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._opened: tuple[Connection, sqlite3.Connection] | None = None
        self._is_closed = False
        self._until_checkpoint = 0
        self._paused_until = 0.0

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Raises what `work` raises, TimeoutError and `sqlite3.Error`."""
        self._require_open()
        if not self._turn.locked() and (transaction := self._begun()):
            return self._quickly(work, transaction)
        async with asyncio.timeout(self._wait):
            await self._turn.acquire()
        try:
            self._require_open()
        except sqlite3.Error:  # it was closed while we waited
            self._turn.release()
            raise
        if transaction := self._begun():  # the transaction before us waited for the disk
            try:
                return self._quickly(work, transaction)
            finally:
                self._turn.release()
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._patiently, work)
        try:
            return await asyncio.shield(running)
        finally:
            self._end_turn(running)

    async def close(self) -> None:
        """The last process merges the WAL into the database file."""
        self._is_closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _require_open(self) -> None:
        if self._is_closed:  # the thread is closing the connection, and SQLite's memory goes with it
            raise sqlite3.ProgrammingError("the database is closed")

    def _begun(self) -> tuple[Connection, sqlite3.Connection] | None:
        """None if it would have to wait."""
        if self._opened is None or self._until_checkpoint <= 0 or time.monotonic() <= self._paused_until:
            return None
        return self._opened if _begins(self._opened[1]) else None

    def _quickly(self, work: Callable[[Connection], T], transaction: tuple[Connection, sqlite3.Connection]) -> T:
        started = time.monotonic()
        self._until_checkpoint -= 1
        try:
            return _ended(work, *transaction)
        finally:
            ended = time.monotonic()
            if ended - started > SLOW_SECONDS:
                self._paused_until = ended + PAUSE_SECONDS

    def _patiently(self, work: Callable[[Connection], T]) -> T:
        connection, driver = self._opened = self._opened or self._open()
        driver.execute(f"PRAGMA busy_timeout={self._wait * 1000:.0f}")
        try:
            if due := self._until_checkpoint <= 0:
                driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
                with suppress(sqlite3.Error):  # another process is at work; the next turn tries again
                    give_back(driver, PAGES_A_TURN)
            driver.execute("BEGIN IMMEDIATE")
            # Not before: the first commit after a checkpoint waits for the disk too.
            self._until_checkpoint = CHECKPOINT_EVERY if due else self._until_checkpoint - 1
            return _ended(work, connection, driver)
        finally:
            driver.execute("PRAGMA busy_timeout=0")

    def _open(self) -> tuple[Connection, sqlite3.Connection]:
        connection = self._engine.connect()
        driver: Any = connection.connection.driver_connection
        if driver.execute("PRAGMA journal_mode").fetchone() != ("wal",):  # the file system does not support it
            self._paused_until = math.inf
        return connection, driver

    def _end_turn(self, running: asyncio.Future[Any]) -> None:
        """A cancelled request does not wait for the thread."""
        if running.done():
            self._turn.release()
        else:
            running.add_done_callback(lambda _: self._turn.release())

    def _close(self) -> None:
        if self._opened is not None:
            self._opened[0].close()
        self._engine.dispose()


def _begins(driver: sqlite3.Connection) -> bool:
    """False on any error: the thread meets it again."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.Error:
        return False
    return True


def _ended(work: Callable[[Connection], T], connection: Connection, driver: sqlite3.Connection) -> T:
    try:
        done = work(connection)
        driver.commit()
    except BaseException:
        driver.rollback()
        raise
    return done
