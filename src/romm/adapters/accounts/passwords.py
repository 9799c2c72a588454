"""Password hashing; bcrypt only for imported hashes.

Argon2id with OWASP's m=19 MiB, t=2, p=1 (Password Storage Cheat Sheet) takes 20 ms. RFC 9106's low-memory profile (64
MiB, t=3, p=4) takes 150 ms, and two at a time exceed the memory of a whole worker.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Container
from contextlib import suppress
from functools import partial

import bcrypt
from argon2 import Parameters, PasswordHasher, Type, extract_parameters
from argon2.exceptions import HashingError
from argon2.low_level import ARGON2_VERSION, hash_secret_raw
from msgspec import Struct

from romm.adapters.accounts.common_passwords import common_passwords
from romm.adapters.accounts.hashing_queue import HashingQueue
from romm.domain.accounts.passwords import is_legacy
from romm.domain.sign_in.hashing_order import FIRST, Place
from romm.ports.accounts import Verdict

MOST_THREADS = 2
THREADS = min(MOST_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else MOST_THREADS)
"""One processor is no faster with two hashes at a time, which fill its caches in turns: 10 % slower."""

WAITING = 256
"""About three seconds' work (half a minute with legacy hashes, for those who come last). Beyond it: `Refused(BUSY)`."""

LEGACY_BYTES = 72
"""bcrypt ignores the rest: Provos and Mazieres, "A Future-Adaptable Password Scheme", 1999."""

_PARAMETERS = Parameters(
    type=Type.ID,
    version=ARGON2_VERSION,
    salt_len=16,
    hash_len=32,
    time_cost=2,
    memory_cost=19 * 1024,
    parallelism=1,
)
_HASHER = PasswordHasher.from_parameters(_PARAMETERS)


class _Stored(Struct, frozen=True):
    parameters: Parameters
    salt: bytes
    digest: bytes


class Argon2Passwords:
    def __init__(self, at_rest: Callable[[], None] = lambda: None) -> None:
        self.queue = HashingQueue(THREADS, WAITING, at_rest)

    async def hash(self, password: str) -> str:
        return await self.queue.run(partial(_hash, password), FIRST)

    async def verify(self, password_hash: str | None, password: str, place: Place, *, salt: str) -> Verdict:
        return await self.queue.run(partial(_verify, password_hash, password, salt), place)

    async def equalize_time(
        self, password_hash: str | None, legacy_hash: str | None, password: str, place: Place
    ) -> None:
        if legacy_hash is not None and is_legacy(legacy_hash) and not is_legacy(password_hash):
            await self.queue.run(partial(_fits_legacy, legacy_hash, password), place)

    async def common(self) -> Container[str]:
        return await self.queue.run(common_passwords, FIRST)

    def is_outdated(self, password_hash: str) -> bool:
        try:
            return _HASHER.check_needs_rehash(password_hash)
        except ValueError:
            return True


def _hash(password: str) -> str:
    return _HASHER.hash(_bytes(password))


def _verify(password_hash: str | None, password: str, salt: str) -> Verdict:
    fits = is_legacy(password_hash) and _fits_legacy(str(password_hash), password)
    with suppress(ValueError, HashingError):  # not a readable hash
        stored = _stored(password_hash or "")
        made = _hash_raw(password, stored.salt, stored.parameters)
        return Verdict(fits=hmac.compare_digest(made, stored.digest), mark=_mark(made))
    own_salt = hashlib.sha256(salt.encode()).digest()[: _PARAMETERS.salt_len]
    # The same work without a hash, and for an imported one that fits: the account may be disabled, and then it is a failure.
    return Verdict(fits=fits, mark=_mark(_hash_raw(password, own_salt, _PARAMETERS)))


def _stored(password_hash: str) -> _Stored:
    """Raises ValueError."""
    parameters = extract_parameters(password_hash)
    salt, made = (
        base64.b64decode(part + "=" * (-len(part) % 4), validate=True) for part in password_hash.split("$")[-2:]
    )
    return _Stored(parameters, salt, made)


def _hash_raw(password: str, salt: bytes, parameters: Parameters) -> bytes:
    return hash_secret_raw(
        _bytes(password),
        salt,
        time_cost=parameters.time_cost,
        memory_cost=parameters.memory_cost,
        parallelism=parameters.parallelism,
        hash_len=parameters.hash_len,
        type=parameters.type,
        version=parameters.version,
    )


def _mark(made: bytes) -> str:
    return hashlib.sha256(made).hexdigest()


def _fits_legacy(password_hash: str, password: str) -> bool:
    typed = _bytes(password)
    try:
        fits = bcrypt.checkpw(typed[:LEGACY_BYTES], password_hash.encode())
    except ValueError:  # invalid salt
        return False
    return fits and len(typed) <= LEGACY_BYTES


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
