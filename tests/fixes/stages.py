"""Why a database cannot be used, staged for real, and what is printed for it, carried out.

A stage is played from the top: `Broken` has the cause of its row, `Fixed` has none any more.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from romm.adapters.database.backup import copy
from romm.adapters.database.migrations import check_write, require_current, upgrade
from romm.adapters.database.sqlite.restore import restore
from romm.domain.diagnosis.storage import SENTENCES, Cause
from romm.domain.errors import Refused

NOBODY = 65534
LITERAL = b"a letter, which is long enough to be taken for a page" * 100


class Broken(Struct, frozen=True):
    url: str


class Fixed(Struct, frozen=True):
    url: str


Look = Broken | Fixed


class At(Struct, frozen=True, kw_only=True):
    """`migrated` is a SQLite file to copy."""

    folder: Path
    migrated: Path

    def copied(self, name: str = "romm.db") -> Path:
        return Path(shutil.copy(self.migrated, self.folder / name))


Stage = Callable[[At], Iterator[Look]]


def sqlite(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def half_restored(at: At) -> Iterator[Look]:
    copied, target = at.copied("copy.db"), at.folder / "romm.db"
    target.with_name(".romm.db.restoring-1").touch()
    yield Broken(sqlite(target))
    restore(sqlite(target), copied)
    yield Fixed(sqlite(target))


def missing(at: At) -> Iterator[Look]:
    there, elsewhere = at.copied(), at.folder / "elsewhere" / "romm.db"
    yield Broken(sqlite(elsewhere))
    yield Fixed(sqlite(there))  # the right ROMM_BASE_PATH, ROMM_DATABASE_URL or folder
    upgrade(sqlite(elsewhere))
    yield Fixed(sqlite(elsewhere))


def not_a_file(at: At) -> Iterator[Look]:
    there, file = at.copied(), at.folder / "file"
    file.touch()
    yield Broken(sqlite(file / "romm.db"))
    yield Broken(sqlite(at.folder))
    yield Fixed(sqlite(there))


def permission(at: At) -> Iterator[Look]:
    """By another user where this one is root; root itself may do everything."""
    there = at.copied()
    there.chmod(0o600 if os.geteuid() == 0 else 0)
    with another_user():
        yield Broken(sqlite(there))
    there.chmod(0o600)
    yield Fixed(sqlite(there))  # as the user that RomM runs as
    if os.geteuid() != 0:
        return
    for each in (at.folder, there):
        os.chown(each, NOBODY, -1)
    with another_user():
        yield Fixed(sqlite(there))
    for each in at.folder.iterdir():
        os.chown(each, 0, -1)


@contextmanager
def another_user() -> Iterator[None]:
    """A no-op for those who may not become one."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def not_a_database(at: At) -> Iterator[Look]:
    there, other, saved = at.copied(), at.copied("other.db"), at.folder / "saved.db"
    copy(sqlite(there), saved)
    there.write_bytes(LITERAL)
    yield Broken(sqlite(there))
    yield Fixed(sqlite(other))
    shutil.copy(saved, there)
    yield Fixed(sqlite(there))


def damaged(at: At) -> Iterator[Look]:
    there, saved = at.copied(), at.folder / "saved.db"
    copy(sqlite(there), saved)
    content = there.read_bytes()
    there.write_bytes(content[:100] + b"\xff" * 8000 + content[8100:])
    yield Broken(sqlite(there))
    shutil.copy(saved, there)
    yield Fixed(sqlite(there))


def empty(at: At) -> Iterator[Look]:
    there = at.folder / "romm.db"
    there.touch()
    yield Broken(sqlite(there))
    upgrade(sqlite(there))
    yield Fixed(sqlite(there))


def older(at: At) -> Iterator[Look]:
    there, saved = at.folder / "romm.db", at.folder / "saved.db"
    upgrade(sqlite(there), "0014")
    yield Broken(sqlite(there))
    copy(sqlite(there), saved)
    upgrade(sqlite(there))
    yield Fixed(sqlite(there))


def newer(at: At) -> Iterator[Look]:
    there, other, saved = at.copied(), at.copied("other.db"), at.folder / "saved.db"
    copy(sqlite(there), saved)
    with closing(sqlite3.connect(there)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
    yield Broken(sqlite(there))
    yield Fixed(sqlite(other))
    shutil.copy(saved, there)
    yield Fixed(sqlite(there))


def locked(at: At) -> Iterator[Look]:
    there = at.copied()
    with closing(sqlite3.connect(there, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield Broken(sqlite(there))
        other.execute("ROLLBACK")
    yield Fixed(sqlite(there))


def read_only(at: At) -> Iterator[Look]:
    """On a file system of its own: see `tests/fixes/mounted.py`."""
    with small_disk(at.folder / "disk") as disk:
        there = Path(shutil.copy(at.migrated, disk / "romm.db"))
        remount(disk, "ro")
        yield Broken(sqlite(there))
        yield Fixed(sqlite(at.copied()))  # another folder
        remount(disk, "rw")
        yield Fixed(sqlite(there))


def full(at: At) -> Iterator[Look]:
    with small_disk(at.folder / "disk") as disk:
        there, filling = Path(shutil.copy(at.migrated, disk / "romm.db")), disk / "filling"
        with suppress(OSError):
            filling.write_bytes(bytes(DISK_BYTES))
        yield Broken(sqlite(there))
        filling.unlink()
        yield Fixed(sqlite(there))


DISK_BYTES = 2 * 2**20


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def remount(folder: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", folder], check=True)


HERE: Mapping[Cause, Stage] = {
    Cause.HALF_RESTORED: half_restored,
    Cause.MISSING: missing,
    Cause.NOT_A_FILE: not_a_file,
    Cause.PERMISSION: permission,
    Cause.NOT_A_DATABASE: not_a_database,
    Cause.DAMAGED: damaged,
    Cause.EMPTY: empty,
    Cause.OLDER: older,
    Cause.NEWER: newer,
    Cause.LOCKED: locked,
}
MOUNTED: Mapping[Cause, Stage] = {Cause.READ_ONLY: read_only, Cause.FULL: full}
"""In a mount namespace."""


def play(cause: Cause, looks: Iterator[Look]) -> None:
    """As `romm serve` looks at its start. Raises AssertionError where a fix that is printed does not fix."""
    fixed = 0
    for look in looks:
        refused = _refusal(look.url)
        if isinstance(look, Fixed):
            assert refused is None, f"{SENTENCES[cause].fix!r} leaves {refused.facts}"
            fixed += 1
        else:
            assert refused is not None, f"{look.url} is not broken"
            assert (refused.facts["cause"], refused.facts["fix"]) == (cause, SENTENCES[cause].fix), refused.facts
    assert fixed, f"nothing is carried out for {cause}"


def _refusal(url: str) -> Refused | None:
    try:
        require_current(url)
        check_write(url)
    except Refused as refused:
        return refused
    return None
