"""What the use cases need from the outside, as small Protocols; their docstrings are the contract of every adapter.

Every method is one transaction and commits itself. Adapters translate their library's errors to `Refused` or `Conflict`.
"""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from romm.domain.accounts import Change, Delete, Unlink
from romm.domain.authorization import Client, LoginAttempt
from romm.domain.client_tokens import Renewal
from romm.domain.credentials import Credential, Kind
from romm.domain.discovery import Metadata
from romm.domain.errors import Code
from romm.domain.imports import ForeignUser, Here, Import
from romm.domain.linking import Attach, Found, Register, SignIn
from romm.domain.logout_token import Logout
from romm.domain.model import AccessLevel, Account, Identity
from romm.domain.throttle import Failures

Clock = Callable[[], datetime]
"""The current time, aware and in UTC."""


class Conflict(Exception):
    """Something else won: `username`, `email`, `identity`, `version`, `first_admin`, `full`, `user_code`, `spent` (a link),
    `device` (ended), `logout_token` (carried out before).
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class TokenResponse(Struct, frozen=True, kw_only=True):
    """What the token endpoint gave for a code (OpenID Connect Core 1.0, 3.1.3.3)."""

    access_token: str
    unverified_id_token: str


class SignedClaims(Struct, frozen=True, kw_only=True):
    """The claims of a token whose signature is checked and whose content is not, with the algorithm that signed it.

    `typ` is what its header calls it (RFC 7515, 4.1.9).
    """

    algorithm: str
    unverified_claims: Mapping[str, Any]
    typ: str | None = None


class Provider(Protocol):
    """The OpenID Provider. Each method may raise `Refused` with a provider, client or ID token code."""

    @property
    def client(self) -> Client:
        """Us, as this provider sees us."""

    async def metadata(self) -> Metadata:
        """The provider's metadata, judged and pinned; from memory while fresh, the last good copy when a refresh fails."""

    def known_metadata(self) -> Metadata | None:
        """The metadata in memory, without asking anybody."""

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """Push an authorization request; gives its `request_uri` (RFC 9126, 2)."""

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str) -> TokenResponse:
        """Exchange a code, once."""

    async def verify(self, metadata: Metadata, unverified_id_token: str) -> SignedClaims:
        """Check the signature against the provider's published keys and our own list of algorithms."""

    async def userinfo(self, metadata: Metadata, access_token: str) -> Mapping[str, Any] | None:
        """UserInfo, None when the provider has none. A signed answer is checked first.

        Raises `Refused(PROVIDER_UNAVAILABLE)` when it does not answer, `PROVIDER_TLS` when it is not to be trusted,
        `USERINFO_INVALID` when it answers nonsense.
        """


class Recalled(Struct, frozen=True, kw_only=True):
    """What is left of an attempt: was it taken, by which refusal did it end, where did the person want to go?"""

    taken: bool
    outcome: str | None
    return_to: str


class Attempts(Protocol):
    """Login attempts between request and response."""

    async def put(self, attempt: LoginAttempt) -> None:
        """Remember an attempt; forget those that expired long ago."""

    async def take(self, state_digest: str, browser_key_digest: str) -> LoginAttempt | None:
        """The attempt of this state and this browser, to exactly one caller ever; None leaves everything as it was.

        Its nonce and verifier are gone from the store afterwards.
        """

    async def conclude(self, state_digest: str, outcome: str) -> None:
        """Remember how a taken attempt ended: the refusal's code and its reference; a success leaves nothing.

        The first outcome stays.
        """

    async def recall(self, state_digest: str) -> Recalled | None:
        """What is left of an attempt that was put within the last hour or so, taken or not."""


class Spends(Struct, frozen=True):
    """A link that is used up by what it is used for: both happen, or neither."""

    kind: Kind
    digest: str


