"""Reading the users of an existing RomM, from each kind of database that it may have."""

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from romm.adapters.accounts.foreign_users import SQLForeignUsers
from romm.adapters.accounts.imports import SQLImports
from romm.adapters.accounts.passwords import Argon2Passwords
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.accounts.imports import ForeignUser, Import, decide
from romm.domain.catalogue import operator_text
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel
from romm.domain.sign_in.hashing_order import FIRST
from tests.adapters.accounts.test_passwords import legacy
from tests.adapters.conftest import on_postgres, temporary_database
from tests.domain.examples import NOW

MARIADB = os.environ.get("ROMM_TEST_MARIADB_URL", "")
on_mariadb = pytest.mark.skipif(not MARIADB, reason="ROMM_TEST_MARIADB_URL names no MariaDB or MySQL to test on")

PASSWORD = "a lantern in the attic"
HASH = legacy(PASSWORD)
UUID = "1fbc5c1c-3f0f-4f0e-9d0c-0f4c1d8a5a11"

GROUPS = "CREATE TABLE permission_groups (id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL, is_default BOOLEAN)"
USERS = """
    CREATE TABLE users (
        id INTEGER PRIMARY KEY, username VARCHAR(255) UNIQUE, hashed_password VARCHAR(255), email VARCHAR(255),
        enabled BOOLEAN, role {role}, permission_group_id INTEGER, ui_settings {json}, last_login {time} NULL,
        last_active {time} NULL, created_at {time} NULL, updated_at {time} NULL
    )
"""
TYPES = {
    "sqlite": {"role": "VARCHAR(10)", "json": "JSON", "time": "DATETIME"},
    "postgresql": {"role": "role", "json": "JSON", "time": "TIMESTAMP WITH TIME ZONE"},
    "mysql": {"role": "ENUM('VIEWER', 'EDITOR', 'ADMIN', 'user')", "json": "JSON", "time": "TIMESTAMP"},
}
ROLE = "CREATE TYPE role AS ENUM ('VIEWER', 'EDITOR', 'ADMIN', 'user')"
ROWS = """
    INSERT INTO permission_groups VALUES (7, 'Editor (legacy)', FALSE), (8, 'Viewer (legacy)', TRUE);
    INSERT INTO users VALUES (1, 'root', '<hash>', 'root@example.com', TRUE, 'ADMIN', NULL, '{}', '2025-01-02 03:04:05',
        NULL, '2024-01-02 03:04:05', NULL);
    INSERT INTO users VALUES (2, 'Zoë', '<uuid>', NULL, FALSE, 'user', 7, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO users VALUES (3, 'old', NULL, 'Old@Example.com', TRUE, 'EDITOR', NULL, NULL, NULL, NULL, NULL, NULL)
""".replace("<hash>", HASH).replace("<uuid>", UUID)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=on_postgres), pytest.param("mysql", marks=on_mariadb)]
)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An existing RomM's database, with three users."""
    with empty(request.param, tmp_path) as url:
        types = TYPES[request.param]
        statements = [ROLE] * (request.param == "postgresql") + [GROUPS, USERS.format(**types)]
        utc = {"mysql": ["SET time_zone = '+00:00'"], "postgresql": ["SET TIME ZONE 'UTC'"]}.get(request.param, [])
        execute(url, *utc, *statements, *ROWS.split(";"))
        yield url


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/romm of old.db"
    elif kind == "postgresql":
        with temporary_database() as url:
            yield url.replace("+asyncpg", "")
    else:
        name = f"romm_test_{secrets.token_hex(8)}"
        execute(MARIADB, f"CREATE DATABASE {name}")
        yield make_url(MARIADB).set(database=name).render_as_string(hide_password=False)
        execute(MARIADB, f"DROP DATABASE {name}")


def execute(url: str, *statements: str) -> None:
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        asyncio.run(_execute_asynchronously(url, statements))
        return
    driver = "sqlite+pysqlite" if address.get_backend_name() == "sqlite" else "mysql+pymysql"
    engine = create_engine(address.set(drivername=driver))
    with engine.begin() as connection:
        for each in statements:
            connection.exec_driver_sql(each)
    engine.dispose()


