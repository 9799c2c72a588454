"""The look at SQLite's file, and the new one, that spare most starts the import of SQLAlchemy."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from romm.adapters.database.migrations import upgrade
from romm.adapters.database.sqlite.space import INCREMENTAL
from romm.adapters.database.sqlite.versions import create, is_migrated


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


def test_a_new_file_is_what_the_migrations_make(file: Path, tmp_path: Path):
    """After a migration: `python alembic/newest.py`."""
    made = create(url(tmp_path / "data" / "new.db"))

    assert made == tmp_path / "data" / "new.db"
    assert contents(made) == contents(file)
    assert is_migrated(url(made))


def test_a_new_file_is_for_its_owner_only(tmp_path: Path):
    made = tmp_path / "data" / "romm.db"
    create(url(made))

    assert [oct(each.stat().st_mode & 0o777) for each in (made.parent, made)] == ["0o700", "0o600"]


@pytest.mark.parametrize("content", [b"", b"not a database"])
def test_a_file_that_is_there_stays_as_it_is(content: bytes, tmp_path: Path):
    there = tmp_path / "romm.db"
    there.write_bytes(content)

    assert create(url(there)) is None
    assert there.read_bytes() == content


def test_a_file_that_cannot_be_made_is_left_to_the_migrations(tmp_path: Path):
    tmp_path.joinpath("data").touch()

    assert create(url(tmp_path / "data" / "romm.db")) is None


def test_no_file_is_made_for_another_database(tmp_path: Path):
    assert create("postgresql+asyncpg://user:password@127.0.0.1/romm") is None
    assert create(f"{url(tmp_path / 'romm.db')}?mode=ro") is None
    assert list(tmp_path.iterdir()) == []


def contents(file: Path) -> object:
    """With what is set before the first page."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (INCREMENTAL,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").fetchall()
        columns = {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for _, name, _, _ in schema}
        version = connection.execute("SELECT * FROM alembic_version").fetchall()
    return [(*names, pieces(sql or "")) for *names, sql in schema], columns, version


def pieces(sql: str) -> list[str]:
    """Sorted: Alembic adds constraints in the order of a set."""
    return sorted(each.strip(" \t\n)") for each in sql.split(","))


def test_a_start_on_a_migrated_file_does_not_import_sqlalchemy(file: Path):
    """Guards what docs/performance.md promises: half a second of processor time at each start."""
    program = f"""
import sys
from romm.adapters.database.sqlite.space import INCREMENTAL
from romm.adapters.database.sqlite.versions import create, is_migrated
import romm.cli.main, romm.cli.server.prepare, romm.composition.start, romm.adapters.log
assert is_migrated({url(file)!r})
assert create({url(file.with_name("new.db"))!r})
assert "sqlalchemy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
