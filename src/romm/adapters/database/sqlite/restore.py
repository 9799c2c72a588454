"""Puts a copy in the place of the embedded database, after a crash too.

The write-ahead log moves with its file: SQLite would replay it over the copy (sqlite.org/howtocorrupt.html, 1.4).
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from romm.adapters.database import migrations
from romm.adapters.database.backup import copy_file
from romm.adapters.database.causes import Place, place_of
from romm.adapters.database.sqlite import files
from romm.adapters.database.sqlite.versions import SQLITE
from romm.adapters.database.transactions import HEAD, storage_errors
from romm.domain.diagnosis.storage import Cause, age, unusable

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite writes next to its file, by suffix."""

_LOCKS = (512, 0x40000000)
"""Length and start of the bytes that an open database has locks on (SQLite's os.h, PENDING_BYTE)."""


def restore(url: str, file: Path) -> Path | None:
    """The replaced database's new path. Raises `Refused(STORAGE_UNAVAILABLE)`, and OSError for files."""
    place = place_of(url)
    if place.file is None:
        raise unusable(
            Cause.OTHER, place.name, "only a SQLite file is restored here; for PostgreSQL use pg_restore or psql"
        )
    target = place.file.resolve()  # a link keeps leading to where the database is
    if target.exists() and target.samefile(file):
        raise unusable(Cause.OTHER, str(file), "it is the database itself; name a copy of it")
    with _unused(target, place), _prepared(file, target) as copied:
        kept = _set_aside(target)
        copied.replace(target)
        for left in files.half_restored(target):
            left.unlink()
        _sync(target.parent)
    return kept


@contextmanager
def _unused(target: Path, place: Place) -> Iterator[None]:
    """This lock keeps others out. A RomM without an open connection cannot be seen."""
    if not target.exists():
        yield
        return
    with storage_errors(place), target.open("rb+") as opened:
        try:
            fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, *_LOCKS)
        except OSError as error:
            raise unusable(Cause.IN_USE, place.name) from error
        yield


@contextmanager
def _prepared(file: Path, target: Path) -> Iterator[Path]:
    """Checked, and in the same folder for an atomic rename."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    copied = target.with_name(f".{target.name}.restoring-{os.getpid()}")
    try:
        copy_file(file, copied)
        _check(copied, Place(str(file), file))
        _give_to_owner(copied, target)
        yield copied
    finally:
        copied.unlink(missing_ok=True)


def _check(copied: Path, source: Place) -> None:
    """An older one is migrated later."""
    with storage_errors(source), closing(sqlite3.connect(copied)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise unusable(Cause.DAMAGED, source.name, found)
    revision = migrations.current(f"{SQLITE}{copied}")
    for beside in BESIDE:  # of the look at the revision
        copied.with_name(f"{copied.name}{beside}").unlink(missing_ok=True)
    cause = age(revision, HEAD)
    if cause not in (None, Cause.OLDER):
        raise unusable(cause, source.name, str(revision))


def _give_to_owner(copied: Path, target: Path) -> None:
    """An administrator may restore as root."""
    owner = (target if target.exists() else target.parent).stat()
    with suppress(PermissionError):
        os.chown(copied, owner.st_uid, owner.st_gid)
    with copied.open("rb") as written:
        os.fsync(written.fileno())


def _set_aside(target: Path) -> Path | None:
    """The file first: SQLite removes a log without its file."""
    if not target.exists():
        for beside in BESIDE:
            target.with_name(f"{target.name}{beside}").unlink(missing_ok=True)
        return None
    kept = target.with_name(f"{target.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    target.rename(kept)
    for beside in BESIDE:
        with suppress(FileNotFoundError):
            target.with_name(f"{target.name}{beside}").rename(kept.with_name(f"{kept.name}{beside}"))
    return kept


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
