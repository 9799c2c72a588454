"""Password failures and rate limits, shared by all workers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same syntax

from romm.adapters.database.tables import FailuresRow
from romm.adapters.database.transactions import Database, forget
from romm.domain.sign_in.throttle import FORGOTTEN_AFTER, Failures
from romm.ports.process import Clock

_READ = select(FailuresRow.key, FailuresRow.count, FailuresRow.last_at).where(
    FailuresRow.key.in_(bindparam("keys", expanding=True))
)
_FORGET = delete(FailuresRow).where(FailuresRow.key == bindparam("forgotten"))
_FORGET_OLD = forget(FailuresRow.key, FailuresRow.last_at < bindparam("long_ago"))


class SQLThrottles:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, keys: Sequence[str]) -> list[Failures]:
        return [Failures(*row) for row in await self._database.fetch(_READ, {"keys": keys})]

    async def count(self, keys: Sequence[str]) -> list[Failures]:
        now, in_order = self._clock(), sorted(keys)  # same order in every worker, against deadlocks

        def work(connection: Connection) -> list[Failures]:
            connection.execute(_FORGET_OLD, {"long_ago": now - FORGOTTEN_AFTER})
            return [_count(connection, key, now) for key in in_order]

        return await self._database.write(work)

    async def forget(self, key: str) -> None:
        await self._database.write(lambda connection: connection.execute(_FORGET, {"forgotten": key}).rowcount)


def _count(connection: Connection, key: str, now: datetime) -> Failures:
    is_old = FailuresRow.last_at < now - FORGOTTEN_AFTER  # perhaps not deleted yet
    again = {"count": case((is_old, 1), else_=FailuresRow.count + 1), "last_at": now}
    new = insert(FailuresRow).values(key=key, count=1, last_at=now)
    counted = new.on_conflict_do_update(index_elements=[FailuresRow.key], set_=again).returning(FailuresRow.count)
    return Failures(key, connection.execute(counted).scalar_one(), now)
