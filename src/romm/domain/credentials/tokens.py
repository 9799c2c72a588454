"""Access and refresh tokens: which scopes they get, how long they live, and what a refresh token is still good for.

A refresh token is spent by its first use. Its successors' secrets are not drawn but derived: HMAC-SHA256 over a random
salt, keyed with the spent token's own secret. So whoever lost the answer on a broken connection and asks again, with the
secret that only they have, is given the *same* new pair, although nothing of it is stored but salt and hashes. Who has
the database has the salt but no key; who has an old token alone needs us to answer, and after the grace we do not.
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

GRACE = timedelta(seconds=10)  # for a retry over a broken connection (RFC 9700, 4.14.2, leaves it to us)

TOKEN_KINDS = (Kind.ACCESS_TOKEN, Kind.REFRESH_TOKEN, Kind.CLIENT_TOKEN)
"""What apps hold and may give back; the other kinds are a browser's, or are used once."""


class TokenLimits(Struct, frozen=True):
    """How long an access token lives, a refresh token unused, and at most all that comes of one sign-in."""

    access: timedelta
    refresh: timedelta
    family: timedelta


class Secrets(Struct, frozen=True):
    """The two secrets of a pair, in hexadecimal so that no access token looks like a client token."""

    access: str
    refresh: str


class Granted(Struct, frozen=True, kw_only=True):
    """A pair: the secrets, which are told once, and what is stored of each."""

    secrets: Secrets
    access: Credential
    refresh: Credential


class Rotate(Struct, frozen=True, tag=True):
    """The first use: spend it and issue the next pair."""


class Repeat(Struct, frozen=True, tag=True):
    """A retry: answer the pair that the first use was answered."""


def asked(text: str) -> tuple[str, ...] | Refuse:
    """The scopes of a request, in their published order and once each (RFC 6749, 3.3)."""
    names = set(text.split(" ")) - {""}
    if unknown := sorted(names.difference(scopes.ALL)):
        return Refuse(Code.SCOPE_UNKNOWN, {"scope": unknown[0]})
    return scopes.ordered(names)


def given(wanted: Collection[str], level: AccessLevel) -> tuple[str, ...] | Refuse:
    """Those of the scopes that an account of this level has; some may be missing, not all (RFC 6749, 3.3)."""
    found = tuple(scope for scope in scopes.granted(level) if scope in wanted)
    if wanted and not found:
        return Refuse(Code.SCOPE_EXCEEDED, {"asked": " ".join(wanted), "reason": "more than the account has"})
    return found


def refreshed(wanted: Collection[str], token: Credential, level: AccessLevel) -> tuple[str, ...] | Refuse:
    """The scopes of the next access token: as the refresh token's, or less, and never more (RFC 6749, 6)."""
    if not set(wanted) <= set(token.scopes):
        return Refuse(Code.SCOPE_EXCEEDED, {"asked": " ".join(wanted), "reason": "more than the refresh token has"})
    return given(wanted or token.scopes, level)


def decide_refresh(token: Credential, owner: Account, client: str, now: datetime) -> Rotate | Repeat | Refuse:
    """What a refresh token is good for. `client` is what the app calls itself, empty when it does not say."""
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
    """The secrets that follow from a spent refresh token; see the head of this file."""

    def derived(kind: Kind) -> str:
        return hmac.digest(secret.encode(), f"{salt} {kind}".encode(), "sha256").hex()

    return Secrets(derived(Kind.ACCESS_TOKEN), derived(Kind.REFRESH_TOKEN))


def pair(secrets: Secrets, model: Credential, access: tuple[str, ...], now: datetime, limits: TokenLimits) -> Granted:
    """The next pair of a family. `model` is a refresh token of it: its `created_at` is when the app was let in.

    The refresh token keeps its scopes while the access token may have less (RFC 6749, 6).
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
    """Does it still open something, or lead to a token that does?"""
    return owner.enabled and now < token.expires_at and token.spent_at is None


def _invalid(reason: str) -> Refuse:
    return Refuse(Code.REFRESH_TOKEN_INVALID, {"reason": reason})
