"""How each database is opened, and what becomes of one that cannot be."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from romm.adapters.database.migrations import upgrade
from romm.adapters.database.tables import AccountRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.errors import Code, Refused
from tests.adapters.conftest import POSTGRES, on_postgres
from tests.domain.examples import NOW
from tests.factories import new_account

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
on_postgres_only = pytest.mark.parametrize("url", [pytest.param("postgres", marks=on_postgres)], indirect=True)


@on_sqlite
async def test_a_new_database_is_nobody_elses_business(tmp_path: Path, url: str):
    path = tmp_path / "new" / "romm.db"
    database = Database(url.replace("romm.db", "new/romm.db"))

    assert await database.revision() is None
    await database.close()

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@on_sqlite
async def test_sqlite_is_set_up_for_several_processes(database: Database):
    expected = {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 5000}

    async with database.read() as reader:
        assert {name: await reader.scalar(text(f"PRAGMA {name}")) for name in expected} == expected

    def pragmas(connection: Connection) -> dict[str, object]:
        return {name: connection.scalar(text(f"PRAGMA {name}")) for name in (*expected, "foreign_keys")}

    assert await database.write(pragmas) == expected | {"foreign_keys": 1}


async def test_a_new_file_that_another_process_makes_just_now_is_waited_for(tmp_path: Path):
    """Two containers that start together; SQLite itself answers the second at once that the file is locked."""
    path = tmp_path / "romm.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    migration = asyncio.create_task(asyncio.to_thread(upgrade, f"sqlite+aiosqlite:///{path}"))
    await asyncio.sleep(0.5)
    was_waiting = not migration.done()
    other.execute("COMMIT")
    other.close()

    await migration
    assert was_waiting


@on_sqlite
async def test_a_database_that_is_a_folder_is_named_in_the_refusal(tmp_path: Path, url: str):
    database = Database(url.replace("romm.db", ""))
    with pytest.raises(Refused) as refused:
        await database.revision()
    await database.close()
    assert refused.value.facts["cause"] == "not_a_file"


@on_sqlite
async def test_the_reading_side_cannot_write(database: Database):
    with pytest.raises(Refused, match=Code.STORAGE_UNAVAILABLE):
        async with database.read() as reader:
            await reader.execute(delete(AccountRow))


@on_sqlite
async def test_a_writer_waits_for_another_process_to_finish(database: Database, tmp_path: Path):
    other = sqlite3.connect(tmp_path / "romm.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    writing = asyncio.create_task(SQLAccounts(database).create(new_account("alice"), NOW))
    await asyncio.sleep(0.2)
    was_waiting = not writing.done()
    other.execute("COMMIT")
    other.close()

    assert (await writing).username == "alice"
    assert was_waiting


@on_postgres_only
async def test_a_restarted_server_is_not_noticed(database: Database):
    accounts = SQLAccounts(database)
    made = await accounts.create(new_account("alice"), NOW)
    server = create_async_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = :name"
            ),
            {"name": await database_name(database)},
        )
    await server.dispose()

    assert await accounts.get(made.id) == made


async def database_name(database: Database) -> str:
    async with database.read() as reader:
        return str(await reader.scalar(text("SELECT current_database()")))


@pytest.fixture
def unreachable(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "file").touch()
    (tmp_path / "broken.db").write_bytes(b"this is no database, whatever its name may say" * 100)
    return {
        "a path through a file": f"sqlite+aiosqlite:///{tmp_path}/file/romm.db",
        "a folder": f"sqlite+aiosqlite:///{tmp_path}",
        "no database": f"sqlite+aiosqlite:///{tmp_path}/broken.db",
        "nobody listens": "postgresql+asyncpg://romm@127.0.0.1:9/romm",
        "no such database": POSTGRES and make_url(POSTGRES).set(database="none").render_as_string(hide_password=False),
    }


@pytest.mark.parametrize(
    "why",
    [
        "a path through a file",
        "a folder",
        "no database",
        "nobody listens",
        pytest.param("no such database", marks=on_postgres),
    ],
)
async def test_a_database_that_cannot_be_reached_is_unavailable(unreachable: dict[str, str], why: str):
    database = Database(unreachable[why])

    with pytest.raises(Refused) as asking:
        await database.ready()
    assert asking.value.code is Code.STORAGE_UNAVAILABLE
    with pytest.raises(Refused) as reading:
        await SQLAccounts(database).any_admin()
    with pytest.raises(Refused) as writing:
        await SQLAccounts(database).rehash(1, "old", "new")

    for refused in (reading.value, writing.value):
        assert refused.code is Code.STORAGE_UNAVAILABLE
        assert refused.facts["problem"]
    await database.close()
