"""The doctor in the background, and its last verdict."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Never

from romm.diagnosis.doctors import Doctors
from romm.domain.credentials.permissions import COMMAND_LINE, Action, Actor, may
from romm.domain.diagnosis.findings import Finding, Outcome, has_failed, summary
from romm.domain.errors import Refused, required
from romm.ports.diagnosis import Checkup, CheckupStore
from romm.ports.process import Clock, Log

AFTER_START = timedelta(seconds=10)
"""So that it competes with no sign-in of the start."""

LOOK_EVERY = timedelta(minutes=1)
LONGEST = timedelta(minutes=1)
"""A checkup ends after it: with `LEAST_APART` never two run at once."""

LEAST_APART = timedelta(minutes=2)
"""Also when the service restarts again and again."""


@dataclass(frozen=True, kw_only=True)
class Checkups:
    """All workers and hosts with one database share a verdict. `every` is zero for never."""

    doctors: Doctors
    store: CheckupStore
    every: timedelta
    log: Log
    clock: Clock
    longest: timedelta = LONGEST

    async def last(self, actor: Actor) -> Checkup | None:
        """None before the first, and if there will be no more. Raises `Refused(FORBIDDEN)`."""
        required(may(actor, Action.DIAGNOSE))
        return await self.store.last() if self.every else None

    async def renew(self, actor: Actor, findings: Sequence[Finding]) -> None:
        """With a page's findings, unless it did not wait for all checks. Raises `Refused(FORBIDDEN)`."""
        required(may(actor, Action.DIAGNOSE))
        if has_failed(findings) or all(each.outcome is not Outcome.SKIPPED for each in findings):
            with suppress(Refused):  # a database that takes nothing is among the findings
                await self.store.keep(Checkup(at=self.clock(), findings=tuple(findings)))

    async def keep_watch(self, after_start: timedelta = AFTER_START, look_every: timedelta = LOOK_EVERY) -> Never:
        """A restart makes a new verdict due: settings may have changed."""
        await asyncio.sleep(after_start.total_seconds())
        await self._look(LEAST_APART)
        while True:
            await asyncio.sleep(look_every.total_seconds())
            await self._look(self.every)

    async def _look(self, apart: timedelta) -> None:
        try:
            await self.examine(max(apart, LEAST_APART))
        except Refused as refused:  # no database now; the next look may find it
            self.log.info("doctor.not_examined", code=refused.code)
        except Exception as error:  # a fault at one look must not silently end all others
            self.log.error("unexpected", problem=type(error).__name__, exc_info=error)

    async def examine(self, apart: timedelta) -> bool:
        """False without a verdict, also if a worker began one within `apart`."""
        now = self.clock()
        if not self.every or not await self.store.begin(now, now - apart):
            return False
        try:
            async with asyncio.timeout(self.longest.total_seconds()):
                findings = [finding async for finding in self.doctors.findings(COMMAND_LINE)]
        except TimeoutError:
            self.log.warning("doctor.too_slow", seconds=self.longest.total_seconds())
            return False
        await self.store.keep(Checkup(at=self.clock(), findings=tuple(findings)))
        self._report(findings)
        return True

    def _report(self, findings: list[Finding]) -> None:
        write = self.log.warning if has_failed(findings) else self.log.info
        write("doctor.examined", summary=summary(findings))
