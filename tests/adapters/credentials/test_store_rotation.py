"""The contract of `ports.Credentials` for what is spent by its use, and for what was issued together."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.accounts.changes import Change
from romm.domain.credentials.credential import EVERYTHING, SIGNED_IN_KINDS, Credential, Kind
from romm.domain.model import Account
from tests.adapters.conftest import Stores
from tests.adapters.examples import DAY, alice, all_digests, bob, session
from tests.domain.examples import NOW

LATER = NOW + timedelta(minutes=5)


def token(owner: Account, digest: str = "old", **changes: Any) -> Credential:
    return session(owner, digest, kind=Kind.REFRESH_TOKEN, family="f", **changes)


def spent(credential: Credential, salt: str = "salt") -> Credential:
    return replace(credential, spent_at=LATER, salt=salt)


def following(owner: Account, salt: str = "salt") -> tuple[Credential, Credential]:
    access = session(owner, f"access {salt}", kind=Kind.ACCESS_TOKEN, family="f")
    return token(owner, f"new {salt}"), access


def without_number(credential: Credential | None) -> Credential | None:
    return credential and replace(credential, id=None)


async def held(stores: Stores) -> set[str]:
    return await all_digests(stores)


async def test_the_first_use_spends_a_token_and_stores_what_follows(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(owner, token(owner), token(owner, "other"))

    stored = await stores.credentials.rotate(spent(token(owner)), *following(owner))

    assert without_number(stored) == spent(token(owner))
    assert await held(stores) == {"old", "other", "new salt", "access salt"}
    other = await stores.credentials.find(Kind.REFRESH_TOKEN, "other")
    assert other is not None
    assert other[0].spent_at is None


async def test_an_app_that_only_refreshes_clears_away_what_is_over(stores: Stores):
    owner = await alice(stores)
    lasting = NOW + 9 * DAY
    await stores.credentials.add(owner, token(owner, expires_at=lasting), session(owner, "over"))
    stores.clock.advance(2 * DAY)

    await stores.credentials.rotate(spent(token(owner)), token(owner, "new", expires_at=lasting))

    assert await stores.credentials.find(Kind.SESSION, "over") is None
    assert await held(stores) == {"old", "new"}


async def test_the_second_use_is_told_the_first_ones_salt_and_stores_nothing(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(owner, token(owner))
    await stores.credentials.rotate(spent(token(owner), "first"), *following(owner, "first"))

    later = replace(spent(token(owner), "second"), spent_at=LATER + DAY)
    stored = await stores.credentials.rotate(later, *following(owner, "second"))

    assert without_number(stored) == spent(token(owner), "first")
    assert await held(stores) == {"old", "new first", "access first"}


@pytest.mark.parametrize("change", [{"digest": "unknown"}, {"kind": Kind.SESSION}])
async def test_what_is_gone_is_followed_by_nothing(stores: Stores, change: dict[str, Any]):
    owner = await alice(stores)
    await stores.credentials.add(owner, token(owner))

    assert await stores.credentials.rotate(replace(spent(token(owner)), **change), *following(owner)) is None
    assert await held(stores) == {"old"}


async def test_of_twenty_uses_at_once_one_spends_and_all_see_its_salt(rivals: list[Stores]):
    owner = await alice(rivals[0])
    await rivals[0].credentials.add(owner, token(owner))

    def use(number: int) -> Awaitable[Credential | None]:
        salt = f"salt {number}"
        store = rivals[number % len(rivals)].credentials
        return store.rotate(spent(token(owner), salt), *following(owner, salt))

    stored = await asyncio.gather(*(use(number) for number in range(20)))

    [salt] = {each.salt for each in stored if each is not None}
    assert None not in stored
    assert await held(rivals[0]) == {"old", f"new {salt}", f"access {salt}"}


async def test_a_family_ends_as_one_and_nothing_else_does(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    await stores.credentials.add(owner, *following(owner), token(owner))
    unrelated = session(owner, "another family", kind=Kind.REFRESH_TOKEN, family="g")
    await stores.credentials.add(owner, session(owner, "session"), unrelated)
    await stores.credentials.add(other, session(other, "bobs", kind=Kind.REFRESH_TOKEN, family="f"))

    assert await stores.credentials.end_family(token(owner)) == 3
    assert await held(stores) == {"session", "another family", "bobs"}
    assert await stores.credentials.end_family(token(owner)) == 0


async def test_what_was_issued_alone_is_no_family(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(owner, session(owner, "first"), session(owner, "second"))

    assert await stores.credentials.end_family(session(owner, "first")) == 0
    assert await held(stores) == {"first", "second"}


@pytest.mark.parametrize("end", ["the family", "everything", "the password"])
async def test_nothing_outlives_the_end_that_came_at_the_same_moment(rivals: list[Stores], end: str):
    """R-73: or whoever was just thrown out would hold the successor."""
    owner = await alice(rivals[0])

    async def ended() -> None:
        if end == "the family":
            await rivals[1].credentials.end_family(token(owner))
        elif end == "everything":
            await rivals[1].credentials.end_all(owner.id, EVERYTHING)
        else:
            seen = await rivals[1].accounts.get(owner.id)
            assert seen is not None
            await rivals[1].account_store.change(
                Change(
                    account=seen,
                    username=seen.username,
                    email=seen.email,
                    enabled=True,
                    level=seen.level,
                    ends=SIGNED_IN_KINDS,
                ),
                NOW,
            )

    for number in range(20):
        now = await rivals[0].accounts.get(owner.id)
        assert now is not None
        await rivals[0].credentials.add(now, token(owner))
        both = (rivals[0].credentials.rotate(spent(token(owner)), *following(owner)), ended())
        await asyncio.gather(*(both if number % 2 else reversed(both)))
        assert await held(rivals[0]) == set()
