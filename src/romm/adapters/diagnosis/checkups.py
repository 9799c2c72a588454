"""The last checkup, in one row: the worker that updates it first examines."""

from datetime import datetime

from msgspec import MsgspecError, json
from sqlalchemy import Connection, bindparam, insert, select, update

from romm.adapters.database.tables import CheckupRow
from romm.adapters.database.transactions import Database
from romm.domain.diagnosis.findings import Finding
from romm.ports.conflicts import Conflict
from romm.ports.diagnosis import Checkup

_NAME = "doctor"
_OWN = CheckupRow.name == _NAME
_LAST = select(CheckupRow.at, CheckupRow.findings).where(_OWN, CheckupRow.at.is_not(None))
_BEGIN = update(CheckupRow).where(_OWN, CheckupRow.begun_at <= bindparam("since")).values(begun_at=bindparam("now"))
_IS_THERE = select(CheckupRow.name).where(_OWN)
_KEEP = update(CheckupRow).where(_OWN)


class SQLCheckups:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, now: datetime, since: datetime) -> bool:
        def work(connection: Connection) -> bool:
            if connection.execute(_BEGIN, {"now": now, "since": since}).rowcount:
                return True
            if connection.execute(_IS_THERE).first() is not None:
                return False
            connection.execute(insert(CheckupRow), {"name": _NAME, "begun_at": now, "findings": ""})
            return True

        try:
            return await self._database.write(work)
        except Conflict:  # another worker made the row
            return False

    async def keep(self, checkup: Checkup) -> None:
        kept = {"at": checkup.at, "findings": json.encode(checkup.findings).decode()}

        def work(connection: Connection) -> None:
            if not connection.execute(_KEEP.values(kept)).rowcount:  # a page was faster than the first checkup
                connection.execute(insert(CheckupRow), {"name": _NAME, "begun_at": checkup.at, **kept})

        try:
            await self._database.write(work)
        except Conflict:  # another worker made the row
            await self._database.write(work)

    async def last(self) -> Checkup | None:
        rows = await self._database.fetch(_LAST, {})
        if not rows:
            return None
        at, findings = rows[0]
        try:
            return Checkup(at=at, findings=json.decode(findings, type=tuple[Finding, ...]))
        except MsgspecError:  # of another version, with other checks
            return None
