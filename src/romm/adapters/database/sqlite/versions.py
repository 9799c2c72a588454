"""Looks at SQLite's file without SQLAlchemy, whose import takes half of a start, and without Alembic."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from romm.adapters.database.sqlite import files

_PACKAGED = Path(__file__).parents[3] / "_migrations"
FOLDER = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[5] / "alembic"
"""Of the migrations."""

NEWEST = FOLDER / "newest.sql"
"""The schema to which the migrations lead, printed by `newest.py` beside it."""

SQLITE = "sqlite+aiosqlite:///"


def is_migrated(url: str) -> bool:
    """And writable. False also if locked, damaged or missing: `migrations` tells which."""
    path = _path(url)
    if path is None or not os.access(path, os.R_OK | os.W_OK):
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=0, uri=True)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            with connection:
                connection.execute("UPDATE alembic_version SET version_num = version_num")
            return found == [(_newest(),)]
    except (sqlite3.Error, OSError):  # OSError: the current folder is gone
        return False


def create(url: str) -> Path | None:
    """A new file with the newest schema. None if there is one, or on failure: `migrations` tells why."""
    if (path := _path(url)) is None:
        return None
    try:
        if files.half_restored(Path(os.path.realpath(path))):  # a loop of links is no error here
            return None
        files.create(path)  # by one process only
        script = NEWEST.read_text(encoding="utf-8")
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(f"PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; BEGIN; {script} COMMIT")
    except (sqlite3.Error, OSError):
        return None
    return path


def _path(url: str) -> Path | None:
    """None where only SQLAlchemy can read the URL."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) and "?" not in url else None


def _newest() -> str:
    """The files are named after their revisions."""
    return max(file.name for file in (FOLDER / "versions").glob("*.py")).partition("_")[0]
