"""Stored credentials and counted attempts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from romm.domain.credentials.client_tokens import Renewal
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.model import Account
from romm.domain.sign_in.throttle import Failures


class Credentials(Protocol):
    """Looked up by kind and digest.

    `Conflict("version")`, and nothing stored, if `seen` was changed, disabled or deleted since it was read: a slow
    password check cannot outlive "end all sign-ins".
    """

    async def add(self, seen: Account, *credentials: Credential) -> None:
        """All or none. Deletes expired ones, and the oldest above `MOST_OF_A_KIND`."""

    async def issue(self, seen: Account, credential: Credential, at_most: int) -> Credential:
        """Assigns the id. Raises `Conflict("full")` at `at_most` live ones of its kind."""

    async def replace(self, seen: Account, credential: Credential) -> None:
        """Replaces those of its kind and family."""

    async def renew(self, renewal: Renewal) -> Credential | None:
        """Ends the token's pairing codes. None if the token is gone or expired.

        Raises `Conflict("spent")` if the pairing code is gone, `Conflict("version")` if the owner changed.
        """

    async def find(self, kind: Kind, secret_digest: str) -> tuple[Credential, Account] | None:
        """Includes expired ones and disabled owners; the caller checks."""

    async def touch(self, credential: Credential, now: datetime) -> None:
        """Note the use, also of the owner's account."""

    async def take(self, kind: Kind, secret_digest: str) -> Credential | None:
        """Delete and return it; exactly one caller gets it."""

    async def of(self, account_id: int | None, kinds: Collection[Kind]) -> Sequence[tuple[Credential, Account]]:
        """Unexpired, newest first; of all accounts if `account_id` is None."""

    async def end(self, kind: Kind, credential_id: int, account_id: int | None) -> Credential | None:
        """None if another account owns it. `account_id` None: any owner."""

    async def end_all(self, account_id: int, kinds: Collection[Kind], keep: str | None = None) -> int:
        """Except digest `keep`. Returns the number ended."""

    async def rotate(self, used: Credential, *successors: Credential) -> Credential | None:
        """Store `spent_at` and `salt` of `used`, and its successors, for exactly one caller.

        Returns the stored credential, with the first caller's salt; None if gone. A concurrent change of the owner or
        end of the family ends the successors, too.
        """

    async def end_family(self, credential: Credential) -> int:
        """Returns the number ended, with this one; 0 without a family."""


class Throttles(Protocol):
    """Counters of failed passwords (`domain.sign_in.throttle`) and other attempts (`domain.credentials.rate_limits`),
    shared by all workers."""

    async def read(self, keys: Sequence[str]) -> Sequence[Failures]:
        """In any order, without zeros. One query."""

    async def count(self, keys: Sequence[str]) -> Sequence[Failures]:
        """Add one to each key, atomically across workers; returns the new counts.

        First deletes keys without a failure for longer than `throttle.FORGOTTEN_AFTER`.
        """

    async def forget(self, key: str) -> None: ...
