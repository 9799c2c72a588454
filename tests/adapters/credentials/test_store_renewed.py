"""The contract of `ports.Credentials` for what is issued in a limited number, replaced, or given another secret."""

import asyncio
from collections import Counter

import pytest
from msgspec.structs import replace

from romm.domain.credentials.client_tokens import Renewal, pairing_code
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.model import Account
from romm.ports.conflicts import Conflict
from tests.adapters.conftest import Stores
from tests.adapters.examples import DAY, alice, all_digests, bob, session
from tests.domain.examples import NOW


def a_token(owner: Account, digest: str = "token", **changes: object) -> Credential:
    return session(owner, digest, kind=Kind.CLIENT_TOKEN, name="Handheld", **changes)


async def issued(stores: Stores, owner: Account, digest: str = "token") -> Credential:
    return await stores.credentials.issue(owner, a_token(owner, digest), at_most=25)


async def offered(stores: Stores, token: Credential, digest: str) -> None:
    owner = await stores.accounts.get(token.account_id)
    assert owner is not None
    await stores.credentials.replace(owner, pairing_code(token, digest, NOW))


async def has_code(stores: Stores, digest: str) -> bool:
    return await stores.credentials.find(Kind.PAIRING_CODE, digest) is not None


async def digests(stores: Stores, owner: Account) -> set[str]:
    return {token.digest for token, _ in await stores.credentials.of(owner.id, [Kind.CLIENT_TOKEN])}


async def test_what_is_issued_is_given_with_its_number(stores: Stores):
    owner = await alice(stores)

    token = await issued(stores, owner)

    assert token == replace(a_token(owner), id=token.id)
    assert await stores.credentials.find(Kind.CLIENT_TOKEN, "token") == (token, owner)
    assert [each for each, _ in await stores.credentials.of(owner.id, [Kind.CLIENT_TOKEN])] == [token]


