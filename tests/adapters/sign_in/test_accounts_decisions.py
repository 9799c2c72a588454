"""The contract of `ports.Accounts`: decisions are carried out whole, or, when they are stale, not at all."""

import pytest
from msgspec.structs import replace

from romm.domain.credentials.credential import Kind
from romm.domain.model import AccessLevel, Account, EmailSource, Identity, LinkedIdentity
from romm.domain.sign_in.linking.decisions import Ends, Invited, LinkIdentity, Register
from romm.domain.sign_in.linking.rules import Found
from tests.adapters.conftest import Stores
from tests.adapters.examples import BOB, LATER, alice, attach, bob, conflict, has_session, outcomes, session, sign_in
from tests.domain.examples import ADDRESS, ALICE, ISSUER, NOW
from tests.factories import new_account

ALICES = Register(rule="L-12", level=AccessLevel.VIEWER, email=ADDRESS)


async def test_a_sign_in_that_changes_nothing_is_only_noted(stores: Stores):
    seen = await alice(stores)
    await stores.credentials.add(seen, session(seen))

    fresh = await stores.accounts.sign_in(sign_in(seen), LATER)

    assert fresh == replace(seen, last_login=LATER)
    assert await has_session(stores)


async def test_where_a_role_came_from_is_kept_with_the_account(stores: Stores):
    seen = await alice(stores)
    assert not seen.role_from_claim

    given = await stores.accounts.sign_in(sign_in(seen, role_from_claim=True), LATER)
    kept = await stores.accounts.sign_in(sign_in(given), LATER)

    assert given == replace(seen, role_from_claim=True, version=2, updated_at=LATER, last_login=LATER)
    assert not kept.role_from_claim
    assert await stores.accounts.get(seen.id) == kept


@pytest.mark.parametrize("comes", [True, False])
async def test_a_new_account_and_a_link_keep_where_the_role_came_from(stores: Stores, comes: bool):
    level = AccessLevel.EDITOR
    made = Register(rule="L-12", level=level, email="new@example.com", role_from_claim=comes)
    account = await stores.accounts.register(made, Identity(ISSUER, "somebody-new"), "newcomer", NOW)
    assert account.role_from_claim is comes

    seen = await bob(stores)
    linked = LinkIdentity(rule="L-11a", account=seen, level=seen.level, ends=Ends.NOTHING, role_from_claim=comes)
    assert (await stores.accounts.link(linked, Identity("https://other.example", "bob"), NOW)).role_from_claim is comes


async def test_a_sign_in_follows_the_providers_email(stores: Stores):
    seen = await alice(stores)

    fresh = await stores.accounts.sign_in(sign_in(seen, email="new@example.com"), LATER)

    assert fresh == replace(seen, email="new@example.com", version=2, updated_at=LATER, last_login=LATER)
    assert await stores.accounts.get(seen.id) == fresh


async def test_another_level_ends_all_sessions_of_that_account_and_no_others(stores: Stores):
    seen, other = await alice(stores), await bob(stores)
    await stores.credentials.add(seen, session(seen))
    await stores.credentials.add(other, session(other, "bob's"))

    fresh = await stores.accounts.sign_in(sign_in(seen, level=AccessLevel.EDITOR), LATER)

    assert fresh == replace(seen, level=AccessLevel.EDITOR, version=2, updated_at=LATER, last_login=LATER)
    assert not await has_session(stores)
    assert await has_session(stores, "bob's")


@pytest.mark.parametrize(
    ("ends", "sessions_stay", "password_stays"),
    [
        (Ends.NOTHING, True, True),
        (Ends.ALL_BUT_PASSWORD, False, True),
        (Ends.EVERYTHING, False, False),
    ],
)
async def test_a_decision_says_what_ends(stores: Stores, ends: Ends, sessions_stay: bool, password_stays: bool):
    seen = await alice(stores)
    await stores.credentials.add(seen, session(seen))

    fresh = await stores.accounts.sign_in(sign_in(seen, ends=ends), LATER)

    assert await has_session(stores) is sessions_stay
    assert (fresh.password_set_at is not None) is password_stays
    assert await stores.accounts.password("alice") == (fresh, "her hash" if password_stays else None)


