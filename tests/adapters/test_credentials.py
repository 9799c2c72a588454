"""The contract of `ports.Credentials`."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import create_async_engine

from romm.adapters.accounts import SQLAccounts
from romm.adapters.credentials import FORGOTTEN_AT_ONCE, SQLCredentials
from romm.adapters.database import Database
from romm.adapters.tables import AccountRow, CredentialRow
from romm.domain.credentials import Kind
from romm.domain.linking import Attach, Ends
from romm.domain.model import AccessLevel
from tests.adapters.conftest import Stores
from tests.adapters.examples import DAY, alice, session
from tests.domain.examples import ALICE, NOW
from tests.fakes import FakeClock


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"scopes": ()},
        {"address": "2001:db8::1", "user_agent": "Mozilla/5.0 (é)"},
        {"identity": ALICE, "id_token": "e30.e30.c2ln" * 300},
    ],
)
async def test_a_credential_is_found_as_it_was_stored_with_its_owner(stores: Stores, facts: dict[str, Any]):
    owner = await alice(stores)
    stored = session(owner, **facts)

    await stores.credentials.add(stored)

    assert await stores.credentials.find(Kind.SESSION, "digest") == (stored, owner)


async def test_nothing_is_found_under_another_digest(stores: Stores):
    await stores.credentials.add(session(await alice(stores)))

    assert await stores.credentials.find(Kind.SESSION, "Digest") is None
    assert await stores.credentials.take(Kind.SESSION, "Digest") is None


async def test_the_owner_is_found_as_they_are_now(stores: Stores):
    owner = await alice(stores)
    decision = Attach(rule="L-04", account=owner, level=owner.level, ends=Ends.NOTHING)
    await stores.credentials.add(session(owner))
    await stores.accounts.link(decision, ALICE, NOW)
    second = replace(ALICE, issuer="https://other.example")
    linked = await stores.accounts.get(owner.id)
    assert linked is not None
    await stores.accounts.link(replace(decision, account=linked), second, NOW)
    await stores.disable(owner.id)

    found = await stores.credentials.find(Kind.SESSION, "digest")

    assert found == (session(owner), await stores.accounts.get(owner.id))
    assert found is not None
    assert not found[1].enabled
    assert [link.identity for link in found[1].links] == [ALICE, second]


async def test_an_expired_credential_is_found_for_the_caller_to_judge(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(session(owner))
    stores.clock.advance(2 * DAY)

    assert await stores.credentials.find(Kind.SESSION, "digest") == (session(owner), owner)


async def test_adding_one_forgets_the_expired_of_everybody(stores: Stores):
    owner, other = (
        await alice(stores),
        await stores.accounts.create("bob", None, AccessLevel.VIEWER, None, NOW),
    )
    await stores.credentials.add(session(other, "expired"))
    await stores.credentials.add(session(other, "live", expires_at=NOW + 3 * DAY))
    stores.clock.advance(2 * DAY)

    await stores.credentials.add(session(owner, expires_at=NOW + 3 * DAY))

    assert await stores.credentials.find(Kind.SESSION, "expired") is None
    assert await stores.credentials.find(Kind.SESSION, "live") is not None


async def test_use_is_noted_with_the_credential_and_its_owner(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(session(owner))
    await stores.credentials.add(session(owner, "other"))
    later = NOW + timedelta(minutes=5)

    await stores.credentials.touch(session(owner), later)

    active = replace(owner, last_active=later)
    assert await stores.credentials.find(Kind.SESSION, "digest") == (
        session(owner, last_used_at=later),
        active,
    )
    assert await stores.credentials.find(Kind.SESSION, "other") == (session(owner, "other"), active)


async def test_a_credential_that_is_gone_is_not_brought_back_by_its_use(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(session(owner))
    await stores.credentials.take(Kind.SESSION, "digest")

    await stores.credentials.touch(session(owner), NOW)

    assert await stores.credentials.find(Kind.SESSION, "digest") is None


async def test_of_many_who_take_a_credential_one_gets_it(rivals: list[Stores]):
    owner = await alice(rivals[0])
    stored = session(owner, identity=ALICE, id_token="token")
    await rivals[0].credentials.add(stored)

    taken = await asyncio.gather(*(rivals[n % len(rivals)].credentials.take(Kind.SESSION, "digest") for n in range(20)))

    assert [each for each in taken if each is not None] == [stored]
    assert await rivals[0].credentials.find(Kind.SESSION, "digest") is None


async def test_a_deleted_account_takes_its_credentials_along(database: Database):
    clock = FakeClock(NOW)
    owner = await SQLAccounts(database).create("alice", None, AccessLevel.VIEWER, None, NOW)
    await SQLCredentials(database, clock).add(session(owner))
    await database.write(
        lambda connection: connection.execute(delete(AccountRow).where(AccountRow.id == owner.id)).rowcount
    )

    assert await SQLCredentials(database, clock).find(Kind.SESSION, "digest") is None


async def test_a_credential_of_another_kind_never_passes(database: Database):
    credentials = SQLCredentials(database, FakeClock(NOW))
    owner = await SQLAccounts(database).create("alice", None, AccessLevel.VIEWER, None, NOW)
    await credentials.add(session(owner))
    await database.write(lambda connection: connection.execute(update(CredentialRow).values(kind="another")).rowcount)

    assert await credentials.find(Kind.SESSION, "digest") is None
    assert await credentials.take(Kind.SESSION, "digest") is None
    await credentials.touch(session(owner), NOW + DAY)
    async with database.read() as reader:
        assert await reader.scalar(select(CredentialRow.last_used_at)) == NOW


async def test_forgetting_is_done_in_small_portions(database: Database):
    clock = FakeClock(NOW)
    credentials = SQLCredentials(database, clock)
    owner = await SQLAccounts(database).create("alice", None, AccessLevel.VIEWER, None, NOW)
    for n in range(FORGOTTEN_AT_ONCE + 5):
        await credentials.add(session(owner, f"expired {n}"))
    clock.advance(2 * DAY)

    await credentials.add(session(owner, expires_at=NOW + 3 * DAY))

    async with database.read() as reader:
        assert await reader.scalar(select(func.count()).select_from(CredentialRow)) == 5 + 1


async def test_a_look_up_does_not_wait_for_a_writer(database: Database, url: str):
    credentials = SQLCredentials(database, FakeClock(NOW))
    owner = await SQLAccounts(database).create("alice", None, AccessLevel.VIEWER, None, NOW)
    await credentials.add(session(owner))

    engine = create_async_engine(url)
    async with engine.connect() as writer:
        await writer.execute(delete(CredentialRow))
        async with asyncio.timeout(1):
            found = await credentials.find(Kind.SESSION, "digest")
    await engine.dispose()

    assert found == (session(owner), owner)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_look_up_in_a_locked_file_waits_off_the_event_loop(database: Database, tmp_path: Path):
    repair = sqlite3.connect(tmp_path / "romm.db", isolation_level=None)
    for statement in ("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE", "COMMIT"):
        repair.execute(statement)

    finding = asyncio.create_task(SQLCredentials(database, FakeClock(NOW)).find(Kind.SESSION, "digest"))
    started = asyncio.get_running_loop().time()
    await asyncio.sleep(0.2)
    waited = asyncio.get_running_loop().time() - started
    is_waiting = not finding.done()
    repair.close()

    assert await finding is None
    assert is_waiting
    assert waited < 1
