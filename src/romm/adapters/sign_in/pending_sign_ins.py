"""Pending sign-ins in the database, deleted after they expire."""

from typing import Any

import msgspec
from msgspec.structs import asdict
from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from romm.adapters.credentials.store import require_unchanged
from romm.adapters.database.tables import PendingSignInRow
from romm.adapters.database.transactions import Database, forget
from romm.domain.model import Account
from romm.domain.sign_in.claims.rules import Claims
from romm.domain.sign_in.linking.pending import PendingSignIn
from romm.ports.process import Clock

_COLUMNS = tuple(getattr(PendingSignInRow, name) for name in PendingSignIn.__struct_fields__)
_THIS = PendingSignInRow.digest == bindparam("key")
_PUT = insert(PendingSignInRow)
_FIND = select(*_COLUMNS).where(_THIS)
_TAKE = delete(PendingSignInRow).where(_THIS).returning(*_COLUMNS)
_FORGET = forget(PendingSignInRow.digest, PendingSignInRow.expires_at < bindparam("now"))


class SQLPendingSignIns:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def put(self, seen: Account, pending: PendingSignIn) -> None:
        values = asdict(pending) | {"claims": msgspec.json.encode(pending.claims).decode()}
        now = self._clock()

        def work(connection: Connection) -> None:
            require_unchanged(connection, seen)
            connection.execute(_FORGET, {"now": now})
            connection.execute(_PUT, values)

        await self._database.write(work)

    async def find(self, digest: str) -> PendingSignIn | None:
        rows = await self._database.fetch(_FIND, {"key": digest})
        return _pending(rows[0]) if rows else None

    async def take(self, digest: str) -> PendingSignIn | None:
        row = await self._database.write(lambda connection: connection.execute(_TAKE, {"key": digest}).first())
        return None if row is None else _pending(row)


def _pending(row: Row[Any]) -> PendingSignIn:
    fields = dict(zip(PendingSignIn.__struct_fields__, row, strict=True))
    return PendingSignIn(**fields | {"claims": msgspec.json.decode(fields["claims"], type=Claims)})
