"""One contract, many adapters: storage is tested in memory, on SQLite and, where there is one, on PostgreSQL."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import make_url, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine
from trustme import CA

from romm.adapters.accounts.imports import SQLImports
from romm.adapters.accounts.lists import SQLAccountLists
from romm.adapters.accounts.store import SQLAccountStore
from romm.adapters.credentials.devices import SQLDeviceAuthorizations, SQLDevices
from romm.adapters.credentials.holder_seal import HolderSeal
from romm.adapters.credentials.lists import SQLCredentialLists
from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.credentials.throttles import SQLThrottles
from romm.adapters.database.migrations import upgrade
from romm.adapters.database.tables import AccountRow, SignInRow
from romm.adapters.database.transactions import Database
from romm.adapters.diagnosis.checkups import SQLCheckups
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.adapters.sign_in.attempts import SQLAttempts
from romm.adapters.sign_in.logouts import SQLLogouts
from romm.adapters.sign_in.pending_sign_ins import SQLPendingSignIns
from romm.adapters.sign_in.records import SQLSignInRecords
from romm.adapters.sign_in.sealing import DatabaseSeal
from romm.adapters.sign_in.sign_in_log import SQLSignInLog
from romm.ports.accounts import AccountLists, Accounts, AccountStore, Imports
from romm.ports.credentials import CredentialLists, Credentials, Throttles
from romm.ports.devices import DeviceAuthorizations, Devices
from romm.ports.diagnosis import CheckupStore
from romm.ports.sign_in import Attempts, Logouts, PendingSignIns, Seal, SignInLog, SignInRecords
from tests.domain.examples import NOW
from tests.fake_devices import FakeDeviceAuthorizations, FakeDevices
from tests.fakes import (
    FakeAccountLists,
    FakeAccounts,
    FakeAccountStore,
    FakeAttempts,
    FakeCheckups,
    FakeClock,
    FakeCredentialLists,
    FakeCredentials,
    FakeImports,
    FakeLogouts,
    FakePendingSignIns,
    FakeSeal,
    FakeSignInLog,
    FakeSignInRecords,
    FakeThrottles,
)

RETENTION = timedelta(days=90)
RIVALS = 4  # processes that share a database in the tests about races

POSTGRES = os.environ.get("ROMM_TEST_POSTGRES_URL", "").replace("postgresql://", "postgresql+asyncpg://")
on_postgres = pytest.mark.skipif(not POSTGRES, reason="ROMM_TEST_POSTGRES_URL names no PostgreSQL to test on")

SQLITE_AND_POSTGRES = ["sqlite", pytest.param("postgres", marks=on_postgres)]


@dataclass(frozen=True, kw_only=True)
class Stores:
    """The storage ports over one database, and what no port offers but a test wants to do or see."""

    clock: FakeClock
    accounts: Accounts
    account_store: AccountStore
    account_lists: AccountLists
    attempts: Attempts
    seal: Seal
    pending_sign_ins: PendingSignIns
    credentials: Credentials
    credential_lists: CredentialLists
    imports: Imports
    device_authorizations: DeviceAuthorizations
    devices: Devices
    throttles: Throttles
    logouts: Logouts
    sign_in_log: SignInLog
    sign_in_records: SignInRecords
    checkups: CheckupStore
    disable: Callable[[int], Awaitable[None]]
    subjects_in_log: Callable[[], Awaitable[list[str | None]]]


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    with temporary_database() as url:
        upgrade(url)
        yield make_url(url).database or ""


@pytest.fixture(params=SQLITE_AND_POSTGRES)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database before its first migration."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/romm.db"
    else:
        with temporary_database() as url:
            yield url


@pytest.fixture(params=SQLITE_AND_POSTGRES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database without rows."""
    with empty_database(request) as fresh:
        yield fresh


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    yield opened
    await opened.close()


