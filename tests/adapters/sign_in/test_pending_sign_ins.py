"""The contract of `ports.PendingSignIns`."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from romm.adapters.credentials.holder_seal import HolderSeal
from romm.adapters.database.tables import PendingSignInRow
from romm.adapters.database.transactions import Database
from romm.domain.accounts.changes import Delete
from romm.domain.credentials.credential import ProviderSession
from romm.domain.digests import digest
from romm.domain.model import Account
from romm.domain.sign_in.claims.rules import Values
from romm.domain.sign_in.linking.pending import PENDING_LIFETIME, PendingSignIn
from romm.ports.conflicts import Conflict
from tests.adapters.conftest import Stores, in_database
from tests.adapters.examples import alice, bob, session
from tests.domain.examples import NOW, claims
from tests.fakes import FakeClock

CLAIMS = claims(
    roles=Values(("users", "caf\u00e9"), "userinfo"),
    merged={"sub": "alice", "groups": ["users"], "nul": "a\x00b", "many": 10**30, "deep": {"a": [None, True, 0.5]}},
)


def waiting(owner: Account, **changes: Any) -> PendingSignIn:
    ordinary = PendingSignIn(
        account_id=owner.id,
        claims=CLAIMS,
        source=ProviderSession(identity=CLAIMS.identity, id_token="an id token", id_token_alg="ES256", sid="session 7"),
        return_to="/rom/1?q=%C3%A9",
        expires_at=NOW + PENDING_LIFETIME,
    )
    return replace(ordinary, **changes)


async def test_it_comes_back_as_it_was_and_can_be_looked_at_often(stores: Stores):
    owner = await alice(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner), "secret")

    assert await stores.pending_sign_ins.find("secret") == waiting(owner)
    assert await stores.pending_sign_ins.find("secret") == waiting(owner)
    assert await stores.pending_sign_ins.find("another") is None


async def test_the_database_has_it_sealed_for_its_browser(database: Database):
    stores = in_database(database, FakeClock(NOW))
    owner, other = await alice(stores), await bob(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner), "secret")
    await stores.pending_sign_ins.put(other, waiting(other), "another secret")
    [row, another] = await database.fetch(select(PendingSignInRow.__table__).order_by(PendingSignInRow.account_id), {})
    assert row.digest == digest("secret")
    for readable in ("secret", "alice", "an id token", "session 7", "/rom/1", "users"):
        assert readable not in str(row)
    moved = update(PendingSignInRow).where(PendingSignInRow.digest == row.digest).values(sealed=another.sealed)
    await database.write(lambda connection: connection.execute(moved).rowcount)
    assert await stores.pending_sign_ins.find("secret") is None, "another row's content"


async def test_one_of_another_version_of_romm_has_expired(database: Database):
    stores = in_database(database, FakeClock(NOW))
    owner = await alice(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner), "secret")
    other = HolderSeal().seal(
        b'{"account_id": 1, "claims": {}, "id_token": "an id token"}', "secret", "a pending sign-in"
    )
    written = update(PendingSignInRow).values(sealed=other)
    await database.write(lambda connection: connection.execute(written).rowcount)

    assert await stores.pending_sign_ins.find("secret") is None
    assert await stores.pending_sign_ins.take("secret") is None


async def test_it_is_taken_once(rivals: list[Stores]):
    owner = await alice(rivals[0])
    await rivals[0].pending_sign_ins.put(owner, waiting(owner), "secret")

    taken = await asyncio.gather(*(rivals[n % len(rivals)].pending_sign_ins.take("secret") for n in range(12)))

    assert [each for each in taken if each is not None] == [waiting(owner)]
    assert await rivals[0].pending_sign_ins.find("secret") is None


async def test_what_expired_is_forgotten_when_the_next_one_comes(stores: Stores):
    owner = await alice(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner), "old")
    stores.clock.advance(PENDING_LIFETIME * 2)
    await stores.pending_sign_ins.put(owner, waiting(owner, expires_at=stores.clock() + PENDING_LIFETIME), "new")

    assert await stores.pending_sign_ins.find("old") is None
    assert await stores.pending_sign_ins.find("new") is not None


async def test_it_goes_with_the_account_it_is_about(stores: Stores):
    owner = await alice(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner), "secret")
    await stores.account_store.delete(Delete(owner))

    assert await stores.pending_sign_ins.find("secret") is None
    assert await stores.pending_sign_ins.take("secret") is None
    with pytest.raises(Conflict, match="version"):
        await stores.pending_sign_ins.put(owner, waiting(owner), "secret")


async def test_an_account_that_changed_is_looked_at_again(stores: Stores):
    owner = await alice(stores)
    await stores.disable(owner.id)

    with pytest.raises(Conflict, match="version"):
        await stores.pending_sign_ins.put(owner, waiting(owner), "secret")


async def test_what_was_never_answered_is_cleared_away_by_the_next_session(database: Database):
    clock = FakeClock(NOW)
    stores = in_database(database, clock)
    owner = await alice(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner), "secret")
    for passed, kept in ((PENDING_LIFETIME, True), (PENDING_LIFETIME * 2, False)):
        clock.now = NOW + passed
        await stores.credentials.add(owner, session(owner, f"at {passed}"))
        assert (await stores.pending_sign_ins.find("secret") is not None) is kept
