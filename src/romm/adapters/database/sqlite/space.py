"""Gives unused pages of a SQLite file back to the disk."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from romm.adapters.database.sqlite.versions import SQLITE
from romm.ports.process import Log

INCREMENTAL = 2
"""SQLite's number for `PRAGMA auto_vacuum=INCREMENTAL`."""

SPARE_PAGES = 250
"""Stay in the file for the next rows: 1 MiB."""

PAGES_A_TURN = 1000
"""4 MiB, as much as is written between two turns at most; some ten milliseconds."""

PAGES_AT_START = 25_000
"""100 MiB."""

BUSY_SECONDS = 5
"""For another process that writes."""


def prepare(url: str, log: Log, wait: float = BUSY_SECONDS) -> None:
    """An older file is rewritten once, which needs room for its rows and no other process at work on it."""
    path = Path(url.removeprefix(SQLITE).partition("?")[0])
    if not path.is_file():  # such as `file:romm.db`, which only SQLAlchemy reads
        return
    try:
        with closing(sqlite3.connect(path, timeout=wait, isolation_level=None)) as connection:
            if _mode(connection) == INCREMENTAL:
                give_back(connection, PAGES_AT_START)
            else:
                _rewrite(connection, path, log)
    except sqlite3.Error as error:
        hint = "RomM works, but its file does not shrink; the next start tries again"
        log.warning("database.not_compacted", file=str(path), problem=str(error), hint=hint)


def give_back(connection: sqlite3.Connection, pages: int) -> None:
    """Raises `sqlite3.Error`."""
    unused = int(connection.execute("PRAGMA freelist_count").fetchone()[0]) - SPARE_PAGES
    if unused > 0:
        # Each step frees one page, and `execute` takes only the first step.
        connection.executescript(f"PRAGMA incremental_vacuum({min(unused, pages)})")


def _mode(connection: sqlite3.Connection) -> Any:
    return connection.execute("PRAGMA auto_vacuum").fetchone()[0]


def _rewrite(connection: sqlite3.Connection, path: Path, log: Log) -> None:
    before = path.stat().st_size
    log.info("database.compacting", file=str(path), bytes=before)
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    log.info("database.compacted", file=str(path), bytes=path.stat().st_size, bytes_before=before)
