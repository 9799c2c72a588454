"""Rate limits, shared by all workers."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from romm.domain.credentials import rate_limits
from romm.domain.credentials.rate_limits import RateLimitKey, by_address
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.limits import MOST_WAITING, Bound
from romm.ports.credentials import Throttles
from romm.ports.process import Clock


@dataclass(frozen=True)
class Rates:
    throttles: Throttles
    clock: Clock

    async def check(self, *counters: RateLimitKey) -> None:
        """Raises `Refused(TOO_MANY_REQUESTS)`.

        An attempt that finds a full counter counts nowhere: one address must not exhaust a shared counter. The count
        after the write decides: parallel requests cannot exceed the limit.
        """
        now = self.clock()
        read = await self.throttles.read([key for counter in counters for key in counter.keys(now)])
        counted = {each.key: each.count for each in read}
        if refuse := rate_limits.check_limit(counters, counted, now, more=1):
            raise Refused.by(refuse)
        after = await self.throttles.count([counter.keys(now)[0] for counter in counters])
        counted |= {each.key: each.count for each in after}
        if refuse := rate_limits.check_limit(counters, counted, now):
            raise Refused.by(refuse)


@dataclass(frozen=True)
class FairLimit:
    """Counts only what is not wanted. Each process remembers the addresses that have to wait.

    While all together exceed their limit, one try is enough to wait: an address without any still comes through.
    """

    rates: Rates
    bound: Bound
    clock: Clock
    most: int = MOST_WAITING
    _until: dict[str, datetime] = field(default_factory=dict)

    def judge(self, address: str) -> Refuse | None:
        """The refusal for an address that has to wait; with `most` of them waiting, every address has to."""
        now = self.clock()
        until = self._until.get(by_address(self.bound.each, address).who)
        if until is None and len(self._until) >= self.most:
            self._forget(now)
            until = min(self._until.values()) if len(self._until) >= self.most else None
        if until is None or now >= until:
            return None
        left = -(-(until - now) // timedelta(seconds=1))
        return Refuse(Code.TOO_MANY_REQUESTS, {"what": self.bound.each.name, "retry_after": left})

    async def count(self, address: str) -> None:
        counters = self.bound.of(address)
        try:
            await self.rates.check(*counters)
        except Refused as full:
            if full.code is not Code.TOO_MANY_REQUESTS:
                raise
            now = self.clock()
            self._forget(now)
            self._until[counters[0].who] = now + self.bound.each.window

    def _forget(self, now: datetime) -> None:
        for who in [who for who, until in self._until.items() if until <= now]:
            del self._until[who]
