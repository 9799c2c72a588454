"""The contract of `ports.PendingSignIns`."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from romm.adapters.database.transactions import Database
from romm.domain.accounts.changes import Delete
from romm.domain.model import Account
from romm.domain.sign_in.claims.rules import Values
from romm.domain.sign_in.linking.pending import PENDING_LIFETIME, PendingSignIn
from romm.ports.conflicts import Conflict
from tests.adapters.conftest import Stores, in_database
from tests.adapters.examples import alice, session
from tests.domain.examples import NOW, claims
from tests.fakes import FakeClock

CLAIMS = claims(
    roles=Values(("users", "caf\u00e9"), "userinfo"),
    merged={"sub": "alice", "groups": ["users"], "nul": "a\x00b", "many": 10**30, "deep": {"a": [None, True, 0.5]}},
)


def waiting(owner: Account, digest: str = "digest", **changes: Any) -> PendingSignIn:
    ordinary = PendingSignIn(
        digest=digest,
        account_id=owner.id,
        claims=CLAIMS,
        id_token="an id token",
        id_token_alg="ES256",
        sid="session 7",
        return_to="/rom/1?q=%C3%A9",
        expires_at=NOW + PENDING_LIFETIME,
    )
    return replace(ordinary, **changes)


async def test_it_comes_back_as_it_was_and_can_be_looked_at_often(stores: Stores):
    owner = await alice(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner))

    assert await stores.pending_sign_ins.find("digest") == waiting(owner)
    assert await stores.pending_sign_ins.find("digest") == waiting(owner)
    assert await stores.pending_sign_ins.find("another") is None


async def test_it_is_taken_once(rivals: list[Stores]):
    owner = await alice(rivals[0])
    await rivals[0].pending_sign_ins.put(owner, waiting(owner))

    taken = await asyncio.gather(*(rivals[n % len(rivals)].pending_sign_ins.take("digest") for n in range(12)))

    assert [each for each in taken if each is not None] == [waiting(owner)]
    assert await rivals[0].pending_sign_ins.find("digest") is None


async def test_what_expired_is_forgotten_when_the_next_one_comes(stores: Stores):
    owner = await alice(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner, "old"))
    stores.clock.advance(PENDING_LIFETIME * 2)
    await stores.pending_sign_ins.put(owner, waiting(owner, "new", expires_at=stores.clock() + PENDING_LIFETIME))

    assert await stores.pending_sign_ins.find("old") is None
    assert await stores.pending_sign_ins.find("new") is not None


async def test_it_goes_with_the_account_it_is_about(stores: Stores):
    owner = await alice(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner))
    await stores.account_store.delete(Delete(owner))

    assert await stores.pending_sign_ins.find("digest") is None
    assert await stores.pending_sign_ins.take("digest") is None
    with pytest.raises(Conflict, match="version"):
        await stores.pending_sign_ins.put(owner, waiting(owner))


async def test_an_account_that_changed_is_looked_at_again(stores: Stores):
    owner = await alice(stores)
    await stores.disable(owner.id)

    with pytest.raises(Conflict, match="version"):
        await stores.pending_sign_ins.put(owner, waiting(owner))


async def test_what_was_never_answered_is_cleared_away_by_the_next_session(database: Database):
    clock = FakeClock(NOW)
    stores = in_database(database, clock)
    owner = await alice(stores)
    await stores.pending_sign_ins.put(owner, waiting(owner))
    for passed, kept in ((PENDING_LIFETIME, True), (PENDING_LIFETIME * 2, False)):
        clock.now = NOW + passed
        await stores.credentials.add(owner, session(owner, f"at {passed}"))
        assert (await stores.pending_sign_ins.find("digest") is not None) is kept
