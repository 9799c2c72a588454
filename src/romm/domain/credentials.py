"""One idea for every credential: a random secret, shown once, kept as its SHA-256, looked up by kind and hash."""

import enum
import hashlib
from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain.model import Identity

SECRET_BYTES = 32
TOUCH_INTERVAL = timedelta(minutes=1)  # how exact `last_used_at` is; a write per request would be wasted
KNOWN_BROWSER_LIFETIME = timedelta(days=365)  # browsers keep no cookie longer than 400 days (RFC 6265bis, 5.5)


class Kind(enum.StrEnum):
    """What a credential is; part of every look-up, so that one kind never passes for another."""

    SESSION = "session"
    KNOWN_BROWSER = "known_browser"


class SessionLimits(Struct, frozen=True):
    """How long a session lasts unused, and how long at most."""

    idle: timedelta
    absolute: timedelta


class Credential(Struct, frozen=True, kw_only=True):
    """A stored credential. A session opened by single sign-on remembers its identity and ID token, for signing out."""

    digest: str
    kind: Kind
    account_id: int
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str = ""
    user_agent: str = ""
    identity: Identity | None = None
    id_token: str | None = None


def digest(secret: str) -> str:
    """What is stored of a secret, 64 hex digits. The secrets are random, so a fast hash without salt is right."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_live(credential: Credential, limits: SessionLimits, now: datetime) -> bool:
    """Is a session within its idle and its absolute limit?"""
    return now < credential.expires_at and now < credential.last_used_at + limits.idle
