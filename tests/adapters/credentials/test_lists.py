"""The contract of `ports.CredentialLists`."""

from datetime import timedelta

import pytest

from romm.domain.credentials.credential import Kind
from romm.domain.model import Identity
from tests.adapters.conftest import Stores
from tests.adapters.examples import alice, attach, bob, session
from tests.domain.examples import NOW

LISTED = [Kind.CLIENT_TOKEN, Kind.INVITATION]


@pytest.mark.parametrize("kind", LISTED)
async def test_those_of_all_accounts_are_listed_the_newest_first(stores: Stores, kind: Kind):
    owner, other = await alice(stores), await bob(stores)
    other = await stores.accounts.link(attach(other), Identity("https://other.example", "bob"), NOW)
    await stores.credentials.add(owner, session(owner), session(owner, "first", kind=kind))
    await stores.credentials.add(other, session(other, "second", kind=kind))
    await stores.credentials.add(owner, session(owner, "over", kind=kind, expires_at=NOW - timedelta(seconds=1)))
    await stores.credentials.add(owner, session(owner, "third", kind=kind))
    lists = stores.credential_lists

    listed = await lists.listed(kind, 10)
    assert [(each.digest, owner.username) for each, owner in listed] == [
        ("third", "alice"),
        ("second", "bob"),
        ("first", "alice"),
    ]
    assert listed[1][1] == other
    assert list(await lists.listed(kind, 2)) == list(listed[:2])
    assert list(await lists.listed(kind, 2, before=listed[0][0].id)) == list(listed[1:])
    assert list(await lists.listed(kind, 0)) == []


@pytest.mark.parametrize("kind", LISTED)
async def test_one_is_found_by_its_number_and_kind(stores: Stores, kind: Kind):
    owner = await bob(stores)
    await stores.credentials.add(owner, session(owner, kind=kind))
    [found] = await stores.credential_lists.listed(kind, 1)
    assert found[0].id is not None
    assert await stores.credential_lists.numbered(kind, found[0].id) == found
    assert await stores.credential_lists.numbered(Kind.SESSION, found[0].id) is None
    assert await stores.credential_lists.numbered(kind, found[0].id + 1) is None
    stores.clock.now = found[0].expires_at
    assert await stores.credential_lists.numbered(kind, found[0].id) is None
