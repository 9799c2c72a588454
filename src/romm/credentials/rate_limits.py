"""Use case: let something be tried only so often, whichever worker it comes to."""

from dataclasses import dataclass

from romm.domain.credentials import rate_limits
from romm.domain.credentials.rate_limits import RateLimitKey
from romm.domain.errors import Refused
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
