"""Password failures and rate limits, shared by all workers."""

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest

from sqlalchemy import Connection, bindparam, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same syntax

from romm.adapters.database.tables import FailuresRow, KnownAddressRow
from romm.adapters.database.transactions import Database, forget
from romm.domain.errors import Refuse
from romm.domain.sign_in.throttle import FORGOTTEN_AFTER, KNOWN_FOR, Failures
from romm.ports.credentials import Decide
from romm.ports.process import Clock

_FEW = ("own", "account", "address")  # as many as a password has
_COUNTERS = select(FailuresRow.key, FailuresRow.count, FailuresRow.last_at, FailuresRow.tried)
_READ = _COUNTERS.where(FailuresRow.key.in_(bindparam("keys", expanding=True)))
_READ_FEW = _COUNTERS.where(FailuresRow.key.in_([bindparam(name) for name in _FEW]))
_FORGET = delete(FailuresRow).where(FailuresRow.key == bindparam("forgotten"))
_FORGET_OLD = forget(FailuresRow.key, FailuresRow.last_at < bindparam("long_ago"))
_FORGET_LOCKS = delete(FailuresRow).where(FailuresRow.count == 0)
_STORE = update(FailuresRow).where(FailuresRow.key == bindparam("stored"))
_KNOWN = select(KnownAddressRow.seen_at).where(KnownAddressRow.key == bindparam("known_address"))
_FORGET_KNOWN = forget(KnownAddressRow.key, KnownAddressRow.seen_at < bindparam("long_ago"))


class SQLThrottles:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, keys: Sequence[str]) -> list[Failures]:
        if len(keys) > len(_FEW):
            return [Failures(*row) for row in await self._database.fetch(_READ, {"keys": keys})]
        few = dict(zip_longest(_FEW, keys, fillvalue=""))
        return [Failures(*row) for row in await self._database.lookup(_READ_FEW, few)]

    async def count(self, keys: Sequence[str]) -> list[Failures]:
        now, in_order = self._clock(), sorted(keys)  # same order in every worker, against deadlocks

        def work(connection: Connection) -> list[Failures]:
            connection.execute(_FORGET_OLD, {"long_ago": now - FORGOTTEN_AFTER})
            return [_count(connection, key, now) for key in in_order]

        return await self._database.write(work)

    async def update(self, keys: Sequence[str], decide: Decide) -> Refuse | tuple[Failures, ...]:
        now, in_order = self._clock(), sorted(keys)

        def work(connection: Connection) -> Refuse | tuple[Failures, ...]:
            connection.execute(_FORGET_OLD, {"long_ago": now - FORGOTTEN_AFTER})
            locked = [_lock(connection, key, now) for key in in_order]
            decided = decide({each.key: each for each in locked if each.count})
            for each in () if isinstance(decided, Refuse) else decided:
                new = {"count": each.count, "last_at": each.last_at, "tried": each.tried}
                connection.execute(_STORE.values(new), {"stored": each.key})
            connection.execute(_FORGET_LOCKS.where(FailuresRow.key.in_(in_order)))
            return decided

        return await self._database.write(work)

    async def forget(self, key: str) -> None:
        await self._database.write(lambda connection: connection.execute(_FORGET, {"forgotten": key}).rowcount)

    async def known_since(self, known_address: str) -> datetime | None:
        rows = await self._database.lookup(_KNOWN, {"known_address": known_address})
        return next((seen_at for (seen_at,) in rows), None)

    async def note_known(self, known_address: str) -> None:
        now = self._clock()
        new = insert(KnownAddressRow).values(key=known_address, seen_at=now)
        noted = new.on_conflict_do_update(index_elements=[KnownAddressRow.key], set_={"seen_at": now})

        def work(connection: Connection) -> None:
            connection.execute(_FORGET_KNOWN, {"long_ago": now - KNOWN_FOR})
            connection.execute(noted)

        await self._database.write(work)


def _lock(connection: Connection, key: str, now: datetime) -> Failures:
    """The newest counter, 0 if missing or old. Locks it until the transaction ends."""
    is_old = FailuresRow.last_at < now - FORGOTTEN_AFTER
    kept = {"count": case((is_old, 0), else_=FailuresRow.count), "tried": case((is_old, ""), else_=FailuresRow.tried)}
    locked = (
        insert(FailuresRow)
        .values(key=key, count=0, last_at=now)
        .on_conflict_do_update(index_elements=[FailuresRow.key], set_=kept)
        .returning(FailuresRow.key, FailuresRow.count, FailuresRow.last_at, FailuresRow.tried)
    )
    return Failures(*connection.execute(locked).one())


def _count(connection: Connection, key: str, now: datetime) -> Failures:
    is_old = FailuresRow.last_at < now - FORGOTTEN_AFTER  # perhaps not deleted yet
    again = {"count": case((is_old, 1), else_=FailuresRow.count + 1), "last_at": now}
    new = insert(FailuresRow).values(key=key, count=1, last_at=now)
    counted = new.on_conflict_do_update(index_elements=[FailuresRow.key], set_=again).returning(FailuresRow.count)
    return Failures(key, connection.execute(counted).scalar_one(), now)
