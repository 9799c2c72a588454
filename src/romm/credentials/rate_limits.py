"""Use case: rate limits, shared by all workers."""

from dataclasses import dataclass

from romm.domain.credentials import rate_limits
from romm.domain.credentials.rate_limits import RateLimitKey
from romm.domain.errors import Refused
from romm.ports.credentials import Throttles
from romm.ports.process import Clock


@dataclass(frozen=True)
class Rates:
    throttles: Throttles
    clock: Clock

    async def check(self, *counters: RateLimitKey) -> None:
        """Count one attempt. Raises `Refused(TOO_MANY_REQUESTS)`.

        An attempt that finds a full counter counts nowhere: one address must not exhaust a shared counter. The count
        after the write decides, so that parallel requests cannot exceed the limit.
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
