"""Stored credentials and counted attempts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from romm.domain.credentials.client_tokens import Renewal
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.errors import Refuse
from romm.domain.model import Account
from romm.domain.sign_in.throttle import Failures


class HolderSeal(Protocol):
    """Authenticated encryption for the holder of a random secret. The database has only the digest."""

    def seal(self, content: bytes, secret: str, use: str) -> str: ...

    def open(self, sealed: str, secret: str, use: str) -> bytes | None:
        """None if forged, or sealed by another secret or for another use."""


class Credentials(Protocol):
    """Raises `Conflict("version")` if `seen` has changed: a slow password check must not outlive "end all sign-ins"."""

    async def add(self, seen: Account, *credentials: Credential) -> None:
        """All or none. Deletes those above `MOST_OF_A_KIND`, and once a minute expired ones."""

    async def issue(self, seen: Account, credential: Credential, at_most: int) -> Credential:
        """Raises `Conflict("full")` at `at_most` live ones."""

    async def replace(self, seen: Account, credential: Credential) -> None:
        """Those of its kind and family."""

    async def renew(self, renewal: Renewal) -> Credential | None:
        """Ends pairing codes. None if gone or expired. Raises `Conflict("spent" | "version")`."""

    async def find(self, kind: Kind, secret_digest: str) -> tuple[Credential, Account] | None:
        """Also expired ones and disabled owners, as any worker has stored them last."""

    async def touch(self, credential: Credential, now: datetime) -> None:
        """Also the owner's account. Stored soon, before the worker ends; `of` has it at once."""

    async def take(self, kind: Kind, secret_digest: str) -> Credential | None:
        """One caller gets it."""

    async def of(self, account_id: int, kinds: Collection[Kind]) -> Sequence[tuple[Credential, Account]]:
        """Unexpired, newest first."""

    async def end(self, kind: Kind, credential_id: int, account_id: int | None) -> Credential | None:
        """None: any owner."""

    async def end_all(self, account_id: int, kinds: Collection[Kind], keep: str | None = None) -> int:
        """Except `keep`. Returns the number. With authorization codes, approved devices without a token get none."""

    async def rotate(self, used: Credential, *successors: Credential) -> Credential | None:
        """Store `spent_at`, `salt` and the successors, for one caller; they end with the family or a change of the owner.

        Returns the credential with the first caller's salt; None if gone.
        """

    async def end_family(self, credential: Credential) -> int:
        """Returns the number, with this one."""


class CredentialLists(Protocol):
    """Unexpired client tokens and invitations of all accounts."""

    async def listed(self, kind: Kind, limit: int, before: int | None = None) -> Sequence[tuple[Credential, Account]]:
        """Newest first; `before` is an id."""

    async def numbered(self, kind: Kind, number: int) -> tuple[Credential, Account] | None: ...


Decide = Callable[[Mapping[str, Failures]], Refuse | tuple[Failures, ...]]


class Throttles(Protocol):
    """Shared by all workers."""

    async def read(self, keys: Sequence[str]) -> Sequence[Failures]:
        """Without zeros. One query."""

    async def count(self, keys: Sequence[str]) -> Sequence[Failures]:
        """Add one to each key, atomically. Deletes keys without a failure for `throttle.FORGOTTEN_AFTER`."""

    async def update(self, keys: Sequence[str], decide: Decide) -> Refuse | tuple[Failures, ...]:
        """Store what `decide` returns for the newest counters; meanwhile no other worker changes these."""

    async def forget(self, key: str) -> None: ...

    async def known_since(self, known_address: str) -> datetime | None:
        """When the address was noted last."""

    async def note_known(self, known_address: str) -> None:
        """Deletes those older than `throttle.KNOWN_FOR`."""
