"""The contract of `ports.Credentials` for what was under way while its owner's account changed: it comes too late."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from romm.domain.accounts.changes import Delete
from romm.domain.credentials.client_tokens import Renewal
from romm.domain.credentials.credential import Kind
from romm.domain.model import AccessLevel, Account, Identity
from romm.domain.sign_in.linking.decisions import Ends
from romm.ports.conflicts import Conflict
from tests.adapters.conftest import Stores
from tests.adapters.examples import alice, all_digests, attach, bob, line, session
from tests.domain.examples import ISSUER, NOW
from tests.factories import new_account

Work = Callable[[Stores, Account], Awaitable[object]]


async def taken_over(stores: Stores, seen: Account) -> None:
    """L-11b: the account is linked and promoted, and all that somebody else put into it ends."""
    identity = Identity(ISSUER, seen.username)
    await stores.accounts.link(attach(seen, Ends.EVERYTHING, level=AccessLevel.ADMIN), identity, NOW)


async def disabled(stores: Stores, seen: Account) -> None:
    await stores.disable(seen.id)


async def deleted(stores: Stores, seen: Account) -> None:
    await stores.account_store.delete(Delete(seen))


async def added(stores: Stores, seen: Account) -> None:
    await stores.credentials.add(seen, session(seen))


async def issued(stores: Stores, seen: Account) -> None:
    await stores.credentials.issue(seen, session(seen), at_most=25)


async def replaced(stores: Stores, seen: Account) -> None:
    await stores.credentials.replace(seen, session(seen))


async def renewed(stores: Stores, seen: Account) -> None:
    await stores.credentials.renew(Renewal(owner=seen, token=session(seen, id=1), digest="fresh"))


@pytest.mark.parametrize("change", [taken_over, disabled, deleted])
@pytest.mark.parametrize("late", [added, issued, replaced, renewed])
async def test_nothing_is_stored_for_an_account_that_is_not_what_was_judged(stores: Stores, change: Work, late: Work):
    seen = await alice(stores)
    await bob(stores)  # who is what he was, and has the same version
    await change(stores, seen)

    with pytest.raises(Conflict, match="version"):
        await late(stores, seen)

    assert await all_digests(stores) == set()


async def test_what_every_sign_in_notes_is_no_change(stores: Stores):
    seen = await alice(stores)
    await stores.sign_in_records.keep(seen, line(seen), session(seen))
    await stores.accounts.rehash(seen.id, "her hash", "a newer one")
    await stores.account_store.note_reset_request("alice", NOW)
    await stores.credentials.touch(session(seen), NOW)

    await stores.credentials.add(seen, session(seen, "another"))

    assert len(await stores.credentials.of(seen.id, [Kind.SESSION])) == 2


@pytest.mark.parametrize("late", [added, issued, replaced])
async def test_no_sign_in_under_way_outlives_a_takeover_at_the_same_moment(rivals: list[Stores], late: Work):
    """L-11b, whoever comes first."""

    async def at_once(stores: Stores, seen: Account) -> None:
        try:
            await late(stores, seen)
        except Conflict as conflict:
            assert conflict.what == "version"  # noqa: PT017

    for number in range(20):
        seen = await rivals[0].accounts.create(new_account(f"alice{number}", password_hash="her hash"), NOW)
        both = [at_once(rivals[1], seen), taken_over(rivals[0], seen)]
        await asyncio.gather(*(both if number % 2 else reversed(both)))
        assert await rivals[0].credentials.of(seen.id, list(Kind)) == []