class Accounts(Protocol):
    """Accounts and the identities linked to them, as a sign-in needs them."""

    async def get(self, account_id: int) -> Account | None:
        """One account with its links."""

    async def find(self, identity: Identity, email: str | None) -> Found:
        """All facts the linking rules need, from one consistent read; `email` is canonical."""

    async def sign_in(self, decision: SignIn, now: datetime) -> Account:
        """Carry out `SignIn`. Raises `Conflict("version")` when the account changed since it was read, `Conflict("email")`."""

    async def link(self, decision: Attach, identity: Identity, now: datetime) -> Account:
        """Carry out `Attach`. Raises `Conflict("version")`, `Conflict("identity")`."""

    async def register(self, decision: Register, identity: Identity, username: str, now: datetime) -> Account:
        """Carry out `Register`. Raises `Conflict` with `username`, `email` or `identity`."""

    async def create_first_admin(self, username: str, email: str | None, password_hash: str, now: datetime) -> Account:
        """Make the first admin. Raises `Conflict("first_admin")` when there is an admin, `Conflict("username" | "email")`."""

    async def create(
        self,
        username: str,
        email: str | None,
        level: AccessLevel,
        password_hash: str | None,
        now: datetime,
        spends: Spends | None = None,
    ) -> Account:
        """Make an account. Raises `Conflict("username" | "email")`, and `Conflict("spent")` when the link is gone."""

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


class Directory(Protocol):
    """Accounts as their owners and administrators look after them. The last enabled admin never goes, whoever races.

    A decision about an account that changed since, or that would take the last enabled admin away, is `Conflict("version")`.
    """

    async def search(self, text: str, limit: int, offset: int) -> tuple[Sequence[Account], int]:
        """A page of the accounts whose name or address has this text, by name, and how many there are in all."""

    async def enabled_admins(self) -> int:
        """How many enabled admins there are."""

    async def change(self, decision: Change, now: datetime, spends: Spends | None = None) -> Account:
        """Carry out `Change`. Raises `Conflict("version" | "username" | "email" | "spent")`."""

    async def delete(self, decision: Delete) -> None:
        """Carry out `Delete`. Raises `Conflict("version")`."""

    async def unlink(self, decision: Unlink, now: datetime) -> Account:
        """Carry out `Unlink`; sign-ins of the account end. Raises `Conflict("version")`."""

    async def reset_asked(self, name: str, now: datetime) -> None:
        """Note that the password of the enabled account with this username or address is said to be forgotten."""


class ForeignUsers(Protocol):
    """The users of an existing RomM."""

    async def read(self) -> Sequence[ForeignUser]:
        """All of them, in any order; nothing is written. Raises `Refused(IMPORT_UNREADABLE)`."""


class Imports(Protocol):
    """Accounts that are brought along from an existing RomM."""

    async def here(self) -> Here:
        """Who has an account here."""

    async def add(self, decision: Import, now: datetime) -> None:
        """Carry out `Import`, whole or not at all. Raises `Conflict("username" | "email")`."""


class Credentials(Protocol):
    """Stored credentials, looked up by kind and digest.

    Who stores one says for which account as it was `seen` when it was judged: checking a password takes its time, and what
    ends all that an account has must not be outlived by what was under way. When the account changed since, was disabled
    or is gone, nothing is stored: `Conflict("version")`.
    """

    async def add(self, seen: Account, *credentials: Credential) -> None:
        """Store credentials of this account, all or none; forget expired ones, and the oldest above `MOST_OF_A_KIND`."""

    async def issue(self, seen: Account, credential: Credential, at_most: int) -> Credential:
        """Store one, unless its owner has so many live ones of its kind: `Conflict("full")`. Gives it with its number."""

    async def replace(self, seen: Account, credential: Credential) -> None:
        """Store one in place of those of its kind and family."""

    async def renew(self, renewal: Renewal) -> Credential | None:
        """Carry out `Renewal`; the token's codes end. None when it is gone or over, `Conflict("spent")` when the code is.

        Raises `Conflict("version")` as whatever stores one does, by the owner that the renewal names.
        """

    async def find(self, kind: Kind, secret_digest: str) -> tuple[Credential, Account] | None:
        """A credential and its owner as they are now, expired and disabled ones included; the caller judges."""

    async def touch(self, credential: Credential, now: datetime) -> None:
        """Note the use of a credential and of its owner's account."""

    async def take(self, kind: Kind, secret_digest: str) -> Credential | None:
        """The credential, to exactly one caller ever; it is gone afterwards."""

    async def of(self, account_id: int | None, kinds: Collection[Kind]) -> Sequence[tuple[Credential, Account]]:
        """What an account, or without one everybody, has of these kinds and is not expired, the newest first."""

    async def end(self, kind: Kind, credential_id: int, account_id: int | None) -> Credential | None:
        """End one by its number, only if it is this account's when one is named; gives what it was."""

    async def end_all(self, account_id: int, kinds: Collection[Kind], keep: str | None = None) -> int:
        """End all of these kinds that an account has, but not the one with the digest `keep`; gives how many."""

    async def rotate(self, used: Credential, *successors: Credential) -> Credential | None:
        """Spend a credential as `used` says (`spent_at`, `salt`) and store its successors, for exactly one caller ever.

        Gives the credential as it is stored then, so that whoever came later sees the first one's salt; None when it is gone.
        Whoever changes the owner or ends the family at that moment ends the successors as well.
        """

    async def end_family(self, credential: Credential) -> int:
        """End all that was issued together with this credential, itself included; gives how many.

        What has no family was issued alone, and nothing ends.
        """


