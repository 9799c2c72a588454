"""The contract of `ports.Imports`."""

import pytest
from msgspec.structs import replace

from romm.domain.accounts.imports import ExistingAccounts, Import
from romm.domain.model import AccessLevel, Account, EmailSource
from romm.ports.conflicts import Conflict
from tests.adapters.conftest import Stores
from tests.adapters.examples import DAY, alice
from tests.domain.accounts.test_imports import BCRYPT, user
from tests.domain.examples import ADDRESS, NOW

CAROL = Import(
    found=user(username="Carol"),
    username="carol",
    email="carol@example.com",
    level=AccessLevel.EDITOR,
    enabled=True,
    password_hash=BCRYPT,
    created_at=NOW - 9 * DAY,
    last_login=NOW - DAY,
)


async def test_who_is_imported_has_all_that_was_decided(stores: Stores):
    await stores.imports.add(CAROL, NOW)

    found = await stores.accounts.password("carol")

    assert found is not None
    account, password_hash = found
    assert password_hash == BCRYPT
    assert account == Account(
        id=account.id,
        username="carol",
        email="carol@example.com",
        enabled=True,
        level=AccessLevel.EDITOR,
        password_set_at=NOW,
        links=(),
        version=1,
        created_at=NOW - 9 * DAY,
        updated_at=NOW,
        last_login=NOW - DAY,
        email_source=EmailSource.ADMINISTRATOR,
    )


async def test_who_has_nothing_is_imported_with_nothing(stores: Stores):
    bare = replace(CAROL, email=None, password_hash=None, enabled=False, created_at=None, last_login=None)
    await stores.imports.add(bare, NOW)

    found = await stores.accounts.password("carol")

    assert found is not None
    account, password_hash = found
    assert (password_hash, account.password_set_at, account.email) == (None, None, None)
    assert (account.enabled, account.created_at, account.last_login) == (False, NOW, None)


@pytest.mark.parametrize(("changes", "what"), [({"username": "alice"}, "username"), ({"email": ADDRESS}, "email")])
async def test_nobody_is_overwritten(stores: Stores, changes: dict[str, str], what: str):
    made = await alice(stores)

    with pytest.raises(Conflict) as conflict:
        await stores.imports.add(replace(CAROL, **changes), NOW)

    assert conflict.value.what == what
    assert await stores.accounts.password("alice") == (made, "her hash")
    assert await stores.accounts.password("carol") is None


async def test_who_is_here_is_told(stores: Stores):
    assert await stores.imports.existing_accounts() == ExistingAccounts()

    made = await alice(stores, AccessLevel.ADMIN)
    await stores.imports.add(replace(CAROL, email=None), NOW)

    everybody = ExistingAccounts(
        usernames=frozenset({"alice", "carol"}), emails={ADDRESS: "alice"}, any_admin=True, enabled_admin=True
    )
    assert await stores.imports.existing_accounts() == everybody
    await stores.disable(made.id)
    assert await stores.imports.existing_accounts() == replace(everybody, enabled_admin=False)
