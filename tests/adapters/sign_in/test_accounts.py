"""The contract of `ports.Accounts`: making accounts and looking them up."""

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, func, select

from romm.adapters.database.tables import AccountRow, IdentityRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.model import AccessLevel, Account, Identity
from romm.domain.sign_in.linking.decisions import Register
from romm.domain.sign_in.linking.rules import Found
from romm.ports.accounts import NewAccount
from tests.adapters.conftest import Stores
from tests.adapters.examples import BOB, alice, attach, bob, conflict, outcomes
from tests.domain.examples import ADDRESS, ALICE, ISSUER, NOW
from tests.factories import filled, new_account

ROOT = new_account("root", AccessLevel.ADMIN, password_hash="hash")
ALICES = Register(rule="L-12", level=AccessLevel.VIEWER, email=ADDRESS)


async def test_every_fact_of_a_new_account_is_stored(stores: Stores):
    for new in filled(NewAccount):
        made = await stores.accounts.create(new, NOW)
        assert (made.username, made.email, made.level) == (new.username, new.email, new.level)
        assert await stores.accounts.password(new.username) == (made, new.password_hash)


async def test_an_account_is_what_was_asked_for(stores: Stores):
    made = await alice(stores, AccessLevel.EDITOR)

    assert made == Account(
        id=made.id,
        username="alice",
        email=ADDRESS,
        enabled=True,
        level=AccessLevel.EDITOR,
        password_set_at=NOW,
        links=(),
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )
    assert await stores.accounts.get(made.id) == made
    assert await stores.accounts.password("alice") == (made, "her hash")


async def test_an_account_without_a_password_has_no_hash(stores: Stores):
    made = await alice(stores, password_hash=None)

    assert made.password_set_at is None
    assert await stores.accounts.password("alice") == (made, None)


async def test_nobody_is_found_where_nobody_is(stores: Stores):
    assert await stores.accounts.get(1) is None
    assert await stores.accounts.password("alice") is None
    assert await stores.accounts.find(ALICE, ADDRESS) == Found(any_admin=False, enabled_admins=0)


@pytest.mark.parametrize("name", ["ali\x00ce", "ali\udc00ce", "ALICE", "alice "])
async def test_a_name_that_is_not_stored_belongs_to_nobody(stores: Stores, name: str):
    await alice(stores)

    assert await stores.accounts.password(name) is None


@pytest.mark.parametrize(
    ("username", "email", "what"),
    [
        ("alice", "other@example.com", "username"),
        ("other", ADDRESS, "email"),
    ],
)
async def test_what_is_taken_is_named(stores: Stores, username: str, email: str, what: str):
    await alice(stores)

    made = stores.accounts.create(new_account(username, email=email), NOW)

    assert await conflict(made) == what


async def test_many_accounts_may_have_no_email(stores: Stores):
    await stores.accounts.create(new_account("one"), NOW)
    await stores.accounts.create(new_account("two"), NOW)

    assert (await stores.accounts.find(ALICE, None)).by_email == ()


async def test_what_is_found_are_the_owners_of_the_identity_and_of_the_email(stores: Stores):
    by_email, by_identity = await alice(stores), await bob(stores)

    both = await stores.accounts.find(BOB, ADDRESS)
    same = await stores.accounts.find(BOB, by_identity.email)

    assert (both.by_identity, both.by_email) == (by_identity, (by_email,))
    assert (same.by_identity, same.by_email) == (by_identity, (by_identity,))


async def test_who_has_the_address_is_no_owner_because_of_another_identity(stores: Stores):
    """R-01, L-10."""
    other = await bob(stores)

    found = await stores.accounts.find(ALICE, other.email)

    assert (found.by_identity, found.by_email) == (None, (other,))


async def test_having_no_address_is_no_address_in_common(stores: Stores):
    made = await stores.accounts.create(new_account("alice"), NOW)
    owner = await stores.accounts.link(attach(made), ALICE, NOW)

    found = await stores.accounts.find(ALICE, None)

    assert (found.by_identity, found.by_email) == (owner, ())


async def test_an_owner_is_found_among_those_of_half_the_identity(stores: Stores):
    """R-01."""
    identities = [
        Identity(issuer, subject) for issuer in (ISSUER, "https://other.example") for subject in ("one", "two")
    ]
    for number, identity in enumerate(identities):
        await stores.accounts.register(replace(ALICES, email=f"a{number}@example.com"), identity, f"name{number}", NOW)

    found = [(await stores.accounts.find(identity, None)).by_identity for identity in identities]

    assert [owner and owner.username for owner in found] == ["name0", "name1", "name2", "name3"]


