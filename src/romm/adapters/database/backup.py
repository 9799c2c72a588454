"""A consistent copy of the database while RomM runs."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from romm.adapters.database.causes import Place, place_of
from romm.adapters.database.postgresql.dump import dump
from romm.adapters.database.transactions import storage_errors
from romm.domain.diagnosis.storage import Cause, unusable

_FILE_MODE = 0o600  # as the database itself: it has e-mail addresses and password hashes


def copy(url: str, file: Path) -> None:
    """Raises `Refused(STORAGE_UNAVAILABLE)`, and OSError for `file`, also if it exists. A failed copy is removed."""
    source = place_of(url)
    if source.file is not None:
        copy_file(source.file, file)
    else:
        with _made(file):
            dump(url, file)


def copy_file(source: Path, file: Path) -> None:
    """As `copy`. Includes the WAL of `source`."""
    place = Place(str(source), source)
    with storage_errors(place):
        address = f"{source.resolve(strict=True).as_uri()}?mode=ro"
        if not source.is_file():
            raise IsADirectoryError(errno.EISDIR, "is not a file", place.name)
    with _made(file), storage_errors(place), closing(sqlite3.connect(address, uri=True)) as running:
        _copy(running, file)


@contextmanager
def _made(file: Path) -> Iterator[None]:
    os.close(os.open(file, os.O_CREAT | os.O_EXCL, _FILE_MODE))
    try:
        yield
    except BaseException:
        file.unlink()
        raise


def _copy(running: sqlite3.Connection, file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as copied:
            running.backup(copied)
            copied.execute("PRAGMA journal_mode=DELETE")  # so that the copy is a single file
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:  # of the copy; the source is only read
            raise unusable(Cause.FULL, str(file)) from error
        raise
