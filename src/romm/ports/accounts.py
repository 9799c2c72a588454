"""Stored accounts and passwords."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from romm.domain.accounts.changes import Change, Delete, Unlink
from romm.domain.accounts.imports import ExistingAccounts, ForeignUser, Import
from romm.domain.credentials.credential import Kind
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from romm.domain.sign_in.decisions import LinkIdentity, Register, SignIn
from romm.domain.sign_in.linking import Found


class OneTimeLink(Struct, frozen=True):
    """Used up in the same transaction as the change it permits."""

    kind: Kind
    digest: str


class NewAccount(Struct, frozen=True, kw_only=True):
    """Enabled. Without a password only single sign-on opens it."""

    username: str
    email: str | None
    level: AccessLevel
    password_hash: str | None
    email_source: EmailSource


class Accounts(Protocol):
    """Accounts and their linked identities, for sign-in."""

    async def get(self, account_id: int) -> Account | None: ...

    async def find(self, identity: Identity, email: str | None) -> Found:
        """In one consistent read. `email` is canonical."""

    async def sign_in(self, decision: SignIn, now: datetime) -> Account:
        """Raises `Conflict("version" | "email")`."""

    async def link(self, decision: LinkIdentity, identity: Identity, now: datetime) -> Account:
        """Raises `Conflict("version" | "identity")`."""

    async def register(self, decision: Register, identity: Identity, username: str, now: datetime) -> Account:
        """Raises `Conflict("username" | "email" | "identity" | "version")`."""

    async def create_first_admin(self, new: NewAccount, now: datetime) -> Account:
        """Raises `Conflict("first_admin")` if an admin exists, `Conflict("username" | "email")`."""

    async def create(self, new: NewAccount, now: datetime, spends: OneTimeLink | None = None) -> Account:
        """Raises `Conflict("username" | "email")`, `Conflict("spent")` if the link is gone."""

    async def any_admin(self) -> bool:
        """Includes disabled ones."""

    async def password(self, username: str) -> tuple[Account, str | None] | None:
        """The username is in lower case."""

    async def rehash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        """No effect if the password changed meanwhile."""

    async def legacy_hash(self) -> str | None:
        """The costliest one (`passwords.is_legacy`)."""

    async def signed_in(self, account_id: int, now: datetime) -> None:
        """Set `last_login` after a password sign-in."""


class AccountStore(Protocol):
    """Accounts, for their owners and administrators.

    `Conflict("version")`: the account changed since the decision, or the last enabled admin would go, even concurrently.
    """

    async def search(self, text: str, limit: int, offset: int) -> tuple[Sequence[Account], int]:
        """Text in name or address. Returns a page, sorted by name, and the number of all matches."""

    async def enabled_admins(self) -> int: ...

    async def change(self, decision: Change, now: datetime, spends: OneTimeLink | None = None) -> Account:
        """Raises `Conflict("version" | "username" | "email" | "spent")`."""

    async def delete(self, decision: Delete) -> None:
        """Raises `Conflict("version")`."""

    async def unlink(self, decision: Unlink, now: datetime) -> Account:
        """Ends the account's sign-ins. Raises `Conflict("version")`."""

    async def note_reset_request(self, name: str, now: datetime) -> None:
        """Set `reset_asked_at` of the enabled account with this username or address."""


class ForeignUsers(Protocol):
    """Users of an existing RomM."""

    async def read(self) -> Sequence[ForeignUser]:
        """Unsorted. Writes nothing. Raises `Refused(IMPORT_UNREADABLE)`."""


class Imports(Protocol):
    async def existing_accounts(self) -> ExistingAccounts: ...

    async def add(self, decision: Import, now: datetime) -> None:
        """All or nothing. Raises `Conflict("username" | "email")`."""


class Passwords(Protocol):
    """Slow, so off the event loop. Raises `Refused(BUSY)` if too many calls wait."""

    async def hash(self, password: str) -> str:
        """Self-describing."""

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """False without a hash, in the same time.

        Legacy hashes (`passwords.is_legacy`) take longer and match no password above 72 bytes.
        """

    async def equalize_time(self, password_hash: str | None, legacy_hash: str | None, password: str) -> None:
        """After a failed `verify`: wait as if `legacy_hash` had failed."""

    def is_outdated(self, password_hash: str) -> bool:
        """By its parameters."""

    async def common(self) -> Container[str]:
        """The 3,000 most common ones of at least `passwords.MIN_LENGTH` characters, in lower case."""
