"""A consistent copy of the embedded database while RomM runs."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from romm.domain.errors import Code, Refused

_FILE_MODE = 0o600  # as the database itself: it has e-mail addresses and password hashes


def copy(url: str, file: Path) -> None:
    """Raises `Refused(STORAGE_UNAVAILABLE)`, also if the file exists."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        problem = "only the SQLite file is copied here; for PostgreSQL use pg_dump"
        raise Refused(Code.STORAGE_UNAVAILABLE, problem=problem)
    source = Path(address.database or "")
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, _FILE_MODE))
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as running,
            closing(sqlite3.connect(file)) as copied,
        ):
            running.backup(copied)
            copied.execute("PRAGMA journal_mode=DELETE")  # so that the copy is a single file
    except (OSError, sqlite3.Error) as error:
        raise Refused(Code.STORAGE_UNAVAILABLE, problem=f"{source} to {file}: {error}") from error
