"""The connection that reads SQLite on the event loop: it takes microseconds, aiosqlite's thread five times as long."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Engine, Row, Select

from romm.adapters.database.prepared import Prepared, Rows


class Inline:
    """Never writes, so `version` tells of every commit.

    Every statement is read to its end at once: an open one would keep the old state in view.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._opened: tuple[Connection, sqlite3.Cursor] | None = None

    def fetch(self, statement: Select[Any] | CompoundSelect[Any], parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        return self._open()[0].execute(statement, parameters).all()

    def lookup(self, prepared: Prepared, parameters: Mapping[str, Any]) -> Rows:
        return prepared.rows(self._open()[1].execute(prepared.text, prepared.values(parameters)).fetchall())

    def version(self) -> int | None:
        """None before the first look-up, and while the file is locked (repair, restore)."""
        if self._opened is None:
            return None
        try:
            found: int = self._opened[1].execute("PRAGMA data_version").fetchall()[0][0]
        except sqlite3.Error:
            return None
        return found

    def close(self) -> None:
        if self._opened is not None:
            self._opened[0].close()

    def _open(self) -> tuple[Connection, sqlite3.Cursor]:
        if self._opened is None:
            connection = self._engine.connect()
            driver: Any = connection.connection.driver_connection
            self._opened = connection, driver.cursor()
        return self._opened