async def test_no_more_are_issued_than_one_account_may_have(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    await stores.credentials.add(owner, session(owner), a_token(owner, "expired", expires_at=NOW))
    for digest in ("first", "second"):
        await stores.credentials.issue(owner, a_token(owner, digest), at_most=2)

    with pytest.raises(Conflict, match="full"):
        await stores.credentials.issue(owner, a_token(owner, "third"), at_most=2)

    assert await digests(stores, owner) == {"first", "second"}
    await stores.credentials.issue(other, a_token(other, "bobs"), at_most=2)
    await stores.credentials.take(Kind.CLIENT_TOKEN, "first")
    await stores.credentials.issue(owner, a_token(owner, "third"), at_most=2)


async def test_the_limit_holds_however_many_workers_issue_at_once(rivals: list[Stores]):
    owner = await alice(rivals[0])

    async def issue(number: int, at_most: int = 5) -> str:
        try:
            await rivals[number % len(rivals)].credentials.issue(owner, a_token(owner, str(number)), at_most)
        except Conflict as conflict:
            return conflict.what
        return "issued"

    await asyncio.gather(*(issue(number, at_most=0) for number in range(20)))  # all connections are open: a fair race
    assert Counter(await asyncio.gather(*map(issue, range(20)))) == {"issued": 5, "full": 15}
    assert len(await digests(rivals[0], owner)) == 5


async def test_a_newer_code_replaces_the_older_of_its_token_alone(stores: Stores):
    owner = await alice(stores)
    first, second = await issued(stores, owner, "first"), await issued(stores, owner, "second")
    await offered(stores, first, "older")
    await offered(stores, second, "another's")

    await offered(stores, first, "newer")

    assert [await has_code(stores, each) for each in ("older", "newer", "another's")] == [False, True, True]


async def test_what_a_newer_one_replaces_is_of_its_owner_kind_and_family(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    code = session(owner, "newer", kind=Kind.PAIRING_CODE, family="f")
    others = [
        replace(code, digest="another family", family="g"),
        replace(code, digest="another kind", kind=Kind.SESSION),
    ]
    await stores.credentials.add(owner, replace(code, digest="older"), *others)
    await stores.credentials.add(other, replace(code, digest="bobs", account_id=other.id))

    await stores.credentials.replace(owner, code)

    left = await all_digests(stores)
    assert left == {"newer", "another family", "another kind", "bobs"}


async def test_of_many_codes_at_once_one_is_left(rivals: list[Stores]):
    token = await issued(rivals[0], await alice(rivals[0]))

    await asyncio.gather(*(offered(rivals[n % len(rivals)], token, f"code {n}") for n in range(12)))

    assert len(await rivals[0].credentials.of(token.account_id, [Kind.PAIRING_CODE])) == 1


async def test_another_secret_is_all_that_a_renewal_changes(stores: Stores):
    owner = await alice(stores)
    token, other = await issued(stores, owner), await issued(stores, owner, "other")
    await offered(stores, token, "code")
    await offered(stores, other, "others code")

    renewed = await stores.credentials.renew(Renewal(owner=owner, token=token, digest="fresh"))

    assert renewed == replace(token, digest="fresh")
    assert await stores.credentials.find(Kind.CLIENT_TOKEN, "token") is None
    assert await stores.credentials.find(Kind.CLIENT_TOKEN, "fresh") == (renewed, owner)
    assert await digests(stores, owner) == {"fresh", "other"}
    assert [await has_code(stores, each) for each in ("code", "others code")] == [False, True]


async def test_a_token_that_is_gone_or_over_is_not_renewed(stores: Stores):
    owner = await alice(stores)
    gone, over = await issued(stores, owner, "gone"), await issued(stores, owner, "over")
    await stores.credentials.take(Kind.CLIENT_TOKEN, "gone")
    await offered(stores, over, "code")

    assert await stores.credentials.renew(Renewal(owner=owner, token=gone, digest="fresh")) is None
    stores.clock.advance(DAY)
    assert await stores.credentials.renew(Renewal(owner=owner, token=over, digest="fresh", code="code")) is None

    assert await stores.credentials.find(Kind.CLIENT_TOKEN, "fresh") is None


async def test_a_session_is_not_renewed_by_the_number_of_a_token(stores: Stores):
    owner = await alice(stores)
    await stores.credentials.add(owner, session(owner))
    [[stored, _]] = await stores.credentials.of(owner.id, [Kind.SESSION])

    assert (
        await stores.credentials.renew(
            Renewal(owner=owner, token=replace(a_token(owner), id=stored.id), digest="fresh")
        )
        is None
    )


async def test_without_its_code_nothing_is_renewed(stores: Stores):
    owner = await alice(stores)
    token = await issued(stores, owner)
    await offered(stores, token, "code")

    with pytest.raises(Conflict, match="spent"):
        await stores.credentials.renew(Renewal(owner=owner, token=token, digest="fresh", code="another code"))

    assert await digests(stores, owner) == {"token"}
    assert await has_code(stores, "code")


async def test_of_many_who_bring_the_same_code_one_gets_a_secret(rivals: list[Stores]):
    """R-79."""
    owner = await alice(rivals[0])
    token = await issued(rivals[0], owner)
    await offered(rivals[0], token, "code")

    async def renew(number: int) -> str:
        renewal = Renewal(owner=owner, token=token, digest=f"fresh {number}", code="code")
        try:
            renewed = await rivals[number % len(rivals)].credentials.renew(renewal)
        except Conflict as conflict:
            return conflict.what
        assert renewed is not None
        return renewed.digest

    outcomes = Counter(await asyncio.gather(*map(renew, range(20))))

    assert outcomes.pop("spent") == 19
    assert outcomes.keys() == await digests(rivals[0], owner)


async def test_renewals_with_and_without_a_code_never_wait_for_each_other_in_a_circle(rivals: list[Stores]):
    owner = await alice(rivals[0])
    token = await issued(rivals[0], owner)

    async def anything(number: int) -> None:
        stores = rivals[number % len(rivals)]
        await offered(stores, token, f"code {number}")
        code = f"code {number}" if number % 2 else None
        try:
            await stores.credentials.renew(Renewal(owner=owner, token=token, digest=f"fresh {number}", code=code))
        except Conflict as conflict:
            assert conflict.what == "spent"  # noqa: PT017
        await stores.credentials.touch(replace(token, digest=f"fresh {number}"), NOW)

    await asyncio.gather(*map(anything, range(40)))

    assert len(await digests(rivals[0], owner)) == 1