class Logouts(Protocol):
    """What the provider says of people who signed out there."""

    async def carry_out(self, logout: Logout) -> Sequence[int]:
        """Remember a logout token and end the sessions that it means; gives the account of each.

        Both happen, or neither. `Conflict("logout_token")` when it was carried out before; it is remembered by its digest,
        until it would be refused for its age.
        """


class Throttles(Protocol):
    """Failed password tries by the keys of `domain.throttle`, other tries by those of `domain.rates`; all workers share them."""

    async def read(self, keys: Sequence[str]) -> Sequence[Failures]:
        """What is counted for these keys, in any order, without those that have no failures. One look-up."""

    async def count(self, keys: Sequence[str]) -> Sequence[Failures]:
        """One more failure for each key, now; none is lost, however many workers count at once. Gives what it made of each.

        Keys without a failure for longer than `throttle.FORGOTTEN_AFTER` are forgotten before that.
        """

    async def forget(self, key: str) -> None:
        """The key has no failures any more."""


class SignInEntry(Struct, frozen=True, kw_only=True):
    """One line of the sign-in log: who tried, how it ended, which rule decided. The subject is hashed.

    `received` outlines refused claims as a JSON object. `id` is the line's number, given when it is written.
    """

    at: datetime
    method: str
    outcome: str
    rule: str | None
    code: Code | None
    issuer: str | None
    subject_digest: str | None
    account_id: int | None
    address: str
    correlation_id: str
    received: str = ""
    id: int | None = None


class SignInFilter(Struct, frozen=True, kw_only=True):
    """Which lines of the sign-in log are wanted; what is not said may be anything. `before` is the number of a line."""

    outcome: str | None = None
    code: str | None = None
    correlation_id: str | None = None
    account_id: int | None = None
    before: int | None = None


class SignInLog(Protocol):
    """The sign-in log that admins read."""

    async def search(self, wanted: SignInFilter, limit: int) -> Sequence[SignInEntry]:
        """Lines that fit, the newest first."""

    async def add(self, entry: SignInEntry) -> None:
        """Append a line; forget lines older than the retention."""


class Passwords(Protocol):
    """Slow hashing, off the event loop and bounded."""

    async def hash(self, password: str) -> str:
        """A self-describing hash."""

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Does the password fit? Without a hash the answer is no, in the same time.

        Legacy hashes (`passwords.is_legacy`) are understood; they take longer, and fit no password above 72 bytes.
        """

    async def linger(self, password_hash: str | None, legacy_hash: str | None, password: str) -> None:
        """After a failed `verify(password_hash, password)`: spend what a failure with `legacy_hash` would have cost more."""

    def is_outdated(self, password_hash: str) -> bool:
        """Was the hash made with other parameters than today's?"""

    async def common(self) -> Container[str]:
        """The 3,000 most common passwords of at least `passwords.MIN_LENGTH` characters, in lower case."""


class Log(Protocol):
    """Structured log lines: an event name and facts, never a secret."""

    def debug(self, event: str, **facts: Any) -> None: ...

    def info(self, event: str, **facts: Any) -> None: ...

    def warning(self, event: str, **facts: Any) -> None: ...

    def error(self, event: str, **facts: Any) -> None:
        """`exc_info` may carry an exception, for its traceback."""
