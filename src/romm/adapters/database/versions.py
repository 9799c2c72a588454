"""Is SQLite's file migrated? Asked at every start, without SQLAlchemy, whose import takes as long as half of a start."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

_PACKAGED = Path(__file__).parents[2] / "_migrations"
FOLDER = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[4] / "alembic"
"""Of the migrations."""

SQLITE = "sqlite+aiosqlite:///"


def is_migrated(url: str) -> bool:
    """And writable. False also for a file that is locked, damaged, missing or on a full disk: `migrations` tells which."""
    path = Path(url.removeprefix(SQLITE))
    if "?" in url or not url.startswith(SQLITE) or not os.access(path, os.R_OK | os.W_OK):
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=0, uri=True)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            with connection:
                connection.execute("UPDATE alembic_version SET version_num = version_num")
            return found == [(_newest(),)]
    except (sqlite3.Error, OSError):  # OSError: the current folder is gone
        return False


def _newest() -> str:
    """The files are named after their revisions."""
    return max(file.name for file in (FOLDER / "versions").glob("*.py")).partition("_")[0]
