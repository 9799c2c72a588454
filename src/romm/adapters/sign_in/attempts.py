"""Used login attempts and their outcomes."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from romm.adapters.database.forgetting import Forgetting
from romm.adapters.database.prepared import execute
from romm.adapters.database.tables import AttemptRow
from romm.adapters.database.transactions import Database, forget
from romm.domain.sign_in.outcomes import Outcome
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock
from romm.ports.sign_in import UsedAttempt

REMEMBERED = timedelta(hours=1)
"""Counted from the attempt's expiry."""

_TAKE = insert(AttemptRow)
_FORGET = forget(AttemptRow.state_digest, AttemptRow.expires_at < bindparam("long_ago"))
_CONCLUDE = (
    update(AttemptRow)
    .where(AttemptRow.state_digest == bindparam("state"), AttemptRow.outcome.is_(None))
    .values(outcome=bindparam("how"))
)
_RECALL = select(AttemptRow.taken_at, AttemptRow.outcome).where(AttemptRow.state_digest == bindparam("state"))


class SQLAttempts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._forgetting = Forgetting(_FORGET)

    async def take(self, state_digest: str, expires_at: datetime) -> bool:
        now = self._clock()
        row = {"state_digest": state_digest, "taken_at": now, "outcome": None, "expires_at": expires_at}

        def work(connection: Connection) -> None:
            execute(connection, _TAKE, row)
            self._forgetting.beside(connection, now, {"long_ago": now - REMEMBERED})

        try:
            await self._database.write(work)
        except Conflict:
            return False
        return True

    async def conclude(self, state_digest: str, outcome: Outcome) -> None:
        await self._database.write(lambda connection: conclude(connection, state_digest, outcome))

    async def recall(self, state_digest: str) -> UsedAttempt | None:
        for taken_at, outcome in await self._database.fetch(_RECALL, {"state": state_digest}):
            return UsedAttempt(taken_at=taken_at, outcome=outcome and msgspec.json.decode(outcome, type=Outcome))
        return None


def conclude(connection: Connection, state_digest: str, outcome: Outcome) -> None:
    execute(connection, _CONCLUDE, {"state": state_digest, "how": msgspec.json.encode(outcome).decode()})
