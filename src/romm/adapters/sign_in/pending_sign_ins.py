"""Pending sign-ins, sealed for their browser."""

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from romm.adapters.credentials.store import require_unchanged
from romm.adapters.database.tables import PendingSignInRow
from romm.adapters.database.transactions import Database, forget
from romm.domain.digests import digest
from romm.domain.model import Account
from romm.domain.sign_in.linking.pending import PendingSignIn
from romm.ports.credentials import HolderSeal
from romm.ports.process import Clock

_SEALED = "a pending sign-in"
_COLUMNS = (PendingSignInRow.sealed,)
_THIS = PendingSignInRow.digest == bindparam("key")
_PUT = insert(PendingSignInRow)
_FIND = select(*_COLUMNS).where(_THIS)
_TAKE = delete(PendingSignInRow).where(_THIS).returning(*_COLUMNS)
_FORGET = forget(PendingSignInRow.digest, PendingSignInRow.expires_at < bindparam("now"))


class SQLPendingSignIns:
    def __init__(self, database: Database, clock: Clock, seal: HolderSeal) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal

    async def put(self, seen: Account, pending: PendingSignIn, secret: str) -> None:
        values = {
            "digest": digest(secret),
            "account_id": pending.account_id,
            "sealed": self._seal.seal(msgspec.json.encode(pending), secret, _SEALED),
            "expires_at": pending.expires_at,
        }
        now = self._clock()

        def work(connection: Connection) -> None:
            require_unchanged(connection, seen)
            connection.execute(_FORGET, {"now": now})
            connection.execute(_PUT, values)

        await self._database.write(work)

    async def find(self, secret: str) -> PendingSignIn | None:
        rows = await self._database.fetch(_FIND, {"key": digest(secret)})
        return self._opened(rows[0].sealed, secret) if rows else None

    async def take(self, secret: str) -> PendingSignIn | None:
        key = {"key": digest(secret)}
        row = await self._database.write(lambda connection: connection.execute(_TAKE, key).first())
        return None if row is None else self._opened(row.sealed, secret)

    def _opened(self, sealed: str, secret: str) -> PendingSignIn | None:
        content = self._seal.open(sealed, secret, _SEALED)
        return None if content is None else _decoded(content)


def _decoded(content: bytes) -> PendingSignIn | None:
    try:
        return msgspec.json.decode(content, type=PendingSignIn)
    except msgspec.MsgspecError:  # written by another version of RomM that runs at the same time
        return None
