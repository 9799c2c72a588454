"""A report of this installation that can be shared."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from romm.diagnosis.doctors import Doctors
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.diagnosis import report
from romm.domain.diagnosis.findings import Finding
from romm.domain.diagnosis.history import LogLine
from romm.domain.diagnosis.report import Surroundings
from romm.domain.errors import Refused, required
from romm.ports.diagnosis import Storage
from romm.ports.process import Clock

LAST_REFUSALS = 50
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Reports:
    """Works without a readable database."""

    doctors: Doctors
    storage: Storage
    surroundings: Surroundings
    clock: Clock

    async def report(self, actor: Actor, seconds: float = PATIENCE_SECONDS) -> str:
        """As Markdown, without checks that take longer. Raises `Refused(FORBIDDEN)`."""
        required(may(actor, Action.DIAGNOSE))
        required(may(actor, Action.READ_SIGN_INS))
        findings: list[Finding] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for finding in self.doctors.findings(actor):
                    findings.append(finding)  # noqa: PERF401  (findings made in time are kept)
        people, refusals = await self._stored(report.words(findings))
        return report.report(self.clock(), self.surroundings, findings, refusals, people)

    async def _stored(self, words: Collection[str]) -> tuple[Sequence[str], Sequence[LogLine] | None]:
        try:
            if await self.storage.revision() != self.storage.newest:
                return (), None
            lines = [each for each in await self.storage.sign_ins() if each.outcome == "refused" and each.code]
            people = [*await self.storage.issuers(), *await self.storage.personal(words)]
            return people, lines[:LAST_REFUSALS]
        except Refused:
            return (), None
