"""What the use cases need to know and change about accounts."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from romm.domain.accounts.changes import Change, Delete, Unlink
from romm.domain.accounts.imports import ExistingAccounts, ForeignUser, Import
from romm.domain.accounts.issuer_moves import Retire, Rewrite
from romm.domain.credentials.credential import Kind
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from romm.domain.sign_in.linking import Found, LinkIdentity, Register, SignIn


class OneTimeLink(Struct, frozen=True):
    """A link that is used up by what it is used for: both happen, or neither."""

    kind: Kind
    digest: str


class NewAccount(Struct, frozen=True, kw_only=True):
    """An account to be created, enabled. Without a password only single sign-on opens it."""

    username: str
    email: str | None
    level: AccessLevel
    password_hash: str | None
    email_source: EmailSource


class Accounts(Protocol):
    """Accounts and the identities linked to them, as a sign-in needs them."""

    async def get(self, account_id: int) -> Account | None:
        """One account with its links."""

    async def find(self, identity: Identity, email: str | None) -> Found:
        """All facts the linking rules need, from one consistent read; `email` is canonical."""

    async def sign_in(self, decision: SignIn, now: datetime) -> Account:
        """Carry out `SignIn`. Raises `Conflict("version")` when an account changed since it was read, `Conflict("email")`."""

    async def link(self, decision: LinkIdentity, identity: Identity, now: datetime) -> Account:
        """Carry out `LinkIdentity`. Raises `Conflict("version")`, `Conflict("identity")`."""

    async def register(self, decision: Register, identity: Identity, username: str, now: datetime) -> Account:
        """Carry out `Register`. Raises `Conflict` with `username`, `email`, `identity` or `version`."""

    async def create_first_admin(self, new: NewAccount, now: datetime) -> Account:
        """Create the first admin. Raises `Conflict("first_admin")` when there is an admin, `Conflict("username" | "email")`."""

    async def create(self, new: NewAccount, now: datetime, spends: OneTimeLink | None = None) -> Account:
        """Create an account. Raises `Conflict("username" | "email")`, and `Conflict("spent")` when the link is gone."""

    async def any_admin(self) -> bool:
        """Is there an admin account, enabled or not?"""

    async def password(self, username: str) -> tuple[Account, str | None] | None:
        """The account of a lower-case username and its password hash; None when there is no such account."""

    async def rehash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        """Store a newer hash of the same password, unless the password changed in between."""

    async def legacy_hash(self) -> str | None:
        """The costliest hash that an existing RomM made (`passwords.is_legacy`) and that is stored still, anybody's."""

    async def signed_in(self, account_id: int, now: datetime) -> None:
        """Note a password sign-in in `last_login`."""


class AccountStore(Protocol):
    """Accounts as their owners and administrators look after them. The last enabled admin never goes, whoever races.

    A decision about an account that changed since, or that would take the last enabled admin away, is `Conflict("version")`.
    """

    async def search(self, text: str, limit: int, offset: int) -> tuple[Sequence[Account], int]:
        """A page of the accounts whose name or address has this text, by name, and how many there are in all."""

    async def enabled_admins(self) -> int:
        """How many enabled admins there are."""

    async def change(self, decision: Change, now: datetime, spends: OneTimeLink | None = None) -> Account:
        """Carry out `Change`. Raises `Conflict("version" | "username" | "email" | "spent")`."""

    async def delete(self, decision: Delete) -> None:
        """Carry out `Delete`. Raises `Conflict("version")`."""

    async def unlink(self, decision: Unlink, now: datetime) -> Account:
        """Carry out `Unlink`; sign-ins of the account end. Raises `Conflict("version")`."""

    async def move_link(self, decision: Rewrite | Retire, now: datetime) -> Account:
        """Carry out `Rewrite` or `Retire`; sign-ins of the account end. Raises `Conflict("version")`, `Conflict("identity")`."""

    async def reset_asked(self, name: str, now: datetime) -> None:
        """Note that the password of the enabled account with this username or address is said to be forgotten."""


class ForeignUsers(Protocol):
    """The users of an existing RomM."""

    async def read(self) -> Sequence[ForeignUser]:
        """All of them, in any order; nothing is written. Raises `Refused(IMPORT_UNREADABLE)`."""


class Imports(Protocol):
    """Accounts that are brought along from an existing RomM."""

    async def here(self) -> ExistingAccounts:
        """Who has an account here."""

    async def add(self, decision: Import, now: datetime) -> None:
        """Carry out `Import`, whole or not at all. Raises `Conflict("username" | "email")`."""


class Passwords(Protocol):
    """Slow hashing, off the event loop and bounded."""

    async def hash(self, password: str) -> str:
        """A self-describing hash."""

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Does the password fit? Without a hash the answer is no, in the same time.

        Legacy hashes (`passwords.is_legacy`) are understood; they take longer, and fit no password above 72 bytes.
        """

    async def equalize_time(self, password_hash: str | None, legacy_hash: str | None, password: str) -> None:
        """After a failed `verify(password_hash, password)`: spend what a failure with `legacy_hash` would have cost more."""

    def is_outdated(self, password_hash: str) -> bool:
        """Was the hash made with other parameters than today's?"""

    async def common(self) -> Container[str]:
        """The 3,000 most common passwords of at least `passwords.MIN_LENGTH` characters, in lower case."""
