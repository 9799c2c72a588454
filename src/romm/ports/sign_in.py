"""What signing in needs from the outside: attempts, provider logouts, the sign-in log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from romm.domain.errors import Code
from romm.domain.model import Account
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
    """What the provider says of people who signed out there."""

    async def carry_out(self, logout: Logout) -> Sequence[int]:
        """Remember a logout token and end the sessions that it means; gives the account of each.

        Both happen, or neither. `Conflict("logout_token")` when it was carried out before; it is remembered by its digest,
        until it would be refused for its age.
        """


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
