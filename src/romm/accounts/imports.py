"""Use case: bring the users of an existing RomM along, seen first and done then."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from romm.domain.accounts.imports import Decision, Import, Skip, decide
from romm.ports.accounts import ForeignUsers, Imports
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock


@dataclass(frozen=True, kw_only=True)
class ImportUsers:
    """From an existing RomM's database to this one; never the other way, and never over an account that is here."""

    source: ForeignUsers
    imports: Imports
    clock: Clock

    async def plan(self) -> tuple[Decision, ...]:
        """What would happen to each user. Writes nothing. Raises `Refused` with `IMPORT_UNREADABLE`."""
        return decide(await self.source.read(), await self.imports.here(), self.clock())

    async def carry_out(self, plan: Iterable[Decision]) -> tuple[Decision, ...]:
        """What happened to each user; a run that is broken off is finished by the next one."""
        return tuple([await self._carry_out(decision) for decision in plan])

    async def _carry_out(self, decision: Decision) -> Decision:
        match decision:
            case Import():
                try:
                    await self.imports.add(decision, self.clock())
                except Conflict as conflict:
                    return Skip(decision.found, f"somebody took its {conflict.what} meanwhile; run the import again")
            case Skip():
                pass
            case _:
                assert_never(decision)
        return decision