@pytest.mark.parametrize(
    "identity",
    [
        Identity(ISSUER + "/", "bob"),  # another issuer
        Identity(ISSUER.upper(), "bob"),
        Identity(ISSUER, "Bob"),
        Identity(ISSUER, "bob "),
        Identity("bob", ISSUER),
    ],
)
async def test_an_identity_is_compared_byte_for_byte(stores: Stores, identity: Identity):
    await bob(stores)

    assert (await stores.accounts.find(identity, None)).by_identity is None


@pytest.mark.parametrize("email", [ADDRESS.upper(), "álice@example.com", ADDRESS + " ", "_lice@example.com"])
async def test_an_email_is_compared_byte_for_byte(stores: Stores, email: str):
    await alice(stores)

    assert (await stores.accounts.find(ALICE, email)).by_email == ()


async def test_admins_are_counted_enabled_or_not(stores: Stores):
    first = await alice(stores, AccessLevel.ADMIN)
    await bob(stores, AccessLevel.ADMIN)
    await stores.disable(first.id)

    found = await stores.accounts.find(ALICE, None)

    assert (found.any_admin, found.enabled_admins) == (True, 1)
    assert await stores.accounts.any_admin()


async def test_an_editor_is_no_admin(stores: Stores):
    await alice(stores, AccessLevel.EDITOR)

    found = await stores.accounts.find(ALICE, None)

    assert (found.any_admin, found.enabled_admins) == (False, 0)
    assert not await stores.accounts.any_admin()


async def test_the_first_admin_has_the_password(stores: Stores):
    made = await stores.accounts.create_first_admin(ROOT, NOW)

    assert (made.level, made.email, made.password_set_at) == (AccessLevel.ADMIN, None, NOW)
    assert await stores.accounts.password("root") == (made, "hash")


async def test_there_is_one_first_admin_even_if_disabled(stores: Stores):
    first = await stores.accounts.create_first_admin(ROOT, NOW)
    await stores.disable(first.id)

    other = replace(ROOT, username="other")
    assert await conflict(stores.accounts.create_first_admin(other, NOW)) == "first_admin"


@pytest.mark.parametrize(("username", "email", "what"), [("alice", None, "username"), ("root", ADDRESS, "email")])
async def test_the_first_admin_takes_nobodys_name(stores: Stores, username: str, email: str | None, what: str):
    await alice(stores)

    new = replace(ROOT, username=username, email=email)
    assert await conflict(stores.accounts.create_first_admin(new, NOW)) == what
    assert not await stores.accounts.any_admin()


async def test_of_many_first_admins_at_once_one_is_made(rivals: list[Stores]):
    roots = [replace(ROOT, username=f"root-{n}") for n in range(20)]
    done = await outcomes(
        [rivals[n % len(rivals)].accounts.create_first_admin(root, NOW) for n, root in enumerate(roots)]
    )

    assert done == {"done": 1, "first_admin": 19}


async def test_a_newer_hash_replaces_the_one_it_was_made_for(stores: Stores):
    made = await alice(stores)
    other = await stores.accounts.create(new_account("other", password_hash="her hash"), NOW)

    await stores.accounts.rehash(made.id, "her hash", "newer hash")
    await stores.accounts.rehash(made.id, "her hash", "too late")

    assert await stores.accounts.password("alice") == (made, "newer hash")
    assert await stores.accounts.password("other") == (other, "her hash")


async def test_the_costliest_legacy_hash_is_found_as_long_as_there_is_one(stores: Stores):
    cheap, costly = "$2y$10$" + "z" * 53, "$2a$12$" + "a" * 53
    await alice(stores, password_hash="$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")
    await stores.accounts.create(new_account("none"), NOW)
    assert await stores.accounts.legacy_hash() is None

    await stores.accounts.create(new_account("first", password_hash=cheap), NOW)
    second = await stores.accounts.create(new_account("second", password_hash=costly), NOW)

    assert await stores.accounts.legacy_hash() == costly
    await stores.accounts.rehash(second.id, costly, "newer hash")
    assert await stores.accounts.legacy_hash() == cheap


async def test_the_id_of_a_deleted_account_never_comes_back(database: Database):
    accounts = SQLAccounts(database)
    gone = await accounts.create(new_account("gone"), NOW)
    await database.write(
        lambda connection: connection.execute(delete(AccountRow).where(AccountRow.id == gone.id)).rowcount
    )

    made = await accounts.create(new_account("made"), NOW)

    assert made.id != gone.id


async def test_a_deleted_account_takes_its_identities_along(database: Database):
    accounts = SQLAccounts(database)
    gone = await accounts.register(ALICES, ALICE, "alice", NOW)
    await database.write(
        lambda connection: connection.execute(delete(AccountRow).where(AccountRow.id == gone.id)).rowcount
    )

    async with database.read() as reader:
        assert await reader.scalar(select(func.count()).select_from(IdentityRow)) == 0
