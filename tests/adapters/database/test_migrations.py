"""Migrations lead to the tables that the code expects, in one step or not at all, and back."""

import ast
import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Any, TypeVar

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, insert, inspect, text

from romm.adapters.database.migrations import alembic_config, current, is_current, upgrade
from romm.adapters.database.tables import Base
from romm.adapters.database.transactions import HEAD, Database
from romm.domain.errors import Code, Refused
from tests.domain.examples import NOW

T = TypeVar("T")

FAILING = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9999", "{head}"


def upgrade() -> None:
    op.create_table("half_made", sa.Column("id", sa.Integer()))
    op.execute("INSERT INTO missing VALUES (1)")
"""


async def inspected(url: str, look: Callable[[Connection], T]) -> T:
    database = Database(url)
    async with database.read() as reader:
        found = await reader.run_sync(look)
    await database.close()
    return found


def tables(url: str) -> set[str]:
    return set(asyncio.run(inspected(url, lambda connection: inspect(connection).get_table_names())))


def differences(connection: Connection) -> Any:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, Base.metadata)


def test_the_newest_migration_is_the_one_the_code_names():
    assert ScriptDirectory.from_config(alembic_config("")).get_heads() == [HEAD]


def test_up_down_up(bare_url: str):
    assert not is_current(bare_url)

    upgrade(bare_url)
    assert is_current(bare_url)
    assert tables(bare_url) == {*Base.metadata.tables, "alembic_version"}

    command.downgrade(alembic_config(bare_url), "base")
    assert current(bare_url) is None
    assert tables(bare_url) == {"alembic_version"}

    upgrade(bare_url)
    assert current(bare_url) == HEAD


@pytest.mark.filterwarnings("ignore:.*expression-based index '?ix_accounts_legacy_hash")  # on SQLite
def test_the_models_are_what_the_migrations_made(bare_url: str):
    upgrade(bare_url)

    assert asyncio.run(inspected(bare_url, differences)) == []
    command.check(alembic_config(bare_url))


@pytest.fixture
def failing(bare_url: str, tmp_path: Path) -> Config:
    """A configuration with one more migration, which fails after its first statement."""
    config = alembic_config(bare_url)
    folder = shutil.copytree(config.get_main_option("script_location") or "", tmp_path / "migrations")
    (folder / "versions" / "9999_failing.py").write_text(FAILING.format(head=HEAD))
    config.set_main_option("script_location", str(folder))
    return config


@pytest.mark.parametrize("before", [None, HEAD])
def test_a_migration_that_fails_leaves_the_database_as_it_was(failing: Config, bare_url: str, before: str | None):
    if before:
        upgrade(bare_url)
    had = tables(bare_url)

    with pytest.raises(Exception, match="missing"):
        command.upgrade(failing, "head")

    assert current(bare_url) == before
    assert tables(bare_url) == had


def test_each_migration_runs_once_when_several_start_together(bare_url: str):
    """They take turns: an advisory lock on PostgreSQL, BEGIN IMMEDIATE on SQLite."""
    program = f"""
import alembic.command
from romm.adapters.database.migrations import upgrade
print("ready", flush=True)
input()
upgrade({bare_url!r}, report=print)
"""
    start = partial(subprocess.Popen, [sys.executable, "-c", program], stdin=PIPE, stdout=PIPE, text=True)
    said = []
    with start() as one, start() as two, start() as three:
        for each in (one, two, three):
            assert each.stdout
            assert each.stdout.readline() == "ready\n"
        for each in (one, two, three):
            assert each.stdin
            print(file=each.stdin, flush=True)
        for each in (one, two, three):
            said += each.communicate(timeout=120)[0].splitlines()

    assert [each.returncode for each in (one, two, three)] == [0, 0, 0]
    assert [line.partition(":")[0] for line in said] == [path.stem.partition("_")[0] for path in versions()]
    assert is_current(bare_url)


def test_asking_whether_a_database_is_current_does_not_import_alembic(url: str):
    """Guards what docs/performance.md promises: 105 MiB for a worker, which asks at each `/api/health/ready`."""
    program = f"""
