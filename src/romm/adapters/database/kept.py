"""Connections to PostgreSQL that are kept for look-ups, with the statements prepared on them.

Getting a connection from the pool, testing it and SQLAlchemy's execution take ten times as long as the look-up itself.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from romm.adapters.database.prepared import Prepared, Rows

LOOKUPS = 3
"""At once; each takes one round trip."""


class Kept:
    """Belongs to one event loop."""

    def __init__(self, engine: AsyncEngine, *, at_most: int = LOOKUPS) -> None:
        self._engine = engine
        self._turns = asyncio.Semaphore(at_most)
        self._idle: list[_Kept] = []

    @property
    def idle(self) -> int:
        return len(self._idle)

    async def lookup(self, prepared: Prepared, parameters: Mapping[str, Any]) -> Rows | None:
        """None if it failed: try again with a connection of the pool, which is tested first. Raises TimeoutError,
        and what connecting raises."""
        async with self._turns:
            kept = self._idle.pop() if self._idle else await self._open()
            try:
                found = await kept.fetch(prepared, parameters)
            except BaseException as error:
                with suppress(Exception):  # it is broken
                    await kept.connection.invalidate()
                    await kept.connection.close()
                if isinstance(error, TimeoutError) or not isinstance(error, Exception):
                    raise  # a server that does not answer would not answer twice
                return None
            self._idle.append(kept)
        return prepared.rows(found)

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().connection.close()

    async def _open(self) -> "_Kept":
        connection = await self._engine.connect()
        return _Kept(connection, (await connection.get_raw_connection()).driver_connection)


class _Kept:
    def __init__(self, connection: AsyncConnection, driver: Any) -> None:
        self.connection = connection
        self._driver = driver
        self._statements: dict[Prepared, Any] = {}

    async def fetch(self, prepared: Prepared, parameters: Mapping[str, Any]) -> Any:
        statement = self._statements.get(prepared)
        if statement is None:
            statement = self._statements[prepared] = await self._driver.prepare(prepared.text)
        return await statement.fetch(*prepared.values(parameters))
