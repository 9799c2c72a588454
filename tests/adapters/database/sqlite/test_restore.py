"""A copy in the place of the database: after a crash, beside a running RomM, and when it fails in the middle."""

import asyncio
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from romm.adapters.database import backup, migrations
from romm.adapters.database.sqlite import versions
from romm.adapters.database.sqlite.restore import restore
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.diagnosis.storage import Cause
from romm.domain.errors import Refused
from tests.domain.examples import NOW
from tests.factories import new_account

SQLITE = "sqlite+aiosqlite:///"

CRASH = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA wal_autocheckpoint=0")
connection.execute("UPDATE accounts SET username = 'mallory'")
os.kill(os.getpid(), signal.SIGKILL)
"""

OPEN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA journal_mode=WAL").fetchone()
connection.execute("SELECT count(*) FROM accounts").fetchone()
print("open", flush=True)
input()
"""


@pytest.fixture
def file(migrated: Path, tmp_path: Path) -> Path:
    """A database with alice, whose copy is beside it."""
    made = tmp_path / "data" / "romm.db"
    made.parent.mkdir()
    shutil.copy(migrated, made)
    asyncio.run(_create_alice(Database(f"{SQLITE}{made}")))
    backup.copy(f"{SQLITE}{made}", tmp_path / "copy.db")
    return made


async def _create_alice(database: Database) -> None:
    await SQLAccounts(database).create(new_account("alice"), NOW)
    await database.close()


def names(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [name for (name,) in connection.execute("SELECT username FROM accounts")]


def run(program: str, file: Path) -> int:
    return subprocess.run([sys.executable, "-c", program, str(file)], check=False, timeout=30).returncode


def refused(file: Path, copied: Path) -> Refused:
    with pytest.raises(Refused) as found:
        restore(f"{SQLITE}{file}", copied)
    return found.value


def test_after_a_crash_the_log_of_the_replaced_file_changes_nothing(file: Path, tmp_path: Path) -> None:
    """SQLite would replay it over the copy, without an error."""
    assert run(CRASH, file) == -signal.SIGKILL
    assert file.with_name("romm.db-wal").stat().st_size > 0

    kept = restore(f"{SQLITE}{file}", tmp_path / "copy.db")

    assert kept
    assert names(file) == ["alice"]
    assert names(kept) == ["mallory"], "the replaced database is kept with its log"
    assert {each.name for each in file.parent.iterdir()} == {"romm.db", kept.name}


def test_a_log_without_its_database_is_not_replayed(file: Path, tmp_path: Path) -> None:
    run(CRASH, file)
    file.unlink()
    assert restore(f"{SQLITE}{file}", tmp_path / "copy.db") is None
    assert names(file) == ["alice"]


def test_nothing_is_replaced_while_another_process_has_the_database_open(file: Path, tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", OPEN, str(file)], stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == "open\n"
        before = file.stat().st_ino
        assert refused(file, tmp_path / "copy.db").facts["cause"] == Cause.IN_USE
        assert file.stat().st_ino == before
        other.stdin.close()
    assert restore(f"{SQLITE}{file}", tmp_path / "copy.db")


def test_a_copy_of_a_running_database_is_restored_with_its_log(file: Path, tmp_path: Path) -> None:
    """A copy that was made by a file system's snapshot has the log beside it."""
    snapshot = tmp_path / "snapshot.db"
    shutil.copy(tmp_path / "copy.db", snapshot)
    assert run(CRASH, snapshot) == -signal.SIGKILL
    restore(f"{SQLITE}{file}", snapshot)
    assert names(file) == ["mallory"]


def test_the_file_belongs_to_the_owner_of_the_replaced_one(file: Path, tmp_path: Path) -> None:
    """An administrator restores as root, and RomM runs as another user."""
    if os.geteuid() != 0:
        pytest.skip("only root gives a file away")
    os.chown(file, 4242, 4343)
    restore(f"{SQLITE}{file}", tmp_path / "copy.db")
    found = file.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (4242, 4343, 0o600)


def test_a_link_to_the_database_stays_one(file: Path, tmp_path: Path) -> None:
    """Its target may be on another volume, the only one that outlives a container."""
    link = tmp_path / "romm.db"
    link.symlink_to(file)
    assert run(CRASH, file) == -signal.SIGKILL
    kept = restore(f"{SQLITE}{link}", tmp_path / "copy.db")
    assert kept
    assert link.is_symlink()
    assert (names(file), names(kept)) == (["alice"], ["mallory"])
    assert kept.parent == file.parent


def at_revision(file: Path, revision: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_a_copy_of_an_older_version_is_restored(file: Path, tmp_path: Path) -> None:
    """`romm serve` migrates it."""
    at_revision(tmp_path / "copy.db", "0007")
    assert restore(f"{SQLITE}{file}", tmp_path / "copy.db")


def newer(copied: Path) -> None:
    at_revision(copied, "0099")


def damaged(copied: Path) -> None:
    content = copied.read_bytes()
    copied.write_bytes(content[:20000] + b"\xff" * 8000 + content[28000:])


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (newer, Cause.NEWER),
        (damaged, Cause.DAMAGED),
        (lambda copied: copied.write_bytes(b""), Cause.EMPTY),
        (lambda copied: copied.write_text("a letter" * 1000), Cause.NOT_A_DATABASE),
    ],
    ids=lambda value: value if isinstance(value, Cause) else "",
)
def test_what_is_no_copy_of_ours_replaces_nothing(file: Path, tmp_path: Path, spoil, cause: Cause) -> None:
    copied = tmp_path / "copy.db"
    spoil(copied)
    found = refused(file, copied)
    assert found.facts["cause"] == cause
    assert str(copied) in str(found.facts["problem"])
    assert names(file) == ["alice"]
    assert [each.name for each in file.parent.iterdir()] == ["romm.db"]


def test_a_database_is_no_copy_of_itself(file: Path) -> None:
    assert "itself" in str(refused(file, file).facts["problem"])


def test_a_server_is_restored_by_its_own_program(tmp_path: Path) -> None:
    with pytest.raises(Refused) as found:
        restore("postgresql+asyncpg://romm@127.0.0.1/romm", tmp_path / "copy.db")
    assert "pg_restore" in str(found.value.facts["problem"])


KILLED = """
import os, pathlib, signal, sys
from romm.adapters.database.sqlite.restore import restore
pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
restore("sqlite+aiosqlite:///" + sys.argv[1], pathlib.Path(sys.argv[1]).parents[1] / "copy.db")
"""


def test_an_interrupted_restore_is_repeated_and_never_starts_an_empty_database(file: Path, tmp_path: Path) -> None:
    """Without the database, `romm serve` would create one, and the first visitor would set it up."""
    url = f"{SQLITE}{file}"
    assert run(KILLED, file) == -signal.SIGKILL
    assert not file.exists()
    for starts in (migrations.upgrade, migrations.create, migrations.require_current):
        with pytest.raises(Refused) as found:
            starts(url)
        assert found.value.facts["cause"] == Cause.HALF_RESTORED
    assert versions.create(url) is None
    assert not file.exists()

    assert restore(url, tmp_path / "copy.db") is None

    migrations.require_current(url)
    kept = min(file.parent.glob("romm.db.before-restore-*"))
    assert not list(file.parent.glob(".*"))
    assert (names(file), names(kept)) == (["alice"], ["alice"])
