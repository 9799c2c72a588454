"""Small builders for the tests of storage: two people, their sessions, and decisions about them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.credentials.credential import Credential, Kind
from romm.domain.model import AccessLevel, Account, Identity
from romm.domain.sign_in.linking.decisions import Ends, LinkIdentity, Register, SignIn
from romm.ports.conflicts import Conflict
from romm.ports.sign_in import SignInEntry
from tests.adapters.conftest import Stores
from tests.domain.examples import ADDRESS, ISSUER, NOW, credential
from tests.factories import new_account

LATER = NOW + timedelta(hours=3)
DAY = timedelta(days=1)
BOB = Identity(ISSUER, "bob")


async def alice(
    stores: Stores, level: AccessLevel = AccessLevel.VIEWER, password_hash: str | None = "her hash"
) -> Account:
    return await stores.accounts.create(new_account("alice", level, email=ADDRESS, password_hash=password_hash), NOW)


async def bob(stores: Stores, level: AccessLevel = AccessLevel.VIEWER) -> Account:
    decision = Register(rule="L-12", level=level, email="bob@example.com")
    return await stores.accounts.register(decision, BOB, "bob", NOW)


def session(owner: Account, digest: str = "digest", **changes: Any) -> Credential:
    return credential(account_id=owner.id, digest=digest, **{"scopes": ("me.read", "roms.read"), **changes})


def line(owner: Account) -> SignInEntry:
    return SignInEntry(
        at=NOW,
        method="openid",
        outcome="signed_in",
        rule="L-01",
        code=None,
        issuer="https://idp.test",
        subject_digest="abc",
        account_id=owner.id,
        address="192.0.2.7",
        correlation_id="0123456789abcdef",
    )


async def has_session(stores: Stores, digest: str = "digest") -> bool:
    return await stores.credentials.find(Kind.SESSION, digest) is not None


def sign_in(account: Account, **changes: Any) -> SignIn:
    decision = SignIn(rule="L-03", account=account, level=account.level, email=account.email)
    return replace(decision, **changes)


def attach(account: Account, ends: Ends = Ends.NOTHING, **changes: Any) -> LinkIdentity:
    return replace(LinkIdentity(rule="L-11a", account=account, level=account.level, ends=ends), **changes)


async def conflict(work: Awaitable[Account]) -> str:
    """What was in conflict."""
    with pytest.raises(Conflict) as refused:
        await work
    return refused.value.what


async def outcomes(works: list[Awaitable[Account]]) -> Counter[str]:
    """All at once: how often each thing happened, `done` or what was in conflict."""
    return Counter(await asyncio.gather(*(_outcome(work) for work in works)))


async def _outcome(work: Awaitable[Account]) -> str:
    try:
        await work
    except Conflict as refused:
        return refused.what
    return "done"


async def all_digests(stores: Stores) -> set[str]:
    """Of all unexpired credentials."""
    listed = [await stores.credential_lists.listed(kind, 1_000) for kind in Kind]
    return {each.digest for some in listed for each, _ in some}