async def test_a_stale_decision_changes_nothing(stores: Stores):
    seen = await alice(stores)
    await stores.credentials.add(seen, session(seen))
    changed = await stores.accounts.sign_in(sign_in(seen, email="new@example.com"), NOW)

    stale = stores.accounts.sign_in(sign_in(seen, ends=Ends.EVERYTHING), LATER)

    assert await conflict(stale) == "version"
    assert await stores.accounts.password("alice") == (changed, "her hash")
    assert await has_session(stores)


async def test_an_account_disabled_in_between_stays_shut(stores: Stores):
    seen = await alice(stores)
    await stores.disable(seen.id)
    disabled = await stores.accounts.get(seen.id)
    assert disabled is not None

    assert await conflict(stores.accounts.sign_in(sign_in(disabled), LATER)) == "version"
    assert await conflict(stores.accounts.link(attach(disabled), ALICE, LATER)) == "version"
    assert await stores.accounts.get(seen.id) == disabled


async def test_an_email_taken_in_between_leaves_all_as_it_was(stores: Stores):
    seen, other = await alice(stores), await bob(stores)
    await stores.credentials.add(seen, session(seen))
    decision = sign_in(seen, email=other.email, level=AccessLevel.EDITOR)

    assert await conflict(stores.accounts.sign_in(decision, LATER)) == "email"
    assert await stores.accounts.get(seen.id) == seen
    assert await has_session(stores)


async def test_linking_attaches_the_identity(stores: Stores):
    seen = await alice(stores)

    fresh = await stores.accounts.link(attach(seen), ALICE, LATER)

    link = LinkedIdentity(identity=ALICE, linked_at=LATER, rule="L-11a")
    changed = replace(seen, version=2, updated_at=LATER, last_login=LATER, email_source=EmailSource.PROVIDER)
    assert fresh == replace(changed, links=(link,))
    assert (await stores.accounts.find(ALICE, None)).by_identity == fresh


async def test_linking_by_email_ends_what_somebody_else_may_hold(stores: Stores):
    seen = await alice(stores)
    await stores.credentials.add(seen, session(seen))
    decision = attach(seen, Ends.EVERYTHING, level=AccessLevel.ADMIN)

    fresh = await stores.accounts.link(decision, ALICE, LATER)

    assert (fresh.level, fresh.password_set_at) == (AccessLevel.ADMIN, None)
    assert await stores.accounts.password("alice") == (fresh, None)
    assert not await has_session(stores)


async def test_an_identity_that_is_linked_elsewhere_leaves_all_as_it_was(stores: Stores):
    seen = await alice(stores)
    await bob(stores)
    await stores.credentials.add(seen, session(seen))
    decision = attach(seen, Ends.EVERYTHING, level=AccessLevel.ADMIN)

    assert await conflict(stores.accounts.link(decision, BOB, LATER)) == "identity"
    assert await stores.accounts.password("alice") == (seen, "her hash")
    assert await has_session(stores)


async def test_an_account_has_one_subject_per_issuer(stores: Stores):
    owner = await bob(stores)

    assert await conflict(stores.accounts.link(attach(owner), ALICE, LATER)) == "identity"
    fresh = await stores.accounts.link(attach(owner), Identity("https://other.example", "bob"), LATER)
    assert [link.identity.issuer for link in fresh.links] == [ISSUER, "https://other.example"]


