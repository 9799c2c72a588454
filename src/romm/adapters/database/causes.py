"""Causes of database and file system errors."""

import errno
import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from romm.domain.diagnosis.storage import Cause, unusable
from romm.domain.errors import Refused

_SQLITE = {
    sqlite3.SQLITE_PERM: Cause.PERMISSION,
    sqlite3.SQLITE_BUSY: Cause.LOCKED,
    sqlite3.SQLITE_LOCKED: Cause.LOCKED,
    sqlite3.SQLITE_READONLY: Cause.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: Cause.DAMAGED,
    sqlite3.SQLITE_IOERR: Cause.DAMAGED,
    sqlite3.SQLITE_FULL: Cause.FULL,
    sqlite3.SQLITE_CANTOPEN: Cause.PERMISSION,
    sqlite3.SQLITE_NOTADB: Cause.NOT_A_DATABASE,
}
"""By primary result code, the low byte of the extended one (sqlite.org/rescode.html)."""

_SYSTEM = {
    errno.ENOENT: Cause.MISSING,
    errno.EACCES: Cause.PERMISSION,
    errno.EPERM: Cause.PERMISSION,
    errno.EROFS: Cause.READ_ONLY,
    errno.ENOSPC: Cause.FULL,
    errno.EDQUOT: Cause.FULL,
    errno.ENOTDIR: Cause.NOT_A_FILE,
    errno.EISDIR: Cause.NOT_A_FILE,
    errno.EEXIST: Cause.NOT_A_FILE,
}

_POSTGRESQL = {
    "08": Cause.UNREACHABLE,
    "28": Cause.SIGN_IN,
    "3D": Cause.NO_SUCH_DATABASE,
    "25006": Cause.READ_ONLY,
    "42501": Cause.RIGHTS,
    "42P01": Cause.EMPTY,
    "53100": Cause.FULL,
    "53300": Cause.CONNECTIONS,
    "55P03": Cause.LOCKED,
    "57P01": Cause.UNREACHABLE,
    "57P02": Cause.UNREACHABLE,
    "57P03": Cause.UNREACHABLE,
}
"""By SQLSTATE or its class."""


class Place(NamedTuple):
    """Without a password. `file` is None for a server."""

    name: str
    file: Path | None = None


NOWHERE = Place("the database")


def place_of(url: str) -> Place:
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return Place(str(address.database), Path(address.database or ""))
    return Place(f"{address.host}:{address.port or 5432}/{address.database}")


def explained(error: Exception, place: Place) -> Refused:
    original = getattr(error, "orig", None) or error
    root = original.__cause__ or original
    cause = _cause(original, root, place)
    detail = _user(place) if cause is Cause.PERMISSION else f"{type(root).__name__}: {root}"
    return unusable(cause, place.name, detail)


def sqlstate(error: BaseException) -> str:
    return getattr(getattr(error, "orig", None) or error, "sqlstate", None) or ""


def is_privilege(error: BaseException) -> bool:
    """In SQLSTATE's class of our own mistakes, but the operator's to fix."""
    return _POSTGRESQL.get(sqlstate(error)) is Cause.RIGHTS


def _cause(original: BaseException, root: BaseException, place: Place) -> Cause:
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(original, place)
    if state := sqlstate(original) or sqlstate(root):
        return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2]) or Cause.OTHER
    if place.file is None:
        return Cause.UNREACHABLE if isinstance(original, OSError | PoolTimeoutError) else Cause.OTHER
    if isinstance(original, TimeoutError):
        return Cause.LOCKED
    return _SYSTEM.get(getattr(original, "errno", None) or 0, Cause.OTHER)


def _of_sqlite(error: sqlite3.Error, place: Place) -> Cause:
    if str(error).startswith("no such table"):
        return Cause.EMPTY
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    cause = _SQLITE.get(code, Cause.OTHER)
    if cause in (Cause.PERMISSION, Cause.READ_ONLY) and place.file is not None:
        return _beside(place.file)
    # Without room for the file beside it that coordinates processes (-shm), SQLite speaks of input and output.
    if code == sqlite3.SQLITE_IOERR and place.file is not None and _beside(place.file) is Cause.FULL:
        return Cause.FULL
    return cause


def _beside(file: Path) -> Cause:
    """SQLite has one error for all that the file system refuses, also for files beside its own."""
    try:
        if file.is_dir() or not file.parent.is_dir():
            return Cause.NOT_A_FILE
        mounted = os.statvfs(file.parent)
    except OSError as error:
        return _SYSTEM.get(error.errno or 0, Cause.PERMISSION)
    if mounted.f_flag & os.ST_RDONLY:
        return Cause.READ_ONLY
    return Cause.FULL if mounted.f_bavail == 0 or (mounted.f_files and mounted.f_favail == 0) else Cause.PERMISSION


def _user(place: Place) -> str:
    """This process's user, and the owner of the nearest visible part of the path."""
    who = f"user {os.geteuid()}"
    for part in (place.file, *place.file.absolute().parents) if place.file else ():
        try:
            return f"{who} (user {part.stat().st_uid} owns {part})"
        except OSError:
            continue
    return who
