"""Cache for the provider's metadata and keys. Concurrent requests share one fetch."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from msgspec import Struct

from romm.domain.errors import Code, Refused
from romm.ports.process import Log

T = TypeVar("T")

_AWAY = {Code.PROVIDER_UNAVAILABLE, Code.PROVIDER_TLS}


class Lifetime(Struct, frozen=True, kw_only=True):
    """In seconds. `fresh`: no revalidation. `usable`: fallback when refreshing fails.

    `cooldown`: minimum interval after a failed or forced fetch.
    """

    fresh: float
    usable: float
    cooldown: float


class Entry(Struct, Generic[T], frozen=True):
    """A validated document. `fetched_at`: seconds of a monotonic clock."""

    value: T
    fetched_at: float


class CachedDocument(Generic[T]):
    """`fetch` also validates, or raises `Refused`."""

    def __init__(
        self,
        name: str,
        fetch: Callable[[str], Awaitable[T]],
        lifetime: Lifetime,
        log: Log,
        clock: Callable[[], float],
    ) -> None:
        self._name = name
        self._fetch = fetch
        self._lifetime = lifetime
        self._log = log
        self._clock = clock
        self._lock = asyncio.Lock()
        self._doubted_at = -math.inf
        self._url = ""
        self._copy: Entry[T] | None = None
        self._failure = Refused(Code.PROVIDER_UNAVAILABLE, problem="not fetched yet")
        self._cools_until = -math.inf
        self.fetches = 0
        self.reads = 0

    @property
    def known(self) -> T | None:
        """However old."""
        return None if self._copy is None else self._copy.value

    def invalidate(self) -> None:
        """Refresh at the next `get`: some value proved wrong."""
        self._doubted_at = self._clock()

    async def get(self, url: str, newer_than: float | None = None) -> T:
        """With `newer_than`, fetched after that moment if `cooldown` allows. Raises as `fetch` without a usable copy."""
        self.reads += 1
        copy = self._good_enough(url, newer_than)
        if copy is None:
            async with self._lock:
                copy = await self._refreshed(url, newer_than)
        return copy.value

    async def confirmed(self, url: str, max_age: float) -> T:
        """At most `max_age` seconds old, or older if the publisher is reachable. Raises `Refused` with a code of `_AWAY`."""
        oldest = self._clock() - max_age
        value = await self.get(url, newer_than=oldest)
        is_old = self._copy is None or self._copy.fetched_at <= oldest
        if is_old and self._failure.code in _AWAY:
            raise Refused(self._failure.code, **self._failure.facts) from self._failure
        return value

    def _good_enough(self, url: str, newer_than: float | None) -> Entry[T] | None:
        if self._copy is None or url != self._url:
            return None
        oldest = self._clock() - self._lifetime.fresh if newer_than is None else newer_than
        return self._copy if self._copy.fetched_at > max(oldest, self._doubted_at) else None

    async def _refreshed(self, url: str, newer_than: float | None) -> Entry[T]:
        if (copy := self._good_enough(url, newer_than)) is not None:  # fetched while we waited
            return copy
        if url != self._url:
            self._url, self._copy, self._cools_until = url, None, -math.inf
        if self._clock() < self._cools_until:
            return self._last_good()
        if newer_than is not None:
            self._pause()
        self.fetches += 1
        try:
            self._copy = Entry(await self._fetch(url), self._clock())
        except Refused as failure:
            self._failed(failure)
        return self._last_good()

    def _failed(self, failure: Refused) -> None:
        self._failure = failure
        self._pause()
        if self._copy is not None:
            facts = {"url": self._url} | failure.facts
            self._log.warning("provider.refresh_failed", document=self._name, code=failure.code, **facts)

    def _last_good(self) -> Entry[T]:
        if self._copy is not None and self._clock() - self._copy.fetched_at < self._lifetime.usable:
            return self._copy
        raise Refused(self._failure.code, **self._failure.facts) from self._failure

    def _pause(self) -> None:
        self._cools_until = self._clock() + self._lifetime.cooldown