async def test_of_many_links_at_once_one_is_made(rivals: list[Stores]):
    seen = await alice(rivals[0])

    done = await outcomes(
        [rivals[n % len(rivals)].accounts.link(attach(seen), Identity(ISSUER, f"subject-{n}"), NOW) for n in range(20)]
    )

    fresh = await rivals[0].accounts.get(seen.id)
    assert fresh is not None
    assert done == {"done": 1, "version": 19}
    assert len(fresh.links) == 1


async def test_a_registered_account_has_its_identity_and_no_password(stores: Stores):
    made = await bob(stores)

    link = LinkedIdentity(identity=BOB, linked_at=NOW, rule="L-12")
    assert (made.links, made.password_set_at, made.last_login) == ((link,), None, NOW)
    assert await stores.accounts.password("bob") == (made, None)


@pytest.mark.parametrize(
    ("username", "email", "identity", "what"),
    [
        ("bob", "new@example.com", ALICE, "username"),
        ("new", "bob@example.com", ALICE, "email"),
        ("new", "new@example.com", BOB, "identity"),
    ],
)
async def test_a_registration_in_conflict_leaves_nothing(
    stores: Stores, username: str, email: str, identity: Identity, what: str
):
    await bob(stores)
    decision = Register(rule="L-12", level=AccessLevel.ADMIN, email=email)

    assert await conflict(stores.accounts.register(decision, identity, username, NOW)) == what
    assert await stores.accounts.password("new") is None
    assert (await stores.accounts.find(ALICE, "new@example.com")) == Found(any_admin=False, enabled_admins=0)


async def test_twenty_equal_first_sign_ins_make_one_account(rivals: list[Stores]):
    done = await outcomes(
        [rivals[n % len(rivals)].accounts.register(ALICES, ALICE, f"alice-{n}", NOW) for n in range(20)]
    )

    found = await rivals[0].accounts.find(ALICE, ADDRESS)
    assert done["done"] == 1
    assert set(done) <= {"done", "email", "identity"}
    assert found.by_email == (found.by_identity,)


async def test_admins_who_lose_their_role_at_once_leave_one(rivals: list[Stores]):
    admins = [await rivals[0].accounts.create(new_account(f"admin-{n}", AccessLevel.ADMIN), NOW) for n in range(8)]

    done = await outcomes(
        [
            rivals[n % len(rivals)].accounts.sign_in(sign_in(admin, level=AccessLevel.VIEWER), LATER)
            for n, admin in enumerate(admins)
        ]
    )

    assert done == {"done": 7, "version": 1}
    assert (await rivals[0].accounts.find(ALICE, None)).enabled_admins == 1


async def test_a_disabled_admin_is_nobody_to_leave_the_house_to(stores: Stores):
    last = await alice(stores, AccessLevel.ADMIN)
    await stores.disable((await bob(stores, AccessLevel.ADMIN)).id)

    demoted = stores.accounts.sign_in(sign_in(last, level=AccessLevel.VIEWER), LATER)

    assert await conflict(demoted) == "version"
    assert await stores.accounts.get(last.id) == last


TAKEN = "taken@example.com"


async def typist(stores: Stores) -> Account:
    """Mallory typed an address, and has a reset link and a session."""
    made = await stores.accounts.create(new_account("mallory", email=TAKEN, password_hash="a hash"), NOW)
    await stores.credentials.add(made, session(made, "hers"))
    await stores.credentials.add(made, replace(session(made, "link"), kind=Kind.PASSWORD_RESET))
    return made


async def made_room(stores: Stores, seen: Account) -> None:
    """The address is gone, the account knows since when, and only what would have opened it by a link has ended."""
    now = await stores.accounts.get(seen.id)
    assert now == replace(seen, email=None, version=2, updated_at=LATER, address_removed_at=LATER)
    assert await has_session(stores, "hers")
    assert await stores.credentials.find(Kind.PASSWORD_RESET, "link") is None


