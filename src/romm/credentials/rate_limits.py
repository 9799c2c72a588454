"""Use case: rate limits, shared by all workers."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from romm.domain.credentials import rate_limits
from romm.domain.credentials.rate_limits import Limit, RateLimitKey, by_address
from romm.domain.errors import Code, Refuse, Refused
from romm.ports.credentials import Throttles
from romm.ports.process import Clock


@dataclass(frozen=True)
class Rates:
    throttles: Throttles
    clock: Clock

    async def check(self, *counters: RateLimitKey) -> None:
        """Raises `Refused(TOO_MANY_REQUESTS)`.

        // An attempt that finds a full counter counts nowhere: one address must not exhaust a shared counter. The count after
        the write decides, so that parallel requests cannot exceed the limit.
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
class FailureLimit:
    """Free for what succeeds: each process remembers the addresses over the limit, from counts that all share."""

    rates: Rates
    limit: Limit
    clock: Clock
    _until: dict[str, datetime] = field(default_factory=dict)

    def judge(self, address: str) -> Refuse | None:
        """The refusal if over the limit."""
        until, now = self._until.get(by_address(self.limit, address).who), self.clock()
        if until is None or now >= until:
            return None
        left = -(-(until - now) // timedelta(seconds=1))
        return Refuse(Code.TOO_MANY_REQUESTS, {"what": self.limit.name, "retry_after": left})

    async def count(self, address: str) -> None:
        tally, now = by_address(self.limit, address), self.clock()
        try:
            await self.rates.check(tally)
        except Refused as full:
            if full.code is not Code.TOO_MANY_REQUESTS:
                raise
            kept = {who: until for who, until in self._until.items() if until > now}
            self._until.clear()
            self._until.update(kept | {tally.who: now + self.limit.window})
