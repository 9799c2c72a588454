"""The doctor for a provider's settings before their use. Keeps nothing."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from romm.credentials.rate_limits import Rates
from romm.diagnosis.doctor import Doctor
from romm.domain import hosts
from romm.domain.credentials import step_up
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.credentials.rate_limits import RateLimitKey
from romm.domain.credentials.step_up import Lasting
from romm.domain.diagnosis.findings import Finding
from romm.domain.errors import required
from romm.domain.limits import CANDIDATE_CHECKS
from romm.ports.process import Clock, Log
from romm.settings.candidate import ProviderCandidate, check_text

Examine = Callable[[ProviderCandidate], AbstractAsyncContextManager[Doctor]]
"""RomM with these settings, in memory, until the end of the context."""


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Its requests go to an address of the administrator's choice: it needs a fresh proof and has a limit."""

    examine: Examine
    rates: Rates
    log: Log
    clock: Clock

    async def check(self, actor: Actor, candidate: ProviderCandidate, seconds: float) -> list[Finding]:
        """Skips checks not known in time. Raises `Refused`."""
        required(may(actor, Action.CHECK_CANDIDATE))
        required(step_up.check(actor, Lasting.CANDIDATE_CHECK, self.clock()))
        required(check_text(candidate))
        await self.rates.check(RateLimitKey(CANDIDATE_CHECKS))
        self.log.info("provider.candidate_checked", by=actor.name, place=hosts.origin(candidate.address.strip()))
        async with self.examine(candidate) as doctor:
            return await doctor.within(actor, seconds)
