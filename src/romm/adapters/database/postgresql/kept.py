"""Connections to PostgreSQL that are kept for look-ups, with their prepared statements.

The pool and SQLAlchemy's execution take ten times as long as a look-up.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from romm.adapters.database.engines import BUSY_SECONDS, PING_SECONDS
from romm.adapters.database.prepared import Prepared, Rows

LOOKUPS = 3
"""At once; each takes one round trip."""

RESTED_SECONDS = 5.0
"""After which an answer has to come as soon as that of a connection of the pool."""


class Kept:
    """Belongs to one event loop. `wait` is in seconds, for a turn."""

    def __init__(self, engine: AsyncEngine, *, at_most: int = LOOKUPS, wait: float = BUSY_SECONDS) -> None:
        self._engine = engine
        self._wait = wait
        self._turns = asyncio.Semaphore(at_most)
        self._idle: list[_Kept] = []

    @property
    def idle(self) -> int:
        return len(self._idle)

    async def lookup(self, prepared: Prepared, parameters: Mapping[str, Any]) -> Rows | None:
        """None if it failed: try again with the pool. Raises what connecting raises, and TimeoutError without a turn or for a
        server that has just answered.
        """
        async with asyncio.timeout(self._wait):
            await self._turns.acquire()
        try:
            return await self._in_turn(prepared, parameters)
        finally:
            self._turns.release()

    async def _in_turn(self, prepared: Prepared, parameters: Mapping[str, Any]) -> Rows | None:
        kept = self._idle.pop() if self._idle else await self._open()
        has_rested = kept.has_rested
        try:
            found = await kept.fetch(prepared, parameters)
        except BaseException as error:
            await self._drop(kept)
            if not isinstance(error, Exception) or (isinstance(error, TimeoutError) and not has_rested):
                raise
            return None
        self._idle.append(kept)
        return prepared.rows(found)

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().connection.close()

    async def _open(self) -> "_Kept":
        connection = await self._engine.connect()
        return _Kept(connection, (await connection.get_raw_connection()).driver_connection)

    async def _drop(self, broken: "_Kept") -> None:
        """And those that rested beside it."""
        dropped, self._idle = [broken, *self._idle], []
        for kept in dropped:
            with suppress(Exception):
                kept.terminate()
                await kept.connection.invalidate()
                await kept.connection.close()


class _Kept:
    def __init__(self, connection: AsyncConnection, driver: Any) -> None:
        self.connection = connection
        self._driver = driver
        self._statements: dict[Prepared, Any] = {}
        self._used_at = time.monotonic()

    @property
    def has_rested(self) -> bool:
        """A firewall or a server may have dropped it silently."""
        return time.monotonic() - self._used_at > RESTED_SECONDS

    def terminate(self) -> None:
        """Without a goodbye, whose answer SQLAlchemy awaits for two seconds."""
        self._driver.terminate()

    async def fetch(self, prepared: Prepared, parameters: Mapping[str, Any]) -> Any:
        seconds = PING_SECONDS if self.has_rested else None
        statement = self._statements.get(prepared)
        if statement is None:
            statement = self._statements[prepared] = await self._driver.prepare(prepared.text, timeout=seconds)
        found = await statement.fetch(*prepared.values(parameters), timeout=seconds)
        self._used_at = time.monotonic()
        return found
