"""Passwords that this process refused: hashing them again would only cost time."""

import hmac
from collections import OrderedDict
from dataclasses import dataclass, field

from romm.credentials.secrets import url_secret
from romm.domain.model import Account

MOST = 4096


@dataclass(frozen=True)
class WrongPasswords:
    """In memory only, by a digest whose key never leaves the process; with the mark of `repeated_passwords`.

    Found only by the counter that failed: elsewhere a fast answer would reveal that the password was tried here. A
    change of the account makes its entries useless.
    """

    _key: bytes = field(default_factory=lambda: url_secret().encode())
    _marks: OrderedDict[bytes, str] = field(default_factory=OrderedDict)

    def entry(self, counter: str, account: Account | None, password_hash: str | None, password: str) -> bytes:
        version = (account.id, account.version) if account else None
        told = repr((counter, version, password_hash, password))
        return hmac.digest(self._key, told.encode("utf-8", "surrogatepass"), "sha256")

    def mark(self, entry: bytes) -> str | None:
        return self._marks.get(entry)

    def add(self, entry: bytes, mark: str) -> None:
        self._marks[entry] = mark
        if len(self._marks) > MOST:
            self._marks.popitem(last=False)
