"""Identity (at the provider) and account (here)."""

import enum
from datetime import datetime

from msgspec import Struct

from romm.domain.digests import digest


class AccessLevel(enum.IntEnum):
    """Greater levels include all rights of smaller ones."""

    VIEWER = 1
    EDITOR = 2
    ADMIN = 3

    @classmethod
    def named(cls, name: str) -> "AccessLevel | None":
        """`user` is RomM's legacy name of viewer."""
        return LEVEL_NAMES.get(name.strip().lower())

    @property
    def label(self) -> str:
        """On the wire and in the database."""
        return self.name.lower()

    @property
    def role(self) -> str:
        """RomM's coarser `admin` or `user`."""
        return "admin" if self is AccessLevel.ADMIN else "user"


LEVEL_NAMES = {level.label: level for level in AccessLevel} | {"user": AccessLevel.VIEWER}


class Identity(Struct, frozen=True):
    """A person at a provider. Compared byte for byte (OpenID Connect Core 1.0, 5.7)."""

    issuer: str
    subject: str


class LinkedIdentity(Struct, frozen=True, kw_only=True):
    """`rule` attached it. `retired_at`: an administrator marked its provider as a former one."""

    identity: Identity
    linked_at: datetime
    rule: str
    retired_at: datetime | None = None


class EmailSource(enum.StrEnum):
    """`owner`: typed for their own account without administrator rights."""

    PROVIDER = "provider"
    ADMINISTRATOR = "administrator"
    OWNER = "owner"

    @classmethod
    def typed_by(cls, level: AccessLevel) -> "EmailSource":
        return cls.ADMINISTRATOR if level is AccessLevel.ADMIN else cls.OWNER


class Account(Struct, frozen=True, kw_only=True):
    """`email`: see `emails.canonical`.

    `address_removed_at`: a typed address gave way to a vouched one. `password_set_at`: since when its holder is
    trusted; None without a usable password. `reset_asked_at`: a forgotten password was reported. `version` grows with
    every change that matters to a decision. `role_from_claim`: the last sign-in took the level from the claim.
    """

    id: int
    username: str
    email: str | None
    enabled: bool
    level: AccessLevel
    password_set_at: datetime | None
    links: tuple[LinkedIdentity, ...]
    version: int
    created_at: datetime
    updated_at: datetime
    last_login: datetime | None = None
    last_active: datetime | None = None
    reset_asked_at: datetime | None = None
    email_source: EmailSource = EmailSource.OWNER
    address_removed_at: datetime | None = None
    role_from_claim: bool = False

    @property
    def is_enabled_admin(self) -> bool:
        return self.enabled and self.level is AccessLevel.ADMIN

    @property
    def has_vouched_email(self) -> bool:
        return self.email is not None and self.email_source is not EmailSource.OWNER


class Visitor(Struct, frozen=True, kw_only=True):
    """For logs, the session list and the throttle, never for access. `device_cookie` is a secret."""

    address: str
    user_agent: str
    correlation_id: str
    device_cookie: str | None = None


SUBJECT_DIGITS = 16  # enough to tell people apart in a log, without saying who they are


def subject_digest(identity: Identity) -> str:
    """A pseudonym for logs."""
    return digest(f"{identity.issuer} {identity.subject}")[:SUBJECT_DIGITS]
