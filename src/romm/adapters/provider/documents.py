"""A document that the provider publishes and that changes rarely: its metadata, its keys.

Whoever needs it first fetches it while the others wait; when a refresh fails, the last good copy stays in use.
"""

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
    """In seconds.

    A copy is used unasked while `fresh`, and while `usable` when asking fails. After a fetch that failed, or that was
    wanted out of turn, nobody asks again during `pause`.
    """

    fresh: float
    usable: float
    cooldown: float


class Entry(Struct, Generic[T], frozen=True):
    """A judged document and when it came, in seconds of a monotonic clock."""

    value: T
    fetched_at: float


class CachedDocument(Generic[T]):
    """One document. `fetch` gets it from its URL and judges it; it raises `Refused` when it may not be used."""

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
        self._failure = Refused(Code.PROVIDER_UNAVAILABLE, problem="nobody asked yet")
        self._cools_until = -math.inf

    @property
    def known(self) -> T | None:
        """The copy in memory, however old."""
        return None if self._copy is None else self._copy.value

    def invalidate(self) -> None:
        """Ask again at the next `get`: something that the document says has just proved wrong."""
        self._doubted_at = self._clock()

    async def get(self, url: str, newer_than: float | None = None) -> T:
        """The document at `url`; with `newer_than` a copy fetched after that moment, as far as `pause` allows.

        Raises what `fetch` raised when there is no copy to fall back on.
        """
        copy = self._good_enough(url, newer_than)
        if copy is None:
            async with self._lock:
                copy = await self._refreshed(url, newer_than)
        return copy.value

    async def confirmed(self, url: str, max_age: float) -> T:
        """A copy that is at most `max_age` seconds old. An older one counts unless its publisher is not there (`_AWAY`)."""
        wanted = self._clock() - max_age
        value = await self.get(url, newer_than=wanted)
        is_old = self._copy is None or self._copy.fetched_at <= wanted
        if is_old and self._failure.code in _AWAY:
            raise Refused(self._failure.code, **self._failure.facts) from self._failure
        return value

    def _good_enough(self, url: str, newer_than: float | None) -> Entry[T] | None:
        if self._copy is None or url != self._url:
            return None
        wanted = self._clock() - self._lifetime.fresh if newer_than is None else newer_than
        return self._copy if self._copy.fetched_at > max(wanted, self._doubted_at) else None

    async def _refreshed(self, url: str, newer_than: float | None) -> Entry[T]:
        if (copy := self._good_enough(url, newer_than)) is not None:  # somebody fetched it while we waited
            return copy
        if url != self._url:
            self._url, self._copy, self._cools_until = url, None, -math.inf
        if self._clock() < self._cools_until:
            return self._last_good()
        if newer_than is not None:
            self._pause()
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
