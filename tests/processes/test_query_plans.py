"""No request reads a whole table that grows: every statement of every route, as the database carries it out.

`ROMM_TEST_ACCOUNTS` accounts: at 100,000 the work for each statement is counted, too, and PostgreSQL is asked.
"""

import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import fields
from itertools import count
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Engine, event

from romm.adapters.database.engines import migrating
from romm.adapters.database.migrations import upgrade
from romm.adapters.database.transactions import Database
from romm.adapters.diagnosis.schema import DatabaseStorage
from romm.domain import scopes
from romm.domain.credentials.credential import NEVER, Credential, Kind, issued
from romm.domain.digests import digest
from romm.domain.model import AccessLevel, Identity, subject_digest
from tests.adapters.conftest import POSTGRES, Stores, in_database, temporary_database
from tests.adapters.database.plans import GROWING, whole_tables_of_postgresql, whole_tables_of_sqlite
from tests.api.door_house import SHELF, USER_CODE, House
from tests.api.doors import DOORS, Door, Page
from tests.factories import new_account
from tests.large_house import fill
from tests.world import PASSWORD, World

ACCOUNTS = int(os.environ.get("ROMM_TEST_ACCOUNTS", "3000"))
MANY = 100_000
MOST_STEPS = 250_000
"""Of SQLite's machine. One look at each of 100,000 rows takes 300,000."""

Statements = Mapping[str, tuple[Any, ...]]
"""With parameters that one of them had."""

ONLY = ("waiting", "disabled", "never", "managed")
QUERIES = (
    *(f"/admin/users?only={only}" for only in ONLY),
    *(f"/admin/users?only={only}&search=person-1" for only in ("", *ONLY)),
    "/admin/users?after=person-5",
    "/admin/users?before=person-5",
    "/admin/users?search=person-1&after=person-15",
    "/api/users?search=person-1&limit=1000&offset=10000",
    "/api/users?offset=10000",
    "/admin/sign-ins?search=person-1",
    "/admin/sign-ins?search=email_not&outcome=refused&before=50",
    "/admin/sign-ins?search=192.0.2.7&account=3",
    "/admin/sign-ins?outcome=signed_out",
    "/api/sign-ins?code=email_not_verified&outcome=refused",
    "/api/sign-ins?user_id=3&outcome=refused",
    "/api/sign-ins?correlation_id=line-7",
    "/api/client-tokens/all?before=100",
    "/api/users/invitations?before=100",
    "/admin/oidc/report",
    "/api/health/ready",
    "/api/auth/forward",
)
"""What the rows of `DOORS` do not ask."""


class LargeHouse(House):
    """A RomM with a real database, full of accounts."""

    visits = count(1)

    async def settle(self, database: Database, url: str) -> None:
        stores = in_database(database, self.world.clock)
        names = {each.name for each in fields(Stores)} & {each.name for each in fields(self.world.ports)}
        self.world.storage = DatabaseStorage(url)
        self.world.reconfigure(self.world.settings_environ)
        self.world.serve(**{name: getattr(stores, name) for name in names - {"clock"}})
        for name, level in (("keeper", AccessLevel.ADMIN), ("ada", AccessLevel.ADMIN), ("vera", AccessLevel.VIEWER)):
            new = new_account(name, level, email=f"{name}@example.org", password_hash=f"hash of {PASSWORD}")
            account = await stores.accounts.create(new, self.world.clock())
            self.numbers[name] = await self._numbers_of(account.id)

    async def _numbers_of(self, owner: int) -> dict[str, Any]:
        identity = Identity(self.world.idp.issuer, "nobody")
        session, token, invitation = [
            await self._kept(owner, kind, f"{kind} of {owner}")
            for kind in (Kind.SESSION, Kind.CLIENT_TOKEN, Kind.INVITATION)
        ]
        return {
            "user_id": owner,
            "session_id": session.id,
            "token_id": token.id,
            "invitation_id": invitation.id,
            "device_id": owner,
            "provider_id": "google",
            "identity_id": subject_digest(identity),
            "user_code": USER_CODE,
            "code": USER_CODE,
            "name": "nothing",
            "issuer": identity.issuer,
        }

    async def _kept(self, owner: int, kind: Kind, secret: str) -> Credential:
        """With its number."""
        account, now = await self.world.ports.accounts.get(owner), self.world.clock()
        assert account is not None
        given = issued(kind, owner, digest(secret), now, NEVER, scopes=scopes.ALL, level=AccessLevel.VIEWER)
        return await self.world.ports.credentials.issue(account, given, at_most=10_000)

    async def visit(self, name: str, door: Door | None, owner: str) -> None:
        """As a keeper who has just signed in."""
        secret = f"visit {next(self.visits)}"
        keeper = self.numbers["keeper"]["user_id"]
        await self._kept(keeper, Kind.SESSION, secret)
        async with self.world.program() as client:
            client.headers["cookie"] = f"__Host-romm_session={secret}"
            client.headers["accept"] = "*/*"
            await self.send(client, name, door, "keeper", owner)


