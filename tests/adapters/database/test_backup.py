"""A copy of the database, made while it is written to."""

import sqlite3
import stat
from pathlib import Path

import pytest

from romm.adapters.database import backup
from romm.adapters.database.migrations import is_current
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.catalogue import operator_text
from romm.domain.errors import Refused
from tests.domain.examples import NOW
from tests.factories import new_account


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_the_copy_has_what_was_written_and_stands_alone(url: str, database: Database, tmp_path: Path):
    await SQLAccounts(database).create(new_account("alice"), NOW)
    copied = tmp_path / "elsewhere" / "copy.db"
    copied.parent.mkdir()

    backup.copy(url, copied)

    assert [path.name for path in copied.parent.iterdir()] == ["copy.db"]
    assert stat.S_IMODE(copied.stat().st_mode) == 0o600
    with sqlite3.connect(copied) as connection:
        assert connection.execute("SELECT username FROM accounts").fetchall() == [("alice",)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_copy_is_a_database_that_romm_takes(url: str, tmp_path: Path):
    backup.copy(url, tmp_path / "copy.db")
    assert is_current(f"sqlite+aiosqlite:///{tmp_path}/copy.db")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_no_file_is_written_over(url: str, tmp_path: Path):
    there = tmp_path / "there"
    there.write_text("precious")
    with pytest.raises(FileExistsError):
        backup.copy(url, there)
    assert there.read_text() == "precious"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+asyncpg://romm@127.0.0.1:1/romm", "127.0.0.1:1/romm was not copied"),
        ("sqlite+aiosqlite:////nowhere/romm.db", "/nowhere/romm.db"),
    ],
)
def test_what_cannot_be_copied_is_explained(url: str, said: str, tmp_path: Path):
    with pytest.raises(Refused) as refused:
        backup.copy(url, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == [], "an empty copy would be taken for a backup"
    assert said in operator_text(refused.value)