async def _execute_asynchronously(url: str, statements: tuple[str, ...]) -> None:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        for each in statements:
            await connection.execute(text(each))
    await engine.dispose()


async def read(url: str) -> list[ForeignUser]:
    return await SQLForeignUsers(url).read()


async def unreadable(url: str) -> str:
    with pytest.raises(Refused) as refused:
        await read(url)
    assert refused.value.code is Code.IMPORT_UNREADABLE
    return operator_text(refused.value)


def test_all_users_are_read_as_they_are(source: str):
    root, zoe, old = asyncio.run(read(source))

    assert zoe == ForeignUser(
        id=2, username="Zoë", password_hash=UUID, email=None, enabled=False, role="user", group="Editor (legacy)"
    )
    assert (old.role, old.enabled, old.password_hash, old.email) == ("EDITOR", True, None, "Old@Example.com")
    assert (root.username, root.password_hash, root.group) == ("root", HASH, None)
    assert [in_utc(root.last_login), in_utc(root.created_at)] == [
        datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
    ]


def in_utc(at: datetime | None) -> datetime | None:
    """MariaDB and SQLite give times without a zone."""
    return at and (at if at.tzinfo else at.replace(tzinfo=UTC))


def test_who_was_read_can_be_imported_and_has_the_same_password(source: str, migrated: Path, tmp_path: Path):
    target = tmp_path / "romm.db"
    target.write_bytes(migrated.read_bytes())
    asyncio.run(import_all(source, f"sqlite+aiosqlite:///{target}"))