import sys
from romm.adapters.database.migrations import is_current, upgrade
assert is_current({url!r})
upgrade({url!r})
assert not [name for name in sys.modules if name.startswith("alembic.")]
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_database_that_cannot_be_reached_cannot_be_migrated(tmp_path: Path):
    (tmp_path / "file").touch()
    url = f"sqlite+aiosqlite:///{tmp_path}/file/romm.db"

    for ask in (upgrade, current, is_current):
        with pytest.raises(Refused) as refused:
            ask(url)
        assert refused.value.code is Code.STORAGE_UNAVAILABLE


def versions() -> list[Path]:
    return sorted(Path(alembic_config("").get_main_option("script_location") or "", "versions").glob("*.py"))


@pytest.mark.parametrize("path", versions(), ids=lambda path: path.stem)
def test_a_migration_does_not_change_with_the_code(path: Path):
    modules = {
        name
        for node in ast.walk(ast.parse(path.read_text()))
        for name in [getattr(node, "module", None), *(alias.name for alias in getattr(node, "names", []))]
        if isinstance(node, ast.Import | ast.ImportFrom) and name
    }
    assert not {name for name in modules if name.split(".")[0] == "romm"}


def test_the_folder_of_migrations_does_not_hide_the_library():
    assert not list(versions()[0].parents[1].rglob("__init__.py"))


BEFORE_SOURCES = "0006"
PEOPLE: dict[str, tuple[dict[str, Any], str]] = {
    "the provider vouched for it": ({"email_verified": True, "version": 2}, "provider"),
    "an administrator who typed it": ({"level": "admin"}, "administrator"),
    "made by an administrator, without a password": ({"password_hash": None}, "administrator"),
    "brought along, never changed": ({"created_at": NOW - timedelta(days=900)}, "administrator"),
    "brought along, and changed since": ({"created_at": NOW - timedelta(days=900), "version": 2}, "owner"),
    "disabled": ({"enabled": False}, "administrator"),
    "invited": ({}, "owner"),
    "linked, without a password": ({"password_hash": None, "linked": True}, "owner"),
    "without an address": ({"email": None}, "owner"),
}


def test_every_address_from_before_gets_a_source_that_locks_nobody_out(bare_url: str):
    upgrade(bare_url, BEFORE_SOURCES)
    asyncio.run(written(bare_url, _move_in))

    command.upgrade(alembic_config(bare_url), "0007")

    sources = dict(asyncio.run(inspected(bare_url, _sources)))
    assert sources == {name: source for name, (_, source) in PEOPLE.items()}
    command.downgrade(alembic_config(bare_url), BEFORE_SOURCES)
    verified = asyncio.run(inspected(bare_url, _verified))
    assert verified == ["the provider vouched for it"]


def _move_in(connection: Connection) -> None:
    accounts, identities = (Table(name, MetaData(), autoload_with=connection) for name in ("accounts", "identities"))
    ordinary = {"enabled": True, "level": "viewer", "version": 1, "password_hash": "a hash", "email_verified": False}
    ordinary |= {"created_at": NOW, "updated_at": NOW}
    for name, (facts, _) in PEOPLE.items():
        person = {"username": name, "email": f"{name}@example.com", **ordinary, **facts}
        is_linked = person.pop("linked", False)
        made = connection.execute(insert(accounts).values(person).returning(accounts.c.id)).scalar_one()
        if is_linked:
            link = {"issuer": "https://op.example", "subject": "alice", "linked_at": NOW, "rule": "L-12"}
            connection.execute(insert(identities).values(account_id=made, **link))


def _sources(connection: Connection) -> list[tuple[str, str]]:
    return [(row.username, row.email_source) for row in connection.execute(text("SELECT * FROM accounts"))]


def _verified(connection: Connection) -> list[str]:
    return [row.username for row in connection.execute(text("SELECT * FROM accounts WHERE email_verified"))]


async def written(url: str, work: Callable[[Connection], None]) -> None:
    database = Database(url)
    await database.write(work)
    await database.close()
