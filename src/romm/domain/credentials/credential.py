"""One idea for every credential: a random secret, shown once, kept as its SHA-256, looked up by kind and hash."""

import enum
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from romm.domain.model import AccessLevel, Identity

SECRET_BYTES = 32

TOUCH_INTERVAL = timedelta(minutes=1)  # how exact `last_used_at` is; a write per request would be wasted

DEVICE_COOKIE_LIFETIME = timedelta(days=365)  # browsers keep no cookie longer than 400 days (RFC 6265bis, 5.5)

MOST_OF_A_KIND = 100
"""Sessions, known browsers and sign-ins of apps that one account has at most; more than a person ever used, and the oldest
end. Without a limit a script that signs in every minute fills the database for months."""

CLIENT_TOKEN_PREFIX = "rmm_"

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # when a credential without an end expires


class Kind(enum.StrEnum):
    """What a credential is; part of every look-up, so that one kind never passes for another."""

    SESSION = "session"
    DEVICE_COOKIE = "known_browser"
    # links that somebody hands on
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"
    RECOVERY = "recovery"
    # what apps hold
    ACCESS_TOKEN = "access_token"
    REFRESH_TOKEN = "refresh_token"
    AUTHORIZATION_CODE = "authorization_code"
    CLIENT_TOKEN = "client_token"
    PAIRING_CODE = "pairing_code"


SIGNED_IN_KINDS = frozenset({Kind.SESSION, Kind.ACCESS_TOKEN, Kind.REFRESH_TOKEN, Kind.AUTHORIZATION_CODE})
"""What a sign-in opened. It ends when the password or the access level changes; tokens that somebody made by name stay."""

LINK_KINDS = frozenset({Kind.PASSWORD_RESET, Kind.RECOVERY})
"""Links that open this account; any change of the account makes them worthless."""


class SessionLimits(Struct, frozen=True):
    """How long a session lasts unused, and how long at most."""

    idle: timedelta
    absolute: timedelta


class ProviderSession(Struct, frozen=True, kw_only=True):
    """What a session by single sign-on comes from. The ID token is for signing out at the provider.

    The provider's session (`sid`) and the algorithm that signed the ID token are for when the provider signs a person out.
    """

    identity: Identity
    id_token: str
    id_token_alg: str
    sid: str | None = None


class Credential(Struct, frozen=True, kw_only=True):
    """A stored credential, whoever `account_id` is its owner; `id` is its number in lists, given when it is stored.

    A session opened by single sign-on remembers what `ProviderSession` has. `name` is what a person calls
    it, `client` the app that asked for it. What was issued together has one `family` and ends together. `level` is what an
    invitation gives. Who brings an authorization code must prove its `binding`. A refresh token is `spent_at` its first
    use; its successors follow from its secret and `salt`.
    """

    digest: str
    kind: Kind
    account_id: int
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    scopes: tuple[str, ...] = ()
    address: str = ""
    user_agent: str = ""
    identity: Identity | None = None
    id_token: str | None = None
    id: int | None = None
    name: str = ""
    client: str = ""
    family: str = ""
    level: AccessLevel | None = None
    binding: str = ""
    salt: str = ""
    spent_at: datetime | None = None
    device_id: int | None = None
    sid: str | None = None
    id_token_alg: str | None = None


def issued(kind: Kind, account_id: int, digest: str, now: datetime, expires_at: datetime, **facts: Any) -> Credential:
    """A credential that was never used: `is_unused` until `last_used_at` moves on. `facts` are its other fields."""
    return Credential(
        kind=kind,
        account_id=account_id,
        digest=digest,
        created_at=now,
        last_used_at=now,
        expires_at=expires_at,
        **facts,
    )


def is_unused(credential: Credential) -> bool:
    """Was it never used since it was made?"""
    return credential.last_used_at == credential.created_at


def link_url(base_url: str, page: str, secret: str) -> str:
    """The address of a page that a link opens."""
    return f"{base_url}{page}?{urlencode({'token': secret})}"


def bearer_kind(secret: str) -> Kind:
    """What a bearer token claims to be; it is looked up as that and as nothing else."""
    return Kind.CLIENT_TOKEN if secret.startswith(CLIENT_TOKEN_PREFIX) else Kind.ACCESS_TOKEN


def is_live(credential: Credential, limits: SessionLimits, now: datetime) -> bool:
    """Is a session within its idle and its absolute limit?"""
    return now < credential.expires_at and now < credential.last_used_at + limits.idle


FRESH_SESSION = timedelta(minutes=5)
