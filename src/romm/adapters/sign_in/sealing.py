"""Encrypts cookie content with AES-256-GCM. The keys are in the database."""

import base64
import os
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from romm.adapters.database.tables import SealingKeyRow
from romm.adapters.database.transactions import Database
from romm.domain.errors import Code, Refused
from romm.ports.process import Clock

FRESH = timedelta(minutes=5)
"""A process reads the keys again after this time."""

LOOK_AGAIN = timedelta(milliseconds=250)
"""After a read for an unknown key that found none: a cookie can name any. Shorter than a way through the provider."""

KEPT = timedelta(hours=1)
"""A replaced key decrypts for this time: longer than `FRESH` plus the ten minutes of an attempt."""

_KEY_BITS = 256
_ID_BYTES = 4
_NONCE_BYTES = 12  # random; at most 2**32 encryptions with one key (NIST SP 800-38D, 8.2.2)
_TAG_BYTES = 16

_READ = select(SealingKeyRow.id, SealingKeyRow.secret, SealingKeyRow.expires_at).order_by(
    SealingKeyRow.made_at.desc(), SealingKeyRow.id
)
_CURRENT = select(SealingKeyRow.id).where(SealingKeyRow.expires_at.is_(None)).limit(1)
_ADD = insert(SealingKeyRow)
_RETIRE = update(SealingKeyRow).where(SealingKeyRow.expires_at.is_(None)).values(expires_at=bindparam("until"))
_FORGET = delete(SealingKeyRow).where(SealingKeyRow.expires_at < bindparam("now"))


class Key(Struct, frozen=True):
    """`expires_at` is None for the key that encrypts."""

    id: bytes
    cipher: AESGCM
    expires_at: datetime | None


class DatabaseSeal:
    """The first process that needs a key creates it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._keys: dict[bytes, Key] = {}
        self._read_at: datetime | None = None
        self._missed_at: datetime | None = None

    async def seal(self, content: bytes, use: str) -> str:
        key, nonce = await self._newest(), os.urandom(_NONCE_BYTES)
        sealed = key.id + nonce + key.cipher.encrypt(nonce, content, use.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    async def open(self, sealed: str, use: str) -> bytes | None:
        found = _bytes(sealed)
        if len(found) < _ID_BYTES + _NONCE_BYTES + _TAG_BYTES:
            return None
        key = await self._known(found[:_ID_BYTES])
        if key is None:
            return None
        nonce, hidden = found[_ID_BYTES : _ID_BYTES + _NONCE_BYTES], found[_ID_BYTES + _NONCE_BYTES :]
        try:
            return key.cipher.decrypt(nonce, hidden, use.encode())
        except InvalidTag:
            return None

    async def rotate(self) -> None:
        now = self._clock()

        def work(connection: Connection) -> None:
            connection.execute(_FORGET, {"now": now})
            connection.execute(_RETIRE, {"until": now + KEPT})
            connection.execute(_ADD, _new_row(now))

        await self._database.write(work)
        await self._read()

    async def _newest(self) -> Key:
        if self._read_at is None or self._clock() - self._read_at > FRESH:
            await self._read()
        return self._current() or await self._first()

    async def _first(self) -> Key:
        await self._make_first()
        await self._read()
        if (key := self._current()) is None:
            problem = "the key that seals sign-ins is gone"
            raise Refused(Code.STORAGE_UNAVAILABLE, problem=problem, fix="Run `romm db rotate-key`")
        return key

    def _current(self) -> Key | None:
        return next((key for key in self._keys.values() if key.expires_at is None), None)

    async def _known(self, key_id: bytes) -> Key | None:
        """None if expired. Reads the database for unknown ids: another process may have created the key."""
        if key_id not in self._keys and self._may_look():
            await self._read()
            self._missed_at = None if key_id in self._keys else self._read_at
        key = self._keys.get(key_id)
        is_expired = key is not None and key.expires_at is not None and self._clock() >= key.expires_at
        return None if is_expired else key

    def _may_look(self) -> bool:
        return self._missed_at is None or self._clock() - self._missed_at >= LOOK_AGAIN

    async def _read(self) -> None:
        now, rows = self._clock(), await self._database.fetch(_READ, {})
        self._keys = {
            (key_id := bytes.fromhex(row.id)): Key(key_id, AESGCM(bytes.fromhex(row.secret)), row.expires_at)
            for row in rows
        }
        self._read_at = now

    async def _make_first(self) -> None:
        row = _new_row(self._clock())

        def work(connection: Connection) -> None:
            if connection.execute(_CURRENT).first() is None:
                connection.execute(_ADD, row)

        await self._database.write(work)


def _new_row(now: datetime) -> dict[str, object]:
    secret = AESGCM.generate_key(_KEY_BITS)
    return {"id": os.urandom(_ID_BYTES).hex(), "secret": secret.hex(), "made_at": now, "expires_at": None}


def _bytes(sealed: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError:  # a cookie is untrusted input
        return b""
