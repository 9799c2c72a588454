"""The database's current credentials, without a read for each request."""

from romm.domain.credentials.credential import Credential, Kind
from romm.domain.model import Account

MOST = 1024
"""Credentials, of some 3 KiB each with its account; the oldest give way."""

KINDS = frozenset({Kind.SESSION, Kind.ACCESS_TOKEN, Kind.CLIENT_TOKEN, Kind.FORWARD_SESSION})
"""What comes with every request. One-time secrets and refresh tokens are read when they are used."""

Found = tuple[Credential, Account]


class CredentialCache:
    """By kind and digest. Valid for one `Database.version`.

    Unknown credentials are not kept: strangers can invent any number.
    """

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._version: int | None = None
        self._found: dict[tuple[Kind, str], Found] = {}

    def get(self, version: int, kind: Kind, digest: str) -> Found | None:
        if version != self._version:
            self._version = version
            self._found.clear()
        return self._found.get((kind, digest))

    def put(self, version: int, found: Found) -> None:
        """`version` is from before `found` was read; another request may have met a newer one."""
        credential, _ = found
        if version != self._version:
            return
        if len(self._found) >= self._most:
            del self._found[next(iter(self._found))]
        self._found[credential.kind, credential.digest] = found
