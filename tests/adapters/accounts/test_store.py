"""The contract of `ports.Directory`: a change is carried out whole, or not at all."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.accounts.changes import Change, Delete, Password, Unlink
from romm.domain.accounts.issuer_moves import Retire, Rewrite
from romm.domain.credentials.credential import Kind
from romm.domain.model import AccessLevel, Account, Identity
from romm.ports.accounts import OneTimeLink
from romm.ports.conflicts import Conflict
from tests.adapters.conftest import Stores
from tests.adapters.examples import BOB, LATER, alice, all_digests, attach, bob, has_session, session
from tests.domain.examples import ADDRESS, NOW
from tests.factories import new_account

ADMIN, EDITOR, VIEWER = AccessLevel.ADMIN, AccessLevel.EDITOR, AccessLevel.VIEWER
NEXT, OLD = "https://next.example", "https://old.example"
LINK = OneTimeLink(Kind.INVITATION, "link")


def change(account: Account, **changes: Any) -> Change:
    same = Change(
        account=account,
        username=account.username,
        email=account.email,
        enabled=account.enabled,
        level=account.level,
    )
    return replace(same, **changes)


async def invited(stores: Stores, owner: Account) -> None:
    await stores.credentials.add(owner, session(owner, "link", kind=Kind.INVITATION))


async def what(work: Awaitable[object]) -> str:
    with pytest.raises(Conflict) as refused:
        await work
    return refused.value.what


async def outcome(work: Awaitable[object]) -> str:
    try:
        await work
    except Conflict as refused:
        return refused.what
    return "done"


async def test_a_change_makes_the_account_what_was_decided(stores: Stores):
    seen = await alice(stores)
    decision = change(seen, username="alicia", email="alicia@example.com", enabled=False, level=EDITOR)

    changed = await stores.account_store.change(decision, LATER)

    assert changed == await stores.accounts.get(seen.id)
    assert changed == replace(
        seen,
        username="alicia",
        email="alicia@example.com",
        enabled=False,
        level=EDITOR,
        version=seen.version + 1,
        updated_at=LATER,
    )
    assert await stores.accounts.password("alicia") == (changed, "her hash")


@pytest.mark.parametrize("password", [Password("new hash", LATER), Password("new hash", NOW), Password(None, None)])
async def test_a_password_is_stored_with_the_time_that_was_decided(stores: Stores, password: Password):
    seen = await alice(stores)
    await stores.account_store.note_reset_request("alice", NOW)

    changed = await stores.account_store.change(change(seen, password=password), LATER)

    assert changed.password_set_at == password.trusted_since
    assert changed.reset_asked_at is None
    assert await stores.accounts.password("alice") == (changed, password.hash)


@pytest.mark.parametrize(
    ("changes", "taken"), [({"username": "bob"}, "username"), ({"email": "bob@example.com"}, "email")]
)
async def test_what_somebody_else_has_is_a_conflict(stores: Stores, changes: dict[str, str], taken: str):
    seen = await alice(stores)
    await bob(stores)

    assert await what(stores.account_store.change(change(seen, **changes), LATER)) == taken
    assert await stores.accounts.get(seen.id) == seen


async def test_a_stale_decision_is_carried_out_not_at_all(stores: Stores):
    seen = await alice(stores)
    changed = await stores.account_store.change(change(seen, level=EDITOR), NOW)
    await stores.credentials.add(changed, session(seen))

    assert await what(stores.account_store.change(change(seen, level=ADMIN, ends=frozenset(Kind)), LATER)) == "version"
    assert await what(stores.account_store.delete(Delete(seen))) == "version"
    assert await what(stores.account_store.unlink(Unlink(account=seen, identity=BOB), LATER)) == "version"
    now = await stores.accounts.get(seen.id)
    assert now is not None
    assert now.level is EDITOR
    assert await has_session(stores)


async def test_a_change_ends_the_kinds_it_names_but_not_what_is_kept(stores: Stores):
    seen, other = await alice(stores), await bob(stores)
    await stores.credentials.add(
        seen, session(seen), session(seen, "mine"), session(seen, "token", kind=Kind.CLIENT_TOKEN)
    )
    await stores.credentials.add(other, session(other, "bobs"))

    await stores.account_store.change(change(seen, ends=frozenset({Kind.SESSION}), keep="mine"), LATER)

    assert await all_digests(stores) == {"mine", "token", "bobs"}


@pytest.mark.parametrize("loss", [{"enabled": False}, {"level": EDITOR}])
async def test_the_last_enabled_admin_stays(stores: Stores, loss: dict[str, Any]):
    keeper = await alice(stores, ADMIN)
    retired = await bob(stores, ADMIN)
    await stores.disable(retired.id)

    assert await what(stores.account_store.change(change(keeper, **loss), LATER)) == "version"
    assert await what(stores.account_store.delete(Delete(keeper))) == "version"
    assert await stores.account_store.enabled_admins() == 1


async def test_of_two_admins_who_dismiss_each_other_one_remains(rivals: list[Stores]):
    one, two = await alice(rivals[0], ADMIN), await bob(rivals[0], ADMIN)

    done = await asyncio.gather(
        outcome(rivals[0].account_store.change(change(one, level=VIEWER), LATER)),
        outcome(rivals[1].account_store.delete(Delete(two))),
    )

    assert Counter(done) == {"done": 1, "version": 1}
    assert await rivals[0].account_store.enabled_admins() == 1


async def test_deleting_takes_everything_along_and_the_number_never_comes_back(stores: Stores):
    seen = await bob(stores)
    await stores.credentials.add(seen, session(seen))

    await stores.account_store.delete(Delete(seen))

    assert await stores.accounts.get(seen.id) is None
    assert not await has_session(stores)
    again = await bob(stores)
    assert again.id > seen.id


async def test_unlinking_detaches_the_identity_and_ends_its_sign_ins(stores: Stores):
    seen = await bob(stores)
    await stores.credentials.add(
        seen, session(seen), session(seen, "mine"), session(seen, "token", kind=Kind.CLIENT_TOKEN)
    )

    left = await stores.account_store.unlink(Unlink(account=seen, identity=BOB, keep="mine"), LATER)

    assert left.links == ()
    assert left.version == seen.version + 1
    assert (await stores.accounts.find(BOB, None)).by_identity is None
    assert {each.digest for each, _ in await stores.credentials.of(seen.id, list(Kind))} == {"mine", "token"}


async def test_a_link_moves_to_another_issuer_and_its_sign_ins_end(stores: Stores):
    seen = await bob(stores)
    await stores.credentials.add(
        seen, session(seen), session(seen, "mine"), session(seen, "token", kind=Kind.CLIENT_TOKEN)
    )
    decision = Rewrite(account=seen, identity=BOB, issuer=NEXT, keep="mine")

    moved = await stores.account_store.move_link(decision, LATER)

    assert moved == await stores.accounts.get(seen.id)
    assert [link.identity for link in moved.links] == [Identity(NEXT, "bob")]
    assert (moved.links[0].linked_at, moved.links[0].rule) == (seen.links[0].linked_at, seen.links[0].rule)
    assert moved.version == seen.version + 1
    assert (await stores.accounts.find(BOB, None)).by_identity is None
    assert (await stores.accounts.find(Identity(NEXT, "bob"), None)).by_identity == moved
    assert {each.digest for each, _ in await stores.credentials.of(seen.id, list(Kind))} == {"mine", "token"}


async def test_a_retired_link_stays_and_its_sign_ins_end(stores: Stores):
    seen = await bob(stores)
    await stores.credentials.add(seen, session(seen), session(seen, "mine"))

    retired = await stores.account_store.move_link(Retire(account=seen, identity=BOB, keep="mine"), LATER)

    assert retired.links == (replace(seen.links[0], retired_at=LATER),)
    assert retired.version == seen.version + 1
    assert (await stores.accounts.find(BOB, None)).by_identity == retired
    assert (await has_session(stores), await has_session(stores, "mine")) == (False, True)


async def test_a_retired_link_that_moves_is_retired_no_more(stores: Stores):
    retired = await stores.account_store.move_link(Retire(account=await bob(stores), identity=BOB), LATER)
    moved = await stores.account_store.move_link(Rewrite(account=retired, identity=BOB, issuer=NEXT), LATER)
    assert [(link.identity.issuer, link.retired_at) for link in moved.links] == [(NEXT, None)]


async def test_only_the_link_that_is_meant_moves(stores: Stores):
    seen = await stores.accounts.link(attach(await bob(stores)), Identity(OLD, "bob"), NOW)
    moved = await stores.account_store.move_link(
        Rewrite(account=seen, identity=Identity(OLD, "bob"), issuer=NEXT), LATER
    )
    assert {link.identity.issuer for link in moved.links} == {BOB.issuer, NEXT}
    await stores.account_store.move_link(Retire(account=moved, identity=BOB), LATER)
    left = await stores.accounts.get(seen.id)
    assert left is not None
    assert {link.identity.issuer: link.retired_at for link in left.links} == {BOB.issuer: LATER, NEXT: None}


async def test_a_link_of_an_account_that_changed_does_not_move(stores: Stores):
    stale = replace(await bob(stores), version=99)
    await stores.credentials.add(await bob_now(stores), session(stale))
    for decision in (Rewrite(account=stale, identity=BOB, issuer=NEXT), Retire(account=stale, identity=BOB)):
        assert await what(stores.account_store.move_link(decision, LATER)) == "version"
    assert (await bob_now(stores)).links[0].identity == BOB
    assert await has_session(stores)


async def test_a_link_does_not_move_to_where_another_is(stores: Stores):
    """An identity has one account, and an account one subject per issuer."""
    seen = await bob(stores)
    other = await stores.accounts.link(attach(await alice(stores)), Identity(NEXT, "bob"), NOW)
    await stores.credentials.add(seen, session(seen))
    assert (
        await what(stores.account_store.move_link(Rewrite(account=seen, identity=BOB, issuer=NEXT), LATER))
        == "identity"
    )
    both = await stores.accounts.link(attach(other), Identity(OLD, "alice"), NOW)
    decision = Rewrite(account=both, identity=Identity(OLD, "alice"), issuer=NEXT)
    assert await what(stores.account_store.move_link(decision, LATER)) == "identity"
    assert [await stores.accounts.get(each.id) for each in (seen, both)] == [seen, both]
    assert await has_session(stores)


async def bob_now(stores: Stores) -> Account:
    found = (await stores.accounts.find(BOB, None)).by_identity
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["alice", ADDRESS])
async def test_who_forgot_a_password_is_noted_by_name_or_address(stores: Stores, name: str):
    seen, other = await alice(stores), await bob(stores)

    await stores.account_store.note_reset_request(name, LATER)
    await stores.account_store.note_reset_request("nobody", LATER)
    await stores.account_store.note_reset_request("a\x00b", LATER)

    assert await stores.accounts.get(seen.id) == replace(seen, reset_asked_at=LATER)
    assert await stores.accounts.get(other.id) == other


async def test_a_disabled_account_asks_for_nothing(stores: Stores):
    seen = await alice(stores)
    await stores.disable(seen.id)

    await stores.account_store.note_reset_request("alice", LATER)

    now = await stores.accounts.get(seen.id)
    assert now is not None
    assert now.reset_asked_at is None


async def test_a_link_is_used_up_together_with_what_it_is_for(stores: Stores):
    owner = await alice(stores)
    await invited(stores, owner)

    made = await stores.accounts.create(new_account("carl", password_hash="hash"), NOW, LINK)

    assert made.username == "carl"
    assert await what(stores.accounts.create(new_account("dora", password_hash="hash"), NOW, LINK)) == "spent"
    assert await what(stores.account_store.change(change(owner, level=EDITOR), NOW, LINK)) == "spent"
    assert await stores.accounts.get(owner.id) == owner


async def test_a_link_is_not_lost_when_the_rest_fails(stores: Stores):
    owner = await alice(stores)
    await bob(stores)
    await invited(stores, owner)

    assert await what(stores.accounts.create(new_account("bob", password_hash="hash"), NOW, LINK)) == "username"
    assert await what(stores.account_store.change(change(owner, username="bob"), NOW, LINK)) == "username"

    assert (await stores.account_store.change(change(owner, level=EDITOR), NOW, LINK)).level is EDITOR


async def test_of_many_who_use_a_link_one_gets_in(rivals: list[Stores]):
    await invited(rivals[0], await alice(rivals[0]))

    works = (
        rivals[n % len(rivals)].accounts.create(new_account(f"guest-{n}", password_hash="hash"), NOW, LINK)
        for n in range(12)
    )
    done = await asyncio.gather(*(outcome(work) for work in works))

    assert Counter(done) == {"done": 1, "spent": 11}
