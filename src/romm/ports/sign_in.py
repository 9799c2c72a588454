"""Login attempts, logouts at the provider, and the sign-in log."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account
from romm.domain.sign_in.logout_token import Logout
from romm.domain.sign_in.outcomes import Outcome
from romm.domain.sign_in.pending_sign_in import PendingSignIn


class Seal(Protocol):
    """Authenticated encryption of what a browser keeps for us. All workers and hosts share the keys."""

    async def seal(self, content: bytes, use: str) -> str:
        """A text for a cookie, some 45 characters more than four thirds of the content. It opens for the same `use` only."""

    async def open(self, sealed: str, use: str) -> bytes | None:
        """What was sealed; None for what we did not seal, not for this use, or with a key that is gone."""

    async def rotate(self) -> None:
        """Make a new key, which seals from now on. What the older ones sealed opens for another hour."""


class UsedAttempt(Struct, frozen=True, kw_only=True):
    """A used attempt. `outcome` is None while it is under way."""

    taken_at: datetime
    outcome: Outcome | None


class Attempts(Protocol):
    """Login attempts that were used. Those that were only begun are in their browsers alone (`Seal`)."""

    async def take(self, state_digest: str, expires_at: datetime) -> bool:
        """Use an attempt up: True for exactly one caller. Forgets those that expired an hour ago."""

    async def conclude(self, state_digest: str, outcome: Outcome) -> None:
        """Remember how a used attempt ended. The first outcome stays."""

    async def recall(self, state_digest: str) -> UsedAttempt | None:
        """A used attempt, None when it was not used or is forgotten."""


class PendingSignIns(Protocol):
    """Sign-ins that wait for the answer to “Is this your account?”, by the digest of the secret in their browser."""

    async def put(self, seen: Account, pending: PendingSignIn) -> None:
        """Remember one about this account; forget those that expired. Raises `Conflict("version")` when the account changed."""

    async def find(self, digest: str) -> PendingSignIn | None:
        """The one of this browser, expired or not; the caller judges."""

    async def take(self, digest: str) -> PendingSignIn | None:
        """The same, to exactly one caller ever."""


class Logouts(Protocol):
    """Back-channel logouts."""

    async def algorithms(self, logout: Logout) -> Collection[str | None]:
        """Which algorithms signed the ID tokens of the sessions that a logout token means; None: not known."""

    async def carry_out(self, logout: Logout) -> Sequence[int]:
        """End the sessions a logout token names. Returns the account of each.

        Remembers the token's digest in the same transaction, until its age would refuse it. Raises
        `Conflict("logout_token")` for a replay.
        """


class SignInEntry(Struct, frozen=True, kw_only=True):
    """A line of the sign-in log.

    `received` outlines refused claims as a JSON object. `id` is assigned when the line is written. `role_before` (None: a
    new account), `role_after` and `warning` (a key of `role_hints.HINTS`) are those of a sign-in with the provider.
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
    role_before: AccessLevel | None = None
    role_after: AccessLevel | None = None
    warning: str | None = None
    id: int | None = None


class SignInFilter(Struct, frozen=True, kw_only=True):
    """None matches anything. `before` is a line's `id`."""

    outcome: str | None = None
    method: str | None = None
    code: str | None = None
    correlation_id: str | None = None
    account_id: int | None = None
    before: int | None = None


class SignInLog(Protocol):
    """The sign-in log for administrators."""

    async def search(self, criteria: SignInFilter, limit: int) -> Sequence[SignInEntry]:
        """Newest first."""

    async def add(self, entry: SignInEntry) -> None:
        """Deletes lines older than the retention."""
