"""Use case: let something be tried only so often, whichever worker it comes to."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from romm.domain.credentials import rate_limits
from romm.domain.credentials.rate_limits import Limit, RateLimitKey, by_address
from romm.domain.errors import Code, Refuse, Refused
from romm.ports.credentials import Throttles
from romm.ports.process import Clock


@dataclass(frozen=True)
class Rates:
    """Counts tries for all workers together, beside the failed passwords and under keys of its own."""

    throttles: Throttles
    clock: Clock

    async def check(self, *tallies: RateLimitKey) -> None:
        """Count one try in each tally. Raises `Refused(TOO_MANY_REQUESTS)` when one is full.

        Who finds one full is counted in none, so that one address alone cannot fill what all share. However many come at
        once, no more than the limit are let through: what was counted decides, not what was read.
        """
        now = self.clock()
        read = await self.throttles.read([key for tally in tallies for key in tally.keys(now)])
        counted = {each.key: each.count for each in read}
        if refuse := rate_limits.check_limit(tallies, counted, now, more=1):
            raise Refused.by(refuse)
        after = await self.throttles.count([tally.keys(now)[0] for tally in tallies])
        counted |= {each.key: each.count for each in after}
        if refuse := rate_limits.check_limit(tallies, counted, now):
            raise Refused.by(refuse)


@dataclass(frozen=True)
class FailureLimit:
    """Limits failures of an address, at no cost for what succeeds: a process remembers which addresses are over the limit.

    It learns so when it counts a failure, which all processes do together.
    """

    rates: Rates
    limit: Limit
    clock: Clock
    _until: dict[str, datetime] = field(default_factory=dict)

    def judge(self, address: str) -> Refuse | None:
        """The refusal of an address that is over the limit."""
        until, now = self._until.get(by_address(self.limit, address).who), self.clock()
        if until is None or now >= until:
            return None
        left = -(-(until - now) // timedelta(seconds=1))
        return Refuse(Code.TOO_MANY_REQUESTS, {"what": self.limit.name, "retry_after": left})

    async def count(self, address: str) -> None:
        """One more failure of the address."""
        tally, now = by_address(self.limit, address), self.clock()
        try:
            await self.rates.check(tally)
        except Refused as full:
            if full.code is not Code.TOO_MANY_REQUESTS:
                raise
            kept = {who: until for who, until in self._until.items() if until > now}
            self._until.clear()
            self._until.update(kept | {tally.who: now + self.limit.window})
