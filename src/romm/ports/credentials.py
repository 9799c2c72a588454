"""Stored credentials, and counted attempts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from romm.domain.credentials.client_tokens import Renewal
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.model import Account
from romm.domain.sign_in.throttle import Failures


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
