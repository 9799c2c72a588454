"""Login attempts, logouts at the provider, and the sign-in log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account
from romm.domain.sign_in.authorization import LoginAttempt
from romm.domain.sign_in.logout_token import Logout
from romm.domain.sign_in.pending_sign_in import PendingSignIn


class AttemptOutcome(Struct, frozen=True, kw_only=True):
    """`outcome` is as given to `Attempts.conclude`."""

    taken: bool
    outcome: str | None
    return_to: str


class Attempts(Protocol):
    """Login attempts between request and response."""

    async def put(self, attempt: LoginAttempt) -> None:
        """Deletes attempts that expired long ago."""

    async def take(self, state_digest: str, browser_key_digest: str) -> LoginAttempt | None:
        """For exactly one caller; None changes nothing. Deletes nonce and verifier from the store."""

    async def conclude(self, state_digest: str, outcome: str) -> None:
        """Store how a taken attempt ended: a refusal's code and reference, or a preview's report. The first outcome stays."""

    async def recall(self, state_digest: str) -> AttemptOutcome | None:
        """Attempts of about the last hour, taken or not."""


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
