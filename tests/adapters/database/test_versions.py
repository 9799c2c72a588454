"""The look at SQLite's file that spares most starts the import of SQLAlchemy."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from romm.adapters.database.migrations import upgrade
from romm.adapters.database.versions import is_migrated


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Migrated, in a folder whose name has what URLs treat as special."""
    folder = tmp_path / "100% #1"
    folder.mkdir()
    upgrade(url(folder / "romm.db"))
    return folder / "romm.db"


def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def changed(statement: str) -> Callable[[Path], object]:
    def change(file: Path) -> None:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(statement)
            connection.commit()

    return change


def test_a_migrated_file_is_known(file: Path):
    assert is_migrated(url(file))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(Path.unlink, id="no file"),
        pytest.param(lambda file: file.write_bytes(b"not a database" * 100), id="no database"),
        pytest.param(changed("DROP TABLE alembic_version"), id="no version"),
        pytest.param(changed("DELETE FROM alembic_version"), id="an empty version"),
        pytest.param(changed("UPDATE alembic_version SET version_num = '0001'"), id="an older version"),
        pytest.param(changed("UPDATE alembic_version SET version_num = '9999'"), id="a newer version"),
    ],
)
def test_anything_else_is_left_to_the_migrations(spoil: Callable[[Path], object], file: Path):
    spoil(file)

    assert not is_migrated(url(file))


def test_a_missing_file_is_not_made(tmp_path: Path):
    assert not is_migrated(url(tmp_path / "romm.db"))
    assert list(tmp_path.iterdir()) == []


def test_a_locked_file_is_not_waited_for(file: Path):
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        assert not is_migrated(url(file))


def test_another_database_is_not_looked_at():
    assert not is_migrated("postgresql+asyncpg://user:password@127.0.0.1/romm")


def test_a_start_on_a_migrated_file_does_not_import_sqlalchemy(file: Path):
    """Guards what docs/performance.md promises: half a second of processor time at each start."""
    program = f"""
import sys
from romm.adapters.database.versions import is_migrated
import romm.cli.main, romm.cli.server.prepare, romm.composition.start, romm.adapters.log
assert is_migrated({url(file)!r})
assert "sqlalchemy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
