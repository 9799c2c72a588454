"""Password hashing, off the event loop and a few at a time; bcrypt only for imported hashes.

Argon2id with OWASP's m=19 MiB, t=2, p=1 (Password Storage Cheat Sheet) takes 20 ms. RFC 9106's low-memory profile (64
MiB, t=3, p=4) takes 150 ms, and two at a time exceed the memory of a whole worker.
"""

import asyncio
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

import bcrypt
from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError, VerifyMismatchError

from romm.adapters.accounts.common_passwords import common_passwords
from romm.domain.accounts.passwords import is_legacy
from romm.domain.errors import Code, Refused

THREADS = 2
WAITING = 64
"""Queue limit, about a second's work (ten with legacy hashes). Beyond it: `Refused(BUSY)`."""

LEGACY_BYTES = 72
"""bcrypt ignores the rest: Provos and Mazieres, "A Future-Adaptable Password Scheme", 1999."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
_DUMMY_HASH = (
    f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}${'A' * 22}${'A' * 43}"
)
"""Well-formed and of no password. Zeros as salt and hash, since making a real one takes 20 ms of every start."""

T = TypeVar("T")


class Argon2Passwords:
    """Every method raises `Refused(BUSY)` if the queue is full."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._under_way = 0

    async def hash(self, password: str) -> str:
        return await self._run(partial(_hash, password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        return await self._run(partial(_fits, password_hash, password))

    async def equalize_time(self, password_hash: str | None, legacy_hash: str | None, password: str) -> None:
        if legacy_hash is not None and is_legacy(legacy_hash) and not is_legacy(password_hash):
            await self._run(partial(_fits_legacy, legacy_hash, password))

    async def common(self) -> Container[str]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, common_passwords)

    def is_outdated(self, password_hash: str) -> bool:
        try:
            return _HASHER.check_needs_rehash(password_hash)
        except ValueError:
            return True

    async def _run(self, work: Callable[[], T]) -> T:
        if self._under_way >= THREADS + WAITING:
            raise Refused(Code.BUSY, problem=f"{WAITING} passwords wait to be checked")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1


def _hash(password: str) -> str:
    return _HASHER.hash(_bytes(password))


def _fits(password_hash: str | None, password: str) -> bool:
    if is_legacy(password_hash):
        if _fits_legacy(str(password_hash), password):
            return True
    elif password_hash:
        try:
            return _HASHER.verify(password_hash, _bytes(password))
        except VerifyMismatchError:
            return False
        except (VerificationError, ValueError):
            pass  # not a readable hash
    with suppress(VerificationError):  # same work without a usable hash, against timing
        _HASHER.verify(_DUMMY_HASH, _bytes(password))
    return False


def _fits_legacy(password_hash: str, password: str) -> bool:
    """Passwords beyond 72 bytes never match."""
    typed = _bytes(password)
    try:
        fits = bcrypt.checkpw(typed[:LEGACY_BYTES], password_hash.encode())
    except ValueError:  # invalid salt
        return False
    return fits and len(typed) <= LEGACY_BYTES


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