async def import_all(source: str, target: str) -> None:
    database, passwords = Database(target), Argon2Passwords()
    imports, accounts = SQLImports(database), SQLAccounts(database)
    for decision in decide(await read(source), await imports.existing_accounts(), NOW):
        assert isinstance(decision, Import)
        await imports.add(decision, NOW)
    root, zoe = await accounts.password("root"), await accounts.password("user-2")
    assert root is not None
    assert zoe is not None
    assert (root[0].level, root[0].last_login) == (AccessLevel.ADMIN, datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert (await passwords.verify(root[1], PASSWORD, FIRST, salt="")).fits
    assert (zoe[0].level, zoe[0].enabled, zoe[1]) == (AccessLevel.EDITOR, False, None)
    await database.close()


WRITING_VIEW = "CREATE VIEW users AS SELECT touch() AS id, 'alice' AS username, 'user' AS role"
TOUCH = {
    "postgresql": "CREATE FUNCTION touch() RETURNS INTEGER AS 'INSERT INTO trace VALUES (1) RETURNING 1' LANGUAGE sql",
    "mysql": "CREATE FUNCTION touch() RETURNS INTEGER BEGIN INSERT INTO trace VALUES (1); RETURN 1; END",
}


@pytest.mark.parametrize(
    "kind", [pytest.param("postgresql", marks=on_postgres), pytest.param("mysql", marks=on_mariadb)]
)
def test_nothing_can_be_written_there(kind: str, tmp_path: Path):
    """Not even by a view that writes when it is read."""
    with empty(kind, tmp_path) as url:
        execute(url, "CREATE TABLE trace (number INTEGER)", TOUCH[kind], WRITING_VIEW)

        assert "read only" in asyncio.run(unreadable(url)).lower().replace("-", " ")


@on_mariadb
def test_the_times_of_mariadb_are_asked_for_in_utc(tmp_path: Path):
    """It gives them without a zone, in the session's."""
    with empty("mysql", tmp_path) as url:
        zone = "CREATE FUNCTION zone() RETURNS VARCHAR(64) DETERMINISTIC RETURN @@session.time_zone"
        execute(url, zone, "CREATE VIEW users AS SELECT 1 AS id, zone() AS username, 'user' AS role")

        [user] = asyncio.run(read(url))

    assert user.username == "+00:00"


@pytest.mark.parametrize("scheme", ["mariadb", "mariadb+mariadbconnector", "mysql+mysqldb", "MySQL"])
@on_mariadb
def test_the_url_of_an_existing_romm_is_understood_as_it_is(scheme: str):
    rest = MARIADB.partition("://")[2]
    assert "users" in asyncio.run(unreadable(f"{scheme}://{rest.rpartition('/')[0]}/information_schema"))


def test_an_old_table_has_less_and_is_read_all_the_same(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/romm.db"
    execute(
        url,
        "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, role TEXT, created_at TEXT)",
        "INSERT INTO users VALUES (1, 'alice', 'VIEWER', 'some day'), (2, NULL, NULL, NULL)",
    )

    alice, nobody = asyncio.run(read(url))

    assert (alice.username, alice.enabled, alice.email, alice.created_at) == ("alice", True, None, None)
    assert (nobody.username, nobody.role) == ("", "")


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("CREATE TABLE roms (id INTEGER)", "no such table: users"),
        ("CREATE TABLE users (id INTEGER, name TEXT)", "has no role and no username, so it is not RomM's"),
        ("CREATE TABLE users (id INTEGER, username TEXT, role TEXT, permission_group_id INTEGER)", "permission_groups"),
    ],
)
def test_a_database_of_something_else_is_told(tmp_path: Path, statement: str, problem: str):
    url = f"sqlite:///{tmp_path}/romm.db"
    execute(url, statement)
    if "users" in statement:
        columns = (
            "INSERT INTO users VALUES (1, 'x', 'y', 2)" if "role" in statement else "INSERT INTO users VALUES (1, 'x')"
        )
        execute(url, columns)

    assert problem in asyncio.run(unreadable(url))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "must look like postgresql://"),
        ("oracle://romm:s3cret@h/n", "must look like postgresql://"),
        ("/var/lib/romm.db", "must look like postgresql://"),
        ("mysql://romm:s3cret@127.0.0.1", "must look like postgresql://"),
        ("mysql://romm:s3cret@127.0.0.1:s3cret/romm", "must look like postgresql://"),
        ("mysql://romm:@s3cret/@127.0.0.1:9/romm", "write special characters as %XX"),
        ("postgresql://romm:@s3cret/@127.0.0.1:9/romm", "write special characters as %XX"),
        ("mysql://romm:s3cret@127.0.0.1:9/romm", "be read: Can't connect"),
        ("mysql://romm:s3cret@127.0.0.1:9/romm?nonsense=1", "nonsense"),
        ("postgresql://romm:s3cret@127.0.0.1", "must look like postgresql://"),
        ("postgresql://romm:s3cret@127.0.0.1:9/romm", "9"),
        ("sqlite:////nowhere/romm.db", "unable to open database file"),
    ],
)
def test_a_url_that_leads_nowhere_is_told_without_its_password(url: str, problem: str):
    """R-59."""
    told = asyncio.run(unreadable(url))

    assert told.startswith("The database of --from cannot be read: ")
    assert problem in told
    assert "s3cret" not in told


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path):
    asyncio.run(unreadable(f"sqlite:///{tmp_path}/romm.db"))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("driver", "url", "file"),
    [("pymysql", "mysql://h/n", "mysql.txt"), ("asyncpg", "postgresql://h/n", "postgres.txt")],
)
def test_a_missing_driver_is_reported_with_the_command_that_installs_it(driver: str, url: str, file: str):
    script = (
        f"import sys, asyncio; sys.modules[{driver!r}] = None\n"
        "from romm.adapters.accounts.foreign_users import SQLForeignUsers\n"
        "from romm.domain.catalogue import operator_text\n"
        "from romm.domain.errors import Refused\n"
        f"try: asyncio.run(SQLForeignUsers({url!r}).read())\n"
        "except Refused as refused: print(operator_text(refused))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert f"pip install --require-hashes -r requirements/{file}`." in ended.stdout
