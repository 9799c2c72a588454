"""Stored accounts and passwords."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from romm.domain.accounts.changes import Change, Delete, Unlink
from romm.domain.accounts.imports import ExistingAccounts, ForeignUser, Import
from romm.domain.accounts.issuer_moves import Retire, Rewrite
from romm.domain.credentials.credential import Kind
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from romm.domain.sign_in.linking.decisions import LinkIdentity, Register, SignIn
from romm.domain.sign_in.linking.rules import Found


class OneTimeLink(Struct, frozen=True):
    """A link, used up in the same transaction as the change it permits."""

    kind: Kind
    digest: str


class NewAccount(Struct, frozen=True, kw_only=True):
    """An enabled account. Without a password only single sign-on opens it."""

    username: str
    email: str | None
    level: AccessLevel
    password_hash: str | None
    email_source: EmailSource


class Accounts(Protocol):
    """Accounts and their linked identities, for sign-in."""

    async def get(self, account_id: int) -> Account | None: ...

    async def find(self, identity: Identity, email: str | None) -> Found:
        """Facts for the linking rules, from one consistent read; `email` is canonical."""

    async def sign_in(self, decision: SignIn, now: datetime) -> Account:
        """Raises `Conflict("version")` if an account changed since it was read, `Conflict("email")`."""

    async def link(self, decision: LinkIdentity, identity: Identity, now: datetime) -> Account:
        """Raises `Conflict("version" | "identity")`."""

    async def register(self, decision: Register, identity: Identity, username: str, now: datetime) -> Account:
        """Raises `Conflict("username" | "email" | "identity" | "version")`."""

    async def create_first_admin(self, new: NewAccount, now: datetime) -> Account:
        """Raises `Conflict("first_admin")` if an admin exists, `Conflict("username" | "email")`."""

    async def create(self, new: NewAccount, now: datetime, spends: OneTimeLink | None = None) -> Account:
        """Raises `Conflict("username" | "email")`, `Conflict("spent")` if the link is gone."""

    async def any_admin(self) -> bool:
        """Is there an admin, enabled or not?"""

    async def password(self, username: str) -> tuple[Account, str | None] | None:
        """The username is in lower case."""

    async def rehash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        """No effect if the password changed meanwhile."""

    async def legacy_hash(self) -> str | None:
        """The costliest legacy hash (`passwords.is_legacy`) of all accounts."""

    async def signed_in(self, account_id: int, now: datetime) -> None:
        """Set `last_login` after a password sign-in."""


class AccountStore(Protocol):
    """Accounts, for their owners and administrators.

    Raises `Conflict("version")` if the account changed since the decision, or the last enabled admin would go, even
    under concurrency.
    """

    async def search(self, text: str, limit: int, offset: int) -> tuple[Sequence[Account], int]:
        """A page of accounts with this text in name or address, by name, and the number of all matches."""

    async def enabled_admins(self) -> int: ...

    async def change(self, decision: Change, now: datetime, spends: OneTimeLink | None = None) -> Account:
        """Raises `Conflict("version" | "username" | "email" | "spent")`."""

    async def delete(self, decision: Delete) -> None:
        """Raises `Conflict("version")`."""

    async def unlink(self, decision: Unlink, now: datetime) -> Account:
        """End the account's sign-ins, too. Raises `Conflict("version")`."""

    async def move_link(self, decision: Rewrite | Retire, now: datetime) -> Account:
        """Carry out `Rewrite` or `Retire`; sign-ins of the account end. Raises `Conflict("version")`, `Conflict("identity")`."""

    async def note_reset_request(self, name: str, now: datetime) -> None:
        """Set `reset_asked_at` of the enabled account with this username or address."""


class ForeignUsers(Protocol):
    """Users of an existing RomM."""

    async def read(self) -> Sequence[ForeignUser]:
        """In any order. Writes nothing. Raises `Refused(IMPORT_UNREADABLE)`."""


class Imports(Protocol):
    async def existing_accounts(self) -> ExistingAccounts: ...

    async def add(self, decision: Import, now: datetime) -> None:
        """All or nothing. Raises `Conflict("username" | "email")`."""


class Passwords(Protocol):
    """Slow hashing, off the event loop. Raises `Refused(BUSY)` when too many calls wait."""

    async def hash(self, password: str) -> str:
        """A self-describing hash."""

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """False without a hash, in the same time.

        Legacy hashes (`passwords.is_legacy`) take longer and match no password above 72 bytes.
        """

    async def equalize_time(self, password_hash: str | None, legacy_hash: str | None, password: str) -> None:
        """After a failed `verify`: spend the extra time of a failure with `legacy_hash`."""

    def is_outdated(self, password_hash: str) -> bool:
        """Does the hash use other parameters than today's?"""

    async def common(self) -> Container[str]:
        """The 3,000 most common passwords of at least `passwords.MIN_LENGTH` characters, in lower case."""
