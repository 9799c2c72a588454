"""Access and refresh tokens: scopes, lifetimes and rotation.

Successors are HMAC-SHA256 over a stored random salt, keyed with the spent secret: a retry gets the *same* pair, and
only hashes are stored.
"""

import hmac
from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from romm.domain import scopes
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse
from romm.domain.model import AccessLevel, Account

GRACE = timedelta(seconds=10)  # for retries over a broken connection (RFC 9700, 4.14.2, leaves it open)

TOKEN_KINDS = (Kind.ACCESS_TOKEN, Kind.REFRESH_TOKEN, Kind.CLIENT_TOKEN)


class TokenLimits(Struct, frozen=True):
    """`refresh` while unused, `family` at most."""

    access: timedelta
    refresh: timedelta
    family: timedelta


class Secrets(Struct, frozen=True):
    """Hexadecimal, so that no access token looks like a client token."""

    access: str
    refresh: str


class Granted(Struct, frozen=True, kw_only=True):
    secrets: Secrets
    access: Credential
    refresh: Credential


class Rotate(Struct, frozen=True, tag=True):
    """First use: spend it and issue the next pair."""


class Repeat(Struct, frozen=True, tag=True):
    """A retry: answer with the same pair."""


def requested_scopes(text: str) -> tuple[str, ...] | Refuse:
    """In published order, without duplicates (RFC 6749, 3.3)."""
    names = set(text.split(" ")) - {""}
    if unknown := sorted(names.difference(scopes.ALL)):
        return Refuse(Code.SCOPE_UNKNOWN, {"scope": unknown[0]})
    return scopes.ordered(names)


def granted_scopes(requested: Collection[str], level: AccessLevel) -> tuple[str, ...] | Refuse:
    """The level's share; refused only if empty (RFC 6749, 3.3)."""
    found = tuple(scope for scope in scopes.granted(level) if scope in requested)
    if requested and not found:
        return Refuse(Code.SCOPE_EXCEEDED, {"asked": " ".join(requested), "reason": "more than the account has"})
    return found


def refreshed(requested: Collection[str], token: Credential, level: AccessLevel) -> tuple[str, ...] | Refuse:
    """At most the refresh token's (RFC 6749, 6)."""
    if not set(requested) <= set(token.scopes):
        return Refuse(Code.SCOPE_EXCEEDED, {"asked": " ".join(requested), "reason": "more than the refresh token has"})
    return granted_scopes(requested or token.scopes, level)


def decide_refresh(token: Credential, owner: Account, client: str, now: datetime) -> Rotate | Repeat | Refuse:
    spent_for = now - token.spent_at if token.spent_at is not None else None
    if spent_for is not None and spent_for >= GRACE:
        return Refuse(
            Code.REFRESH_TOKEN_REUSED,
            {"account": owner.id, "client": token.client, "seconds": int(spent_for.total_seconds())},
        )
    if not owner.enabled:
        return _invalid("that of a disabled account")
    if now >= token.expires_at:
        return _invalid("expired")
    if client and token.client and client != token.client:
        return _invalid("that of another app")
    return Rotate() if spent_for is None else Repeat()


def successors(secret: str, salt: str) -> Secrets:
    def derived(kind: Kind) -> str:
        return hmac.digest(secret.encode(), f"{salt} {kind}".encode(), "sha256").hex()

    return Secrets(derived(Kind.ACCESS_TOKEN), derived(Kind.REFRESH_TOKEN))


def pair(secrets: Secrets, model: Credential, access: tuple[str, ...], now: datetime, limits: TokenLimits) -> Granted:
    """`model` is a refresh token of the family.

    The refresh token keeps its scopes even if the access token has fewer (RFC 6749, 6).
    """
    end = model.created_at + limits.family
    fresh = replace(model, id=None, salt="", spent_at=None, last_used_at=now)
    refresh = replace(fresh, digest=digest(secrets.refresh), expires_at=min(now + limits.refresh, end))
    return Granted(
        secrets=secrets,
        refresh=refresh,
        access=replace(
            fresh,
            digest=digest(secrets.access),
            kind=Kind.ACCESS_TOKEN,
            scopes=access,
            created_at=now,
            expires_at=min(now + limits.access, end),
        ),
    )


def is_live(token: Credential, owner: Account, now: datetime) -> bool:
    return owner.enabled and now < token.expires_at and token.spent_at is None


def _invalid(reason: str) -> Refuse:
    return Refuse(Code.REFRESH_TOKEN_INVALID, {"reason": reason})
