"""What ends at one worker has ended at the very next request of every worker, though each remembers credentials."""

import asyncio
import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.database.migrations import upgrade
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain import scopes
from romm.domain.credentials.credential import Credential, Kind, issued
from romm.domain.digests import digest
from romm.domain.model import AccessLevel
from tests.adapters.conftest import on_postgres, temporary_database
from tests.factories import new_account
from tests.fake_provider import FakeProvider
from tests.processes.conftest import create_first_admin, romm

ADDRESS = "http://127.0.0.1:8080"  # what a balancer in front of all would be called
ROUNDS = {"sqlite": 1000, "postgres": 100}  # nothing is remembered with PostgreSQL
BATCH = 100

PATHS = ("/api/auth/forward", "/api/users/me")
CHANGES = ("signs out", "is disabled", "is demoted", "ends the session in its list")


class Worker:
    """A process, over one connection."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)

    def ask(self, method: str, path: str, secret: str, fields: object = None) -> int:
        headers = {"cookie": f"romm_session={secret}", "accept": "application/json", "content-type": "application/json"}
        self._connection.request(method, path, None if fields is None else json.dumps(fields), headers)
        response = self._connection.getresponse()
        response.read()
        return response.status

    def lets_in(self, secret: str, path: str = "/api/users/me") -> bool:
        status = self.ask("GET", path, secret)
        assert status in (200, 204, 401)
        return status < 300

    def close(self) -> None:
        self._connection.close()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=on_postgres)])
def test_what_ends_at_one_worker_has_ended_at_all(idp: FakeProvider, tmp_path: Path, kind: str) -> None:
    with ExitStack() as running:
        url, addresses = running.enter_context(two_workers(idp, tmp_path, kind))
        here, there = (running.enter_context(closing(Worker(each))) for each in addresses)
        create_first_admin(addresses[0])
        for number in range(ROUNDS[kind]):
            if number % BATCH == 0:
                keeper, editors = asyncio.run(prepare(url, number))
            changing, other = (here, there) if number % 3 else (there, here)
            editor, secret, session = editors[number % BATCH]
            assert here.lets_in(secret)
            assert there.lets_in(secret)

            change(changing, CHANGES[number % len(CHANGES)], keeper, editor, secret, session)

            assert not other.lets_in(secret, PATHS[number % 2]), number
            assert not changing.lets_in(secret), number


def change(worker: Worker, what: str, keeper: str, editor: int, secret: str, session: int) -> None:
    match what:
        case "signs out":
            status = worker.ask("POST", "/api/logout", secret)
        case "is disabled":
            status = worker.ask("PUT", f"/api/users/{editor}", keeper, {"enabled": False})
        case "is demoted":
            status = worker.ask("PUT", f"/api/users/{editor}", keeper, {"role": "viewer"})
        case _:
            status = worker.ask("DELETE", f"/api/sessions/{session}", secret)
    assert status in (200, 204), what


@contextmanager
def two_workers(idp: FakeProvider, folder: Path, kind: str) -> Iterator[tuple[str, list[str]]]:
    """Two processes with one database."""
    with ExitStack() as running:
        url = (
            f"sqlite+aiosqlite:///{folder}/romm.db" if kind == "sqlite" else running.enter_context(temporary_database())
        )
        upgrade(url)
        own = {"ROMM_DATABASE_URL": url.replace("+asyncpg", "").replace("+aiosqlite", ""), "LOG_LEVEL": "ERROR"}
        started = [running.enter_context(romm(idp, folder, ADDRESS, open_files=None, **own)) for _ in range(2)]
        yield url, [address for address, _ in started]


async def prepare(url: str, number: int) -> tuple[str, list[tuple[int, str, int]]]:
    """A fresh session of the administrator, and editors with one each: the account, the secret, the session's id."""
    database = Database(url)
    credentials, accounts = SQLCredentials(database, lambda: datetime.now(UTC)), SQLAccounts(database)
    keeper = await accounts.get(1)
    assert keeper is not None
    await credentials.add(keeper, session(1, f"keeper-{number}"))
    editors = []
    for each in range(number, number + BATCH):
        owner = await accounts.create(new_account(f"editor-{each}", AccessLevel.EDITOR), datetime.now(UTC))
        secret = f"secret-{each}"
        await credentials.add(owner, session(owner.id, secret))
        found = await credentials.find(Kind.SESSION, digest(secret))
        assert found is not None
        assert found[0].id is not None
        editors.append((owner.id, secret, found[0].id))
    await database.close()
    return f"keeper-{number}", editors


def session(owner: int, secret: str) -> Credential:
    now = datetime.now(UTC)
    lasts = {"scopes": scopes.ALL, "proven_at": now}
    return issued(Kind.SESSION, owner, digest(secret), now, now + timedelta(hours=1), **lasts)
