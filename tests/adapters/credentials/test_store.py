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

from romm.adapters.credentials.store import FORGOTTEN_AT_ONCE, SQLCredentials
from romm.adapters.database.tables import AccountRow, CredentialRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.model import Account, Identity
from romm.domain.sign_in.linking.decisions import Ends, LinkIdentity
from tests.adapters.conftest import Stores
from tests.adapters.examples import DAY, alice, all_digests, attach, bob, has_session, session
from tests.domain.examples import ALICE, NOW
from tests.factories import filled, new_account
from tests.fakes import FakeClock


async def found(stores: Stores, digest: str = "digest") -> tuple[Credential, Account]:
    """A session as it was stored, without the number that it was given, and its owner."""
    seen = await stores.credentials.find(Kind.SESSION, digest)
    assert seen is not None
    return replace(seen[0], id=None), seen[1]


async def test_every_fact_of_a_credential_is_found_as_it_was_stored(stores: Stores):
    owner = await alice(stores)

    for stored in filled(Credential, account_id=owner.id, expires_at=NOW + DAY, id=None, device_id=None):
        await stores.credentials.add(owner, stored)
        seen = await stores.credentials.find(stored.kind, stored.digest)
        assert seen is not None
        assert (replace(seen[0], id=None), seen[1]) == (stored, owner)


@pytest.mark.parametrize(
    "facts",
    [{"scopes": ()}, {"user_agent": "Mozilla/5.0 (é)"}, {"identity": ALICE, "sealed_id_token": "e30.e30.c2ln" * 300}],
)
async def test_a_credential_is_found_as_it_was_stored_with_its_owner(stores: Stores, facts: dict[str, Any]):
    owner = await alice(stores)
    stored = session(owner, **facts)

    await stores.credentials.add(owner, stored)

    assert await found(stores) == (stored, owner)


