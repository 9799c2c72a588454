"""The shared nouns: identity (at the provider) and account (here)."""

import enum
from datetime import datetime

from msgspec import Struct

from romm.domain.digests import digest


class AccessLevel(enum.IntEnum):
    """Ordered: a greater level includes all rights of a smaller one."""

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
    """`rule` is the row of the linking rules that attached it.

    `retired_at`: an administrator marked its provider as an earlier one of this account.
    """

    identity: Identity
    linked_at: datetime
    rule: str
    retired_at: datetime | None = None


class EmailSource(enum.StrEnum):
    """The source of an account's address. `owner`: typed by a person without administrator rights for their own
    account."""

    PROVIDER = "provider"
    ADMINISTRATOR = "administrator"
    OWNER = "owner"

    @classmethod
    def typed_by(cls, level: AccessLevel) -> "EmailSource":
        """The source of an address that a person of this level types for their own account."""
        return cls.ADMINISTRATOR if level is AccessLevel.ADMIN else cls.OWNER


class Account(Struct, frozen=True, kw_only=True):
    """A person here. `email` is canonical (`emails.canonical`).

    `email_source` applies only with an address. `address_removed_at`: when a typed address made room for a person whose
    provider vouches for it, None once there is another. `password_set_at`: since when the password's holder is trusted,
    None without a usable password; a password set by proving an older one inherits its time. `reset_asked_at`: when a
    forgotten password was reported at the sign-in page. `version` grows with every change that a decision may depend
    on. `role_from_claim`: the last sign-in with the provider took the level from the roles claim.
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
        """Does more than its owner's word support the address?"""
        return self.email is not None and self.email_source is not EmailSource.OWNER


class Visitor(Struct, frozen=True, kw_only=True):
    """For the log and the list of sessions; never a reason to grant access."""

    address: str
    user_agent: str
    correlation_id: str


SUBJECT_DIGITS = 16  # enough to tell people apart in a log, without saying who they are


def subject_digest(identity: Identity) -> str:
    """A subject's pseudonym for logs."""
    return digest(f"{identity.issuer} {identity.subject}")[:SUBJECT_DIGITS]
