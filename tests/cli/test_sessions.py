"""`romm sessions`, on a real database file."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.credentials.credential import Kind, issued
from tests.cli.test_users import on

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Vera is signed in twice, and with an app."""
    assert on(tmp_path, "users", "add", "vera").exit_code == 0
    asyncio.run(_sign_in(f"sqlite+aiosqlite:///{tmp_path}/romm.db"))
    return tmp_path


async def _sign_in(url: str) -> None:
    database = Database(url)
    found = await SQLAccounts(database).password("vera")
    assert found is not None
    kinds = {"one": Kind.SESSION, "two": Kind.SESSION, "three": Kind.ACCESS_TOKEN}
    until = NOW + timedelta(days=1)
    made = [
        issued(kind, found[0].id, digest, NOW, until, address="192.0.2.7", user_agent="a\x1bbrowser", proven_at=NOW)
        for digest, kind in kinds.items()
    ]
    await SQLCredentials(database, lambda: NOW).add(found[0], *made)
    await database.close()


def listed(folder: Path) -> list[int]:
    return [each["id"] for each in json.loads(on(folder, "sessions", "list", "vera", "--json").stdout)]


def test_sessions_are_listed_without_a_strangers_escape_sequences(folder: Path) -> None:
    lines = on(folder, "sessions", "list", "vera").stdout.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith(r"a\u001bbrowser")
    assert "192.0.2.7" in lines[1]


def test_one_session_is_ended(folder: Path) -> None:
    first, second = listed(folder)
    assert on(folder, "sessions", "end", "vera", str(first)).stdout == "Ended 1 session of vera.\n"
    assert listed(folder) == [second]
    assert on(folder, "sessions", "end", "vera", str(first)).exit_code == 1


def test_all_sessions_are_ended_and_apps_only_on_demand(folder: Path) -> None:
    assert on(folder, "sessions", "end", "vera").stdout == "Ended 2 sessions of vera.\n"
    assert listed(folder) == []
    assert on(folder, "sessions", "end", "vera", "--apps").stdout == "Ended 1 sign-in of vera.\n"


def test_a_session_and_all_apps_contradict_each_other(folder: Path) -> None:
    result = on(folder, "sessions", "end", "vera", "1", "--apps")
    assert (result.exit_code, len(listed(folder))) == (2, 2)