async def test_nothing_is_found_under_another_digest(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(owner, session(owner))

    assert await stores.credentials.find(Kind.SESSION, "Digest") is None
    assert await stores.credentials.take(Kind.SESSION, "Digest") is None


async def test_the_owner_is_found_as_they_are_now(stores: Stores):
    owner = await alice(stores)
    decision = LinkIdentity(rule="L-04", account=owner, level=owner.level, ends=Ends.NOTHING)
    await stores.credentials.add(owner, session(owner))
    await stores.accounts.link(decision, ALICE, NOW)
    second = replace(ALICE, issuer="https://other.example")
    linked = await stores.accounts.get(owner.id)
    assert linked is not None
    await stores.accounts.link(replace(decision, account=linked), second, NOW)
    await stores.disable(owner.id)

    credential, now = await found(stores)

    assert (credential, now) == (session(owner), await stores.accounts.get(owner.id))
    assert not now.enabled
    assert [link.identity for link in now.links] == [ALICE, second]


async def test_an_expired_credential_is_found_for_the_caller_to_judge(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(owner, session(owner))
    stores.clock.advance(2 * DAY)

    assert await found(stores) == (session(owner), owner)


async def test_adding_one_forgets_the_expired_of_everybody(stores: Stores):
    owner, other = (
        await alice(stores),
        await stores.accounts.create(new_account("bob"), NOW),
    )
    await stores.credentials.add(other, session(other, "expired"))
    await stores.credentials.add(other, session(other, "live", expires_at=NOW + 3 * DAY))
    stores.clock.advance(2 * DAY)

    await stores.credentials.add(owner, session(owner, expires_at=NOW + 3 * DAY))

    assert await stores.credentials.find(Kind.SESSION, "expired") is None
    assert await stores.credentials.find(Kind.SESSION, "live") is not None


async def test_use_is_noted_with_the_credential_and_its_owner(stores: Stores):
    owner, somebody_else = await alice(stores), await bob(stores)
    await stores.credentials.add(owner, session(owner))
    await stores.credentials.add(owner, session(owner, "other"))
    later = NOW + timedelta(minutes=5)

    await stores.credentials.touch(session(owner), later)
    await stores.credentials.of(owner.id, [Kind.SESSION])

    active = replace(owner, last_active=later)
    assert await found(stores) == (session(owner, last_used_at=later), active)
    assert await found(stores, "other") == (session(owner, "other"), active)
    assert await stores.accounts.get(somebody_else.id) == somebody_else


async def test_a_credential_that_is_gone_is_not_brought_back_by_its_use(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(owner, session(owner))
    await stores.credentials.take(Kind.SESSION, "digest")

    await stores.credentials.touch(session(owner), NOW)
    await stores.credentials.of(owner.id, [Kind.SESSION])

    assert await stores.credentials.find(Kind.SESSION, "digest") is None


async def test_of_many_who_take_a_credential_one_gets_it(rivals: list[Stores]):
    owner = await alice(rivals[0])
    stored = session(owner, identity=ALICE, sealed_id_token="token")
    await rivals[0].credentials.add(owner, stored)

    taken = await asyncio.gather(*(rivals[n % len(rivals)].credentials.take(Kind.SESSION, "digest") for n in range(20)))

    assert [replace(each, id=None) for each in taken if each is not None] == [stored]
    assert await rivals[0].credentials.find(Kind.SESSION, "digest") is None


async def test_a_deleted_account_takes_its_credentials_along(database: Database):
    clock = FakeClock(NOW)
    owner = await SQLAccounts(database).create(new_account("alice"), NOW)
    await SQLCredentials(database, clock).add(owner, session(owner))
    await database.write(
        lambda connection: connection.execute(delete(AccountRow).where(AccountRow.id == owner.id)).rowcount
    )

    assert await SQLCredentials(database, clock).find(Kind.SESSION, "digest") is None


async def test_a_credential_of_another_kind_never_passes(database: Database):
    credentials = SQLCredentials(database, FakeClock(NOW))
    owner = await SQLAccounts(database).create(new_account("alice"), NOW)
    await credentials.add(owner, session(owner))
    await database.write(lambda connection: connection.execute(update(CredentialRow).values(kind="another")).rowcount)

    assert await credentials.find(Kind.SESSION, "digest") is None
    assert await credentials.take(Kind.SESSION, "digest") is None
    await credentials.touch(session(owner), NOW + DAY)
    await credentials.close()
    async with database.read() as reader:
        assert await reader.scalar(select(CredentialRow.last_used_at)) == NOW


async def test_forgetting_is_done_in_small_portions(database: Database):
    clock = FakeClock(NOW)
    credentials = SQLCredentials(database, clock)
    owner = await SQLAccounts(database).create(new_account("alice"), NOW)
    for n in range(FORGOTTEN_AT_ONCE + 5):
        await credentials.add(owner, session(owner, f"expired {n}", kind=Kind.CLIENT_TOKEN))
    clock.advance(2 * DAY)

    await credentials.add(owner, session(owner, expires_at=NOW + 3 * DAY))

    async with database.read() as reader:
        assert await reader.scalar(select(func.count()).select_from(CredentialRow)) == 5 + 1


async def test_a_look_up_does_not_wait_for_a_writer(database: Database, url: str):
    credentials = SQLCredentials(database, FakeClock(NOW))
    owner = await SQLAccounts(database).create(new_account("alice"), NOW)
    await credentials.add(owner, session(owner))

    engine = create_async_engine(url)
    async with engine.connect() as writer:
        await writer.execute(delete(CredentialRow))
        async with asyncio.timeout(1):
            seen = await credentials.find(Kind.SESSION, "digest")
    await engine.dispose()

    assert seen is not None
    assert (replace(seen[0], id=None), seen[1]) == (session(owner), owner)


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


async def test_credentials_are_listed_by_owner_and_kind_the_newest_first_and_without_the_expired(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    await stores.credentials.add(owner, session(owner, "first"), session(owner, "second"))
    await stores.credentials.add(other, session(other, "bobs"))
    await stores.credentials.add(
        owner, session(owner, "token", kind=Kind.CLIENT_TOKEN), session(owner, "old", expires_at=NOW)
    )

    async def listed(account_id: int, *kinds: Kind) -> list[tuple[str, str]]:
        return [(each.digest, who.username) for each, who in await stores.credentials.of(account_id, kinds)]

    assert await listed(owner.id, Kind.SESSION) == [("second", "alice"), ("first", "alice")]
    assert await listed(owner.id, Kind.SESSION, Kind.CLIENT_TOKEN) == [
        ("token", "alice"),
        ("second", "alice"),
        ("first", "alice"),
    ]
    assert await listed(other.id, Kind.SESSION) == [("bobs", "bob")]
    assert await listed(owner.id) == []


async def test_a_listed_credential_has_its_owner_with_all_links(stores: Stores):
    owner = await bob(stores)
    second = Identity("https://other.example", "bob")
    linked = await stores.accounts.link(attach(owner), second, NOW)
    await stores.credentials.add(linked, session(owner), session(owner, "other"))

    assert [who for _, who in await stores.credentials.of(owner.id, [Kind.SESSION])] == [linked, linked]


async def test_one_is_ended_by_its_number_when_kind_and_owner_fit(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    await stores.credentials.add(owner, session(owner), session(owner, "other"))
    [[_, _], [first, _]] = await stores.credentials.of(owner.id, [Kind.SESSION])
    assert first.id is not None

    assert await stores.credentials.end(Kind.CLIENT_TOKEN, first.id, owner.id) is None
    assert await stores.credentials.end(Kind.SESSION, first.id, other.id) is None
    assert await has_session(stores)
    assert await stores.credentials.end(Kind.SESSION, first.id, owner.id) == first
    assert await stores.credentials.end(Kind.SESSION, first.id, owner.id) is None
    assert not await has_session(stores)
    assert await has_session(stores, "other")


async def test_an_admin_ends_anybodys(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(owner, session(owner))
    [[credential, _]] = await stores.credential_lists.listed(Kind.SESSION, 2)
    assert credential.id is not None

    assert await stores.credentials.end(Kind.SESSION, credential.id, None) == credential
    assert not await has_session(stores)


async def test_all_of_some_kinds_end_but_one(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    await stores.credentials.add(owner, session(owner), session(owner, "kept"))
    await stores.credentials.add(other, session(other, "bobs"))
    await stores.credentials.add(owner, session(owner, "token", kind=Kind.CLIENT_TOKEN))

    assert await stores.credentials.end_all(owner.id, [Kind.SESSION, Kind.REFRESH_TOKEN], keep="kept") == 1

    left = await all_digests(stores)
    assert left == {"kept", "bobs", "token"}
