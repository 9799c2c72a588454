"""The contract of `ports.Credentials` for how much one account may have: the oldest ends."""

import pytest

from romm.domain.credentials.credential import MOST_OF_A_KIND, Credential, Kind
from romm.domain.model import Account
from tests.adapters.conftest import Stores
from tests.adapters.examples import alice, bob, session
from tests.domain.examples import NOW


def numbered(owner: Account, kind: Kind, amount: int) -> list[Credential]:
    return [session(owner, f"{owner.id} {kind} {number}", kind=kind) for number in range(amount)]


async def held(stores: Stores, owner: Account, kind: Kind) -> list[str]:
    return [each.digest for each, _ in await stores.credentials.of(owner.id, [kind])]


@pytest.mark.parametrize("kind", [Kind.SESSION, Kind.DEVICE_COOKIE])
async def test_the_oldest_of_too_many_end(stores: Stores, kind: Kind):
    owner, other = await alice(stores), await bob(stores)
    await stores.credentials.add(other, *numbered(other, kind, 1))
    await stores.credentials.add(owner, *numbered(owner, Kind.CLIENT_TOKEN, 1))
    await stores.credentials.add(owner, *numbered(owner, kind, MOST_OF_A_KIND))
    assert len(await held(stores, owner, kind)) == MOST_OF_A_KIND

    await stores.credentials.add(owner, session(owner, "newest", kind=kind))

    left = await held(stores, owner, kind)
    assert (left[0], len(left)) == ("newest", MOST_OF_A_KIND)
    assert left[-1] == f"{owner.id} {kind} 1"
    assert len(await held(stores, other, kind)) == len(await held(stores, owner, Kind.CLIENT_TOKEN)) == 1


async def test_the_sign_ins_of_apps_that_rested_longest_end_whole(stores: Stores):
    """However often each was renewed: what is spent counts for nothing, and ends with its family."""
    owner, other = await alice(stores), await bob(stores)
    await stores.credentials.add(other, session(other, "bobs", kind=Kind.ACCESS_TOKEN, family="f0"))
    pairs = [pair(owner, f"f{number}") for number in range(MOST_OF_A_KIND)]
    for refresh, access in pairs:
        await stores.credentials.add(owner, refresh, access, spent(owner, refresh.family))
    assert len(await held(stores, owner, Kind.ACCESS_TOKEN)) == MOST_OF_A_KIND

    await stores.credentials.add(owner, *pair(owner, "newest"))

    left = {each.family for each, _ in await stores.credentials.of(owner.id, list(Kind))}
    assert left == {"newest"} | {f"f{number}" for number in range(1, MOST_OF_A_KIND)}
    assert await held(stores, other, Kind.ACCESS_TOKEN) == ["bobs"]


def pair(owner: Account, family: str) -> tuple[Credential, Credential]:
    return (
        session(owner, f"refresh {family}", kind=Kind.REFRESH_TOKEN, family=family),
        session(owner, f"access {family}", kind=Kind.ACCESS_TOKEN, family=family),
    )


def spent(owner: Account, family: str) -> Credential:
    return session(owner, f"spent {family}", kind=Kind.REFRESH_TOKEN, family=family, spent_at=NOW)
