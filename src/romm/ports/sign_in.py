"""What signing in needs from the outside: attempts, provider logouts, the sign-in log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from romm.domain.errors import Code
from romm.domain.model import Account
from romm.domain.sign_in.authorization import LoginAttempt
from romm.domain.sign_in.logout_token import Logout
from romm.domain.sign_in.pending_sign_in import PendingSignIn


class AttemptOutcome(Struct, frozen=True, kw_only=True):
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

    async def recall(self, state_digest: str) -> AttemptOutcome | None:
        """What is left of an attempt that was put within the last hour or so, taken or not."""


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
