"""The nouns every layer shares: an identity (who someone is there) and an account (who they are here)."""

import enum
from datetime import datetime

from msgspec import Struct

from romm.domain.digests import digest


class AccessLevel(enum.IntEnum):
    """What an account may do, ordered: the greater one may do all that the smaller one may."""

    VIEWER = 1
    EDITOR = 2
    ADMIN = 3

    @classmethod
    def named(cls, name: str) -> "AccessLevel | None":
        """The level that a role's name means, wherever one is read: `user` is RomM's older word for a viewer."""
        return LEVEL_NAMES.get(name.strip().lower())

    @property
    def label(self) -> str:
        """The name on the wire and in the database: `viewer`, `editor` or `admin`."""
        return self.name.lower()

    @property
    def role(self) -> str:
        """RomM's coarser word for it: `admin` or `user`."""
        return "admin" if self is AccessLevel.ADMIN else "user"


LEVEL_NAMES = {level.label: level for level in AccessLevel} | {"user": AccessLevel.VIEWER}


class Identity(Struct, frozen=True):
    """Who someone is at a provider; both texts are compared byte for byte (OpenID Connect Core 1.0, 5.7)."""

    issuer: str
    subject: str


class LinkedIdentity(Struct, frozen=True, kw_only=True):
    """One identity attached to an account: since when, and by which row of the linking rules.

    `retired_at`: since when an administrator calls its provider an earlier one of this account.
    """

    identity: Identity
    linked_at: datetime
    rule: str
    retired_at: datetime | None = None


class EmailSource(enum.StrEnum):
    """Whose word an account's address is. `owner`: a person without the rights of an administrator typed it for themselves."""

    PROVIDER = "provider"
    ADMINISTRATOR = "administrator"
    OWNER = "owner"

    @classmethod
    def typed_by(cls, level: AccessLevel) -> "EmailSource":
        """The source of an address that a person of this level types for their own account."""
        return cls.ADMINISTRATOR if level is AccessLevel.ADMIN else cls.OWNER


class Account(Struct, frozen=True, kw_only=True):
    """Who someone is here.

    `email` is in canonical form (`emails.canonical`). `password_set_at` is None when no password can open the account, else
    since when whoever knows it is trusted: a password set by means of an older one inherits that one's time.
    `email_source` means nothing without an address. `address_removed_at` is when a typed address made room for a person
    whose provider vouches for it; None once there is another.
    `reset_asked_at` is when somebody said at the sign-in page that they forgot this account's password. `version` grows
    with every change that a decision may depend on, so that a stale decision is noticed.
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

    @property
    def is_enabled_admin(self) -> bool:
        return self.enabled and self.level is AccessLevel.ADMIN

    @property
    def has_vouched_email(self) -> bool:
        """Is the address more than its owner's word?"""
        return self.email is not None and self.email_source is not EmailSource.OWNER


class Visitor(Struct, frozen=True, kw_only=True):
    """Where a request came from, for the log and the list of sessions; never a reason to let somebody in."""

    address: str
    user_agent: str
    correlation_id: str


SUBJECT_DIGITS = 16  # enough to tell people apart in a log, without saying who they are


def subject_digest(identity: Identity) -> str:
    """A subject as it may stand in a log."""
    return digest(f"{identity.issuer} {identity.subject}")[:SUBJECT_DIGITS]