@contextmanager
def noted(statements: dict[str, tuple[Any, ...]]) -> Iterator[None]:
    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip("( ").startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            statements.setdefault(statement, tuple(parameters[0] if many else parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def lived_in(url: str) -> Statements:
    """Every statement of a house in which each route was asked."""
    engine, database = migrating(url), Database(url)
    statements: dict[str, tuple[Any, ...]] = {}
    async with engine.begin() as connection:
        await connection.run_sync(fill, ACCOUNTS)
    await engine.dispose()
    try:
        house = LargeHouse(World(apps=(SHELF,)))
        await house.settle(database, url)
        with noted(statements):
            await go_through(house)
    finally:
        await database.close()
    return statements


async def go_through(house: LargeHouse) -> None:
    for name, row in DOORS.items():
        for owner in ("keeper", "vera"):
            await house.visit(
                name, row.door if isinstance(row, Page) else row if isinstance(row, Door) else None, owner
            )
    for path in QUERIES:
        await house.visit(f"GET {path}", None, "keeper")
    for _ in range(2):  # the second time the account is known
        house.world.idp.sid = "their session"
        assert (await house.world.browser().sign_in()).headers["location"] == "/"
        answer = await house.world.program().post(
            "/api/oauth/openid/backchannel-logout", data={"logout_token": house.world.idp.logout_token()}
        )
        assert answer.status_code == 200
    for typed in (PASSWORD, "not the password"):
        await house.world.browser().submit("/api/login", username="ada", password=typed)
    await house.world.browser().submit("/api/forgot-password", username="person-7@example.org")


@pytest.fixture(scope="module")
def on_sqlite(migrated: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Statements]:
    path = tmp_path_factory.mktemp("large") / "romm.db"
    path.write_bytes(migrated.read_bytes())
    return str(path), asyncio.run(lived_in(f"sqlite+aiosqlite:///{path}"))


@pytest.fixture(scope="module")
def on_postgresql() -> Iterator[tuple[str, Statements]]:
    with temporary_database() as url:
        upgrade(url)
        yield url, asyncio.run(lived_in(url))


def test_every_table_is_asked(on_sqlite: tuple[str, Statements]) -> None:
    """Otherwise the others would prove little."""
    _, statements = on_sqlite
    assert len(statements) > 100
    assert {table for table in GROWING if any(table in each for each in statements)} == GROWING


def test_sqlite_reads_no_whole_table(on_sqlite: tuple[str, Statements]) -> None:
    path, statements = on_sqlite
    with closing(sqlite3.connect(path)) as connection:
        found = {}
        for statement, parameters in statements.items():
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            if whole := whole_tables_of_sqlite(statement, plan):
                found[statement] = (whole, plan)
    assert found == {}, "\n".join(f"{statement}\n{facts}" for statement, facts in found.items())


@pytest.mark.skipif(ACCOUNTS < MANY, reason="ROMM_TEST_ACCOUNTS has not enough accounts to count the work for each")
def test_no_statement_takes_long_on_sqlite(on_sqlite: tuple[str, Statements]) -> None:
    path, statements = on_sqlite
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        steps = {each: steps_of(connection, each, parameters) for each, parameters in statements.items()}
    assert {each: number for each, number in steps.items() if number > MOST_STEPS} == {}


def steps_of(connection: sqlite3.Connection, statement: str, parameters: tuple[Any, ...]) -> int:
    """In thousands, carried out and taken back."""
    counted = 0

    def note() -> None:
        nonlocal counted
        counted += 1000

    connection.execute("BEGIN")
    connection.set_progress_handler(note, 1000)
    try:
        connection.execute(statement, parameters).fetchall()
    except sqlite3.IntegrityError:
        pass  # it was carried out before
    finally:
        connection.set_progress_handler(None, 0)
        connection.execute("ROLLBACK")
    return counted


@pytest.mark.skipif(not POSTGRES, reason="ROMM_TEST_POSTGRES_URL names no PostgreSQL to test on")
@pytest.mark.skipif(ACCOUNTS < MANY, reason="ROMM_TEST_ACCOUNTS has not enough accounts for PostgreSQL to use an index")
def test_postgresql_reads_no_whole_table(on_postgresql: tuple[str, Statements]) -> None:
    url, statements = on_postgresql
    assert asyncio.run(_read_whole_on_postgresql(url, statements)) == {}


async def _read_whole_on_postgresql(url: str, statements: Statements) -> dict[str, list[str]]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute("ANALYZE")
        found = {}
        for statement, parameters in statements.items():
            [[plan]] = await connection.fetch(f"EXPLAIN (FORMAT JSON) {statement}", *parameters)
            if whole := list(whole_tables_of_postgresql(json.loads(plan)[0]["Plan"])):
                found[statement] = [*whole, plan]
        return found
    finally:
        await connection.close()
