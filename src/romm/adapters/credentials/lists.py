"""Each listed kind has a partial index."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from romm.adapters.credentials.store import OWNED, owned
from romm.adapters.database.account_rows import ORDER
from romm.adapters.database.ranges import ROWS_AT_ONCE
from romm.adapters.database.tables import CredentialRow
from romm.adapters.database.transactions import Database
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.model import Account
from romm.ports.process import Clock

# In the statement's text: a parameter fits no partial index.
_OPEN = (
    CredentialRow.kind == bindparam("listed_kind", literal_execute=True),
    CredentialRow.expires_at > bindparam("now"),
)
_NEWEST = select(CredentialRow.id).where(*_OPEN).order_by(CredentialRow.id.desc()).limit(bindparam("most"))
_OLDER = _NEWEST.where(CredentialRow.id < bindparam("before"))
_THESE = OWNED.where(CredentialRow.id.in_(bindparam("ids", expanding=True))).order_by(CredentialRow.id.desc(), *ORDER)
_NUMBERED = OWNED.where(*_OPEN, CredentialRow.id == bindparam("number")).order_by(*ORDER)


class SQLCredentialLists:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def listed(self, kind: Kind, limit: int, before: int | None = None) -> Sequence[tuple[Credential, Account]]:
        asked: dict[str, Any] = {"listed_kind": kind.value, "now": self._clock(), "most": limit}
        if before is None:
            rows = await self._database.fetch(_NEWEST, asked)
        else:
            rows = await self._database.fetch(_OLDER, asked | {"before": before})
        ids, found = [number for (number,) in rows], []
        for start in range(0, len(ids), ROWS_AT_ONCE):
            found += owned(await self._database.fetch(_THESE, {"ids": ids[start : start + ROWS_AT_ONCE]}))
        return found

    async def numbered(self, kind: Kind, number: int) -> tuple[Credential, Account] | None:
        asked = {"listed_kind": kind.value, "now": self._clock(), "number": number}
        return next(iter(owned(await self._database.fetch(_NUMBERED, asked))), None)
