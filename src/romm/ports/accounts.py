"""Stored accounts and passwords."""

from collections.abc import Collection, Container, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from romm.domain.accounts.changes import Change, Delete, Unlink
from romm.domain.accounts.imports import ExistingAccounts, ForeignUser, Import
from romm.domain.accounts.issuer_moves import Retire, Rewrite
from romm.domain.credentials.credential import Kind
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from romm.domain.sign_in.hashing_order import Place
from romm.domain.sign_in.linking.decisions import LinkIdentity, Register, SignIn
from romm.domain.sign_in.linking.rules import Found


class OneTimeLink(Struct, frozen=True):
    """Used up in the same transaction."""

    kind: Kind
    digest: str


class NewAccount(Struct, frozen=True, kw_only=True):
    """Without a password only single sign-on opens it."""

    username: str
    email: str | None
    level: AccessLevel
    password_hash: str | None
    email_source: EmailSource


class Accounts(Protocol):
    async def get(self, account_id: int) -> Account | None: ...

    async def find(self, identity: Identity, email: str | None) -> Found:
        """One consistent read; `email` is canonical."""

    async def sign_in(self, decision: SignIn, now: datetime) -> Account:
        """Raises `Conflict("version" | "email")`."""

    async def link(self, decision: LinkIdentity, identity: Identity, now: datetime) -> Account:
        """Raises `Conflict("version" | "identity")`."""

    async def register(self, decision: Register, identity: Identity, username: str, now: datetime) -> Account:
        """Raises `Conflict("username" | "email" | "identity" | "version" | "spent")`."""

    async def create_first_admin(self, new: NewAccount, now: datetime) -> Account:
        """Raises `Conflict("first_admin" | "username" | "email")`."""

    async def create(self, new: NewAccount, now: datetime, spends: OneTimeLink | None = None) -> Account:
        """Raises `Conflict("username" | "email" | "spent")`."""

    async def any_admin(self) -> bool:
        """Also a disabled one."""

    async def password(self, username: str) -> tuple[Account, str | None] | None:
        """`username` is in lower case."""

    async def rehash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        """No effect if the password changed meanwhile."""

    async def legacy_hash(self) -> str | None:
        """The costliest of all accounts."""


class Only(StrEnum):
    """`WAITING`: asked for a new password. `MANAGED`: the provider gave the role."""

    ALL = ""
    WAITING = "waiting"
    DISABLED = "disabled"
    NEVER = "never"
    MANAGED = "managed"


class AccountQuery(Struct, frozen=True, kw_only=True):
    """`text`: the canonical beginning of a name or an address. `after` and `before`: names, one at most."""

    text: str = ""
    only: Only = Only.ALL
    limit: int
    offset: int = 0
    after: str = ""
    before: str = ""


class AccountPage(Struct, frozen=True, kw_only=True):
    """By name. `total`: None above `MOST_COUNTED`. `has_more`: after these, or before these with `before`."""

    accounts: Sequence[Account] = ()
    total: int | None = 0
    has_more: bool = False


class Links(Protocol):
    async def issuers(self) -> Sequence[str]:
        """Of all links, in order."""

    async def only_linked_to(self, issuer: str, opening: Collection[str]) -> int:
        """Accounts with a link to `issuer` that is not retired, and none to one of `opening`. Looks at `MOST_COUNTED` links."""


class AccountLists(Links, Protocol):
    """The time does not grow with the accounts that are not returned."""

    async def page(self, query: AccountQuery) -> AccountPage: ...

    async def ids(self, after: str, limit: int) -> Sequence[tuple[str, int]]:
        """Name and number, by name."""

    async def oldest_admin(self) -> Account | None:
        """An enabled one."""

    async def linked_to(self, issuer: str) -> Sequence[Account]:
        """By name."""


class AccountStore(Protocol):
    """Raises `Conflict("version")` also if the last enabled admin would go."""

    async def enabled_admins(self) -> int: ...

    async def change(self, decision: Change, now: datetime, spends: OneTimeLink | None = None) -> Account:
        """Raises `Conflict("version" | "username" | "email" | "spent")`."""

    async def delete(self, decision: Delete) -> None:
        """Raises `Conflict("version")`."""

    async def unlink(self, decision: Unlink, now: datetime) -> Account:
        """Ends sign-ins, too. Raises `Conflict("version")`."""

    async def move_link(self, decision: Rewrite | Retire, now: datetime) -> Account:
        """Ends sign-ins, too. Raises `Conflict("version" | "identity")`."""

    async def note_reset_request(self, name: str, now: datetime) -> None:
        """Only if the account is enabled."""


class ForeignUsers(Protocol):
    async def read(self) -> Sequence[ForeignUser]:
        """Raises `Refused(IMPORT_UNREADABLE)`."""


class Imports(Protocol):
    async def existing_accounts(self) -> ExistingAccounts: ...

    async def add(self, decision: Import, now: datetime) -> None:
        """All or nothing. Raises `Conflict("username" | "email")`."""


class Verdict(Struct, frozen=True):
    """`mark`: equal for equal passwords, in every process; as costly to search as the hash."""

    fits: bool
    mark: str


class Passwords(Protocol):
    """Off the event loop, ordered by `hashing_order`. Raises `Refused(BUSY)` if too many calls wait."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str | None, password: str, place: Place, *, salt: str) -> Verdict:
        """Without a hash nothing fits, in the same time; `salt` replaces the hash's own: marks must not reveal it.

        Legacy hashes match no password above 72 bytes.
        """

    async def equalize_time(
        self, password_hash: str | None, legacy_hash: str | None, password: str, place: Place
    ) -> None:
        """After a failed `verify`: spend a legacy hash's extra time."""

    def is_outdated(self, password_hash: str) -> bool: ...

    async def common(self) -> Container[str]:
        """3,000 of at least `passwords.MIN_LENGTH`, in lower case."""
