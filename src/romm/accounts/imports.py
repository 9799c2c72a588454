"""Import the users of an existing RomM, after a preview."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from romm.domain.accounts.imports import Decision, Import, Skip, decide
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.errors import required
from romm.ports.accounts import ForeignUsers, Imports
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock


@dataclass(frozen=True, kw_only=True)
class ImportUsers:
    """Never changes existing accounts."""

    source: ForeignUsers
    imports: Imports
    clock: Clock

    async def plan(self, actor: Actor) -> tuple[Decision, ...]:
        """Writes nothing. Raises `Refused`, also IMPORT_UNREADABLE."""
        required(may(actor, Action.IMPORT_ACCOUNTS))
        return decide(await self.source.read(), await self.imports.existing_accounts(), self.clock())

    async def carry_out(self, actor: Actor, plan: Iterable[Decision]) -> tuple[Decision, ...]:
        """A second run completes an interrupted one. Raises `Refused`."""
        required(may(actor, Action.IMPORT_ACCOUNTS))
        return tuple([await self._carry_out(decision) for decision in plan])

    async def _carry_out(self, decision: Decision) -> Decision:
        match decision:
            case Import():
                try:
                    await self.imports.add(decision, self.clock())
                except Conflict as conflict:
                    return Skip(decision.found, f"its {conflict.what} was taken meanwhile; run the import again")
            case Skip():
                pass
            case _:
                assert_never(decision)
        return decision
