"""Credentials: random secrets, shown once, stored as SHA-256, looked up by kind and hash."""

import enum
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from romm.domain.model import AccessLevel, Account, Identity

SECRET_BYTES = 32

TOUCH_INTERVAL = timedelta(minutes=1)  # precision of `last_used_at`; saves a write per request

DEVICE_COOKIE_LIFETIME = timedelta(days=365)  # browsers cap cookies at 400 days (RFC 6265bis, 5.5)

MOST_OF_A_KIND = 100
"""Per account and kind; the oldest end first. Bounds scripts that sign in every minute."""

CLIENT_TOKEN_PREFIX = "rmm_"

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # expiry of a credential without one


class Kind(enum.StrEnum):
    """Part of every look-up: no kind passes for another."""

    SESSION = "session"
    DEVICE_COOKIE = "known_browser"
    # at other hosts, for forward authentication only; their `family` is the digest of the session that they end with
    FORWARD_CODE = "forward_code"
    FORWARD_SESSION = "forward_session"
    # links that a person passes on
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
"""End when the password or access level changes."""

EVERYTHING = SIGNED_IN_KINDS | {Kind.CLIENT_TOKEN, Kind.PAIRING_CODE}
"""All that opens an account: of browsers, apps, devices and scripts."""

LINK_KINDS = frozenset({Kind.PASSWORD_RESET, Kind.RECOVERY})
"""End with any change of the account."""


class SessionLimits(Struct, frozen=True):
    idle: timedelta
    absolute: timedelta


class ProviderSession(Struct, frozen=True, kw_only=True):
    """The ID token is for logout at the provider; `sid` and the algorithm for logout by it.

    Only the session's holder can read the ID token, so a second session of the same sign-in has none.
    """

    identity: Identity
    id_token: str | None = None
    id_token_alg: str | None = None
    sid: str | None = None


class Credential(Struct, frozen=True, kw_only=True):
    """`id` is its number in lists. `client` is the requesting app. A `family` ends together. `level` is an
    invitation's. An authorization code needs proof of its `binding`; a forward session's is its host. A refresh token's
    successors follow from secret and `salt`. `proven_at`: when a person's sign-in proved the account, else None.
    `sealed_id_token` opens with the session's secret.
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
    sealed_id_token: str | None = None
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
    proven_at: datetime | None = None

    @property
    def source(self) -> ProviderSession | None:
        if self.identity is None:
            return None
        return ProviderSession(identity=self.identity, id_token_alg=self.id_token_alg, sid=self.sid)


def issued(kind: Kind, account_id: int, digest: str, now: datetime, expires_at: datetime, **facts: Any) -> Credential:
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
    return credential.last_used_at == credential.created_at


def is_open(invitation: Credential, inviter: Account, now: datetime) -> bool:
    """It ends when its maker is no enabled administrator."""
    return inviter.is_enabled_admin and now < invitation.expires_at


def link_url(base_url: str, page: str, secret: str) -> str:
    return f"{base_url}{page}?{urlencode({'token': secret})}"


def bearer_kind(secret: str) -> Kind:
    """The claimed kind, by prefix."""
    return Kind.CLIENT_TOKEN if secret.startswith(CLIENT_TOKEN_PREFIX) else Kind.ACCESS_TOKEN


def is_live(credential: Credential, limits: SessionLimits, now: datetime) -> bool:
    return now < credential.expires_at and now < credential.last_used_at + limits.idle


FRESH_SESSION = timedelta(minutes=5)
