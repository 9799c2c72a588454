"""Login attempts, logouts at the provider, and the sign-in log."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct, json

from romm.domain.credentials.credential import Credential, Kind
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account
from romm.domain.sign_in.linking.pending import PendingSignIn
from romm.domain.sign_in.log_search import Term
from romm.domain.sign_in.logout_token import Logout
from romm.domain.sign_in.outcomes import Outcome


class Seal(Protocol):
    """Authenticated encryption. All hosts share the keys."""

    async def seal(self, content: bytes, use: str) -> str:
        """Adds a third and about 45 bytes."""

    async def open(self, sealed: str, use: str) -> bytes | None:
        """None if forged, for another use, or its key is gone."""

    async def rotate(self) -> None:
        """Use a new key; older values open for another hour."""


class UsedAttempt(Struct, frozen=True, kw_only=True):
    """`outcome` is None while the sign-in continues."""

    taken_at: datetime
    outcome: Outcome | None


class Attempts(Protocol):
    """Unused ones are only in the browser."""

    async def take(self, state_digest: str, expires_at: datetime) -> bool:
        """True for one caller. Deletes attempts that expired an hour ago, once a minute."""

    async def conclude(self, state_digest: str, outcome: Outcome) -> None:
        """The first outcome stays."""

    async def recall(self, state_digest: str) -> UsedAttempt | None:
        """None if unused or deleted."""


class PendingSignIns(Protocol):
    """By the cookie's secret, which is not stored: only its holder can read the claims."""

    async def put(self, seen: Account, pending: PendingSignIn, secret: str) -> None:
        """Deletes expired ones. Raises `Conflict("version")`."""

    async def find(self, secret: str) -> PendingSignIn | None:
        """Also expired ones."""

    async def take(self, secret: str) -> PendingSignIn | None:
        """One caller gets it."""


class Logouts(Protocol):
    async def algorithms(self, logout: Logout) -> Collection[str | None]:
        """Of the sessions' ID tokens; None if unknown."""

    async def carry_out(self, logout: Logout) -> Sequence[int]:
        """End the sessions and remember the token. Returns the account of each.

        Raises `Conflict("logout_token")` for a replay.
        """


class SignInEntry(Struct, frozen=True, kw_only=True):
    """`facts` (a refusal's), `claims` (the deciding ones) and `received` (an outline of refused ones) are JSON objects.

    `email` is a refused person's. Only single sign-on sets `claims`, `role_before` (None: a new account), `role_after` and
    `warning` (a key of `role_hints.HINTS`).
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
    facts: str = ""
    email: str | None = None
    claims: str = ""
    role_before: AccessLevel | None = None
    role_after: AccessLevel | None = None
    warning: str | None = None
    id: int | None = None

    @property
    def known_facts(self) -> dict[str, Any]:
        return json.decode(self.facts, type=dict[str, Any]) if self.facts else {}

    @property
    def outline(self) -> dict[str, str]:
        return json.decode(self.received, type=dict[str, str]) if self.received else {}

    @property
    def deciding(self) -> dict[str, Any]:
        return json.decode(self.claims, type=dict[str, Any]) if self.claims else {}


class SignInFilter(Struct, frozen=True, kw_only=True):
    """None matches anything; `before` is an entry's `id`."""

    term: Term | None = None
    outcome: str | None = None
    method: str | None = None
    code: str | None = None
    correlation_id: str | None = None
    account_id: int | None = None
    before: int | None = None


class SignInLog(Protocol):
    async def search(self, criteria: SignInFilter, limit: int) -> Sequence[SignInEntry]:
        """Newest first."""

    async def add(self, entry: SignInEntry) -> None:
        """Deletes entries older than the retention."""


class SignInRecords(Protocol):
    async def keep(
        self,
        owner: Account,
        entry: SignInEntry,
        *credentials: Credential,
        ends: Iterable[tuple[Kind, str]] = (),
        concludes: tuple[str, Outcome] | None = None,
    ) -> list[Credential]:
        """Store the credentials, the entry and the last sign-in; end others (kind, digest) and conclude an attempt (a digest).

        Returns the ended ones. Raises `Conflict("version")`.
        """