async def test_a_typed_address_makes_room_for_a_new_account(stores: Stores):
    mallory = await typist(stores)

    made = await stores.accounts.register(replace(ALICES, email=TAKEN, room=(mallory,)), ALICE, "alice", LATER)

    assert (made.email, made.email_source) == (TAKEN, EmailSource.PROVIDER)
    await made_room(stores, mallory)


async def test_a_typed_address_makes_room_for_a_known_identity(stores: Stores):
    mallory, seen = await typist(stores), await alice(stores)
    decision = sign_in(seen, email=TAKEN, email_source=EmailSource.PROVIDER, room=(mallory,))

    fresh = await stores.accounts.sign_in(decision, LATER)

    assert (fresh.email, fresh.email_source) == (TAKEN, EmailSource.PROVIDER)
    await made_room(stores, mallory)


async def test_a_typed_address_makes_room_for_a_link(stores: Stores):
    mallory, seen = await typist(stores), await alice(stores)

    fresh = await stores.accounts.link(attach(seen, room=(mallory,)), ALICE, LATER)

    assert fresh.email_source is EmailSource.PROVIDER
    await made_room(stores, mallory)


async def test_an_address_that_was_typed_anew_or_confirmed_meanwhile_makes_no_room(stores: Stores):
    mallory, seen = await typist(stores), await alice(stores)
    confirmed = await stores.accounts.sign_in(sign_in(mallory, email_source=EmailSource.ADMINISTRATOR), LATER)
    decision = sign_in(seen, email=TAKEN, email_source=EmailSource.PROVIDER, room=(mallory,))

    assert await conflict(stores.accounts.sign_in(decision, LATER)) == "version"
    assert await conflict(stores.accounts.link(attach(seen, room=(mallory,)), ALICE, LATER)) == "version"
    stale = replace(ALICES, email=TAKEN, room=(mallory,))
    assert await conflict(stores.accounts.register(stale, ALICE, "ally", LATER)) == "version"
    assert await stores.accounts.get(mallory.id) == confirmed
    assert await stores.accounts.get(seen.id) == seen


async def test_a_conflict_after_the_address_made_room_gives_it_back(stores: Stores):
    mallory = await typist(stores)
    await alice(stores)

    taken = stores.accounts.register(replace(ALICES, email=TAKEN, room=(mallory,)), ALICE, "alice", LATER)

    assert await conflict(taken) == "username"
    assert await stores.accounts.get(mallory.id) == mallory


async def test_an_account_that_gets_an_address_forgets_that_one_was_removed(stores: Stores):
    mallory = await typist(stores)
    await stores.accounts.register(replace(ALICES, email=TAKEN, room=(mallory,)), ALICE, "alice", LATER)
    bare = await stores.accounts.get(mallory.id)
    assert bare is not None

    kept = await stores.accounts.link(attach(bare, rule="L-04"), BOB, LATER)
    assert (kept.email, kept.email_source, kept.address_removed_at) == (None, EmailSource.OWNER, LATER)
    fresh = await stores.accounts.sign_in(sign_in(kept, email="m@example.com"), LATER)
    assert fresh.address_removed_at is None


async def test_an_invitation_is_spent_with_the_account_that_it_makes(stores: Stores):
    inviter = await bob(stores)
    await stores.credentials.add(inviter, session(inviter, "a link", kind=Kind.INVITATION))
    invited = replace(ALICES, invited=Invited(digest="a link", level=AccessLevel.VIEWER))

    assert await conflict(stores.accounts.register(invited, ALICE, inviter.username, NOW)) == "username"
    assert await stores.credentials.find(Kind.INVITATION, "a link") is not None
    await stores.accounts.register(invited, ALICE, "alice", NOW)
    assert await stores.credentials.find(Kind.INVITATION, "a link") is None

    second = replace(invited, email="second@example.com")
    assert await conflict(stores.accounts.register(second, Identity(ISSUER, "second"), "second", NOW)) == "spent"
    assert (await stores.accounts.find(Identity(ISSUER, "second"), "second@example.com")).by_identity is None