@pytest.fixture(params=["memory", *SQLITE_AND_POSTGRES])
def storage(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where the ports keep their things: a migrated database without rows, or None for memory."""
    if request.param == "memory":
        yield None
    else:
        with empty_database(request) as url:
            yield url


@pytest.fixture
async def rivals(storage: str | None) -> AsyncIterator[list[Stores]]:
    """The same storage as several processes see it."""
    clock = FakeClock(NOW)
    databases = [Database(storage) for _ in range(RIVALS)] if storage else []
    yield [in_database(each, clock) for each in databases] or [in_memory(clock)] * RIVALS
    for each in databases:
        await each.close()


@pytest.fixture
def stores(rivals: list[Stores]) -> Stores:
    return rivals[0]


@pytest.fixture(scope="session")
def ca() -> CA:
    """A private authority."""
    return CA(organization_unit_name="An authority")


@pytest.fixture(scope="session")
def ca_file(ca: CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its certificate, as the operator names it."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return str(path)


def in_days(days: int) -> datetime:
    """When a certificate ends."""
    return datetime.now(UTC) + timedelta(days=days)


def in_memory(clock: FakeClock) -> Stores:
    accounts, log = FakeAccounts(), FakeSignInLog(RETENTION)
    log.accounts = accounts.by_id
    credentials, devices = FakeCredentials(accounts, clock), FakeDevices(accounts, clock)
    attempts = FakeAttempts(clock)

    async def disable(account_id: int) -> None:
        seen = accounts.by_id[account_id]
        accounts.by_id[account_id] = replace(seen, enabled=False, version=seen.version + 1)

    async def subjects() -> list[str | None]:
        return [entry.subject_digest for entry in log.entries]

    return Stores(
        clock=clock,
        accounts=accounts,
        account_store=FakeAccountStore(accounts),
        account_lists=FakeAccountLists(accounts.by_id),
        attempts=attempts,
        seal=FakeSeal(),
        pending_sign_ins=FakePendingSignIns(accounts, clock),
        credentials=credentials,
        credential_lists=FakeCredentialLists(credentials),
        imports=FakeImports(accounts),
        device_authorizations=FakeDeviceAuthorizations(accounts, devices, clock),
        devices=devices,
        throttles=FakeThrottles(clock),
        logouts=FakeLogouts(credentials, clock),
        sign_in_log=log,
        sign_in_records=FakeSignInRecords(accounts.note_sign_in, credentials, log, attempts),
        checkups=FakeCheckups(),
        disable=disable,
        subjects_in_log=subjects,
    )


def in_database(database: Database, clock: FakeClock) -> Stores:
    credentials, sign_in_log = SQLCredentials(database, clock), SQLSignInLog(database, RETENTION)

    async def disable(account_id: int) -> None:
        row = update(AccountRow).where(AccountRow.id == account_id)
        disabled = row.values(enabled=False, version=AccountRow.version + 1)
        await database.write(lambda connection: connection.execute(disabled).rowcount)

    async def subjects() -> list[str | None]:
        async with database.read() as reader:
            return list((await reader.scalars(select(SignInRow.subject_digest).order_by(SignInRow.id))).all())

    return Stores(
        clock=clock,
        accounts=SQLAccounts(database),
        account_store=SQLAccountStore(database),
        account_lists=SQLAccountLists(database),
        attempts=SQLAttempts(database, clock),
        seal=DatabaseSeal(database, clock),
        pending_sign_ins=SQLPendingSignIns(database, clock, HolderSeal()),
        credentials=credentials,
        credential_lists=SQLCredentialLists(database, clock),
        imports=SQLImports(database),
        device_authorizations=SQLDeviceAuthorizations(database, clock),
        devices=SQLDevices(database, clock),
        throttles=SQLThrottles(database, clock),
        logouts=SQLLogouts(database, clock),
        sign_in_log=sign_in_log,
        sign_in_records=SQLSignInRecords(database, credentials, sign_in_log),
        checkups=SQLCheckups(database),
        disable=disable,
        subjects_in_log=subjects,
    )


@contextmanager
def empty_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A copy of a migrated database, of the kind that the fixture was parametrized with."""
    if request.param == "sqlite":
        path = request.getfixturevalue("tmp_path") / "romm.db"
        shutil.copy(request.getfixturevalue("migrated"), path)
        yield f"sqlite+aiosqlite:///{path}"
    else:
        with temporary_database(template=request.getfixturevalue("migrated_postgres")) as url:
            yield url


@contextmanager
def temporary_database(template: str = "template1") -> Iterator[str]:
    name = f"romm_test_{secrets.token_hex(8)}"
    _administer(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    _administer(f"DROP DATABASE {name} WITH (FORCE)")


def _administer(statement: str) -> None:
    async def execute() -> None:
        engine = create_async_engine(POSTGRES, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    asyncio.run(execute())
