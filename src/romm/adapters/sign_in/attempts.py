"""Login attempts in the database: each is given out once, then remembered without its secrets for a while.

The memory is for somebody who reloads the callback page: they get the same explanation again, not a mystery.
"""

from datetime import timedelta
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from romm.adapters.database.tables import AttemptRow
from romm.adapters.database.transactions import Database, forget
from romm.domain.sign_in.authorization import LoginAttempt, Purpose
from romm.ports.process import Clock
from romm.ports.sign_in import AttemptOutcome

REMEMBERED = timedelta(hours=1)
"""How long after its expiry an attempt can still be recalled."""

_FIELDS = LoginAttempt.__struct_fields__
_UNTAKEN = (
    AttemptRow.state_digest == bindparam("state"),
    AttemptRow.browser_key_digest == bindparam("browser_key"),
    AttemptRow.taken_at.is_(None),
)
_PUT = insert(AttemptRow)
_FORGET = forget(AttemptRow.state_digest, AttemptRow.expires_at < bindparam("long_ago"))
_READ = select(*(getattr(AttemptRow, name) for name in _FIELDS)).where(*_UNTAKEN)
_TAKE = update(AttemptRow).where(*_UNTAKEN).values(taken_at=bindparam("now"), nonce=None, code_verifier=None)
_CONCLUDE = (
    update(AttemptRow)
    .where(
        AttemptRow.state_digest == bindparam("state"), AttemptRow.taken_at.is_not(None), AttemptRow.outcome.is_(None)
    )
    .values(outcome=bindparam("how"))
)
_RECALL = select(AttemptRow.taken_at, AttemptRow.outcome, AttemptRow.return_to).where(
    AttemptRow.state_digest == bindparam("state")
)


class SQLAttempts:
    """`ports.Attempts` in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def put(self, attempt: LoginAttempt) -> None:
        long_ago = self._clock() - REMEMBERED

        def work(connection: Connection) -> None:
            connection.execute(_FORGET, {"long_ago": long_ago})
            connection.execute(_PUT, asdict(attempt))

        await self._database.write(work)

    async def take(self, state_digest: str, browser_key_digest: str) -> LoginAttempt | None:
        key = {"state": state_digest, "browser_key": browser_key_digest}
        now = self._clock()

        def work(connection: Connection) -> Row[Any] | None:
            # RETURNING would give the values after the update, and the secrets are gone by then. Of several who read
            # them at the same time one does the update; for the others `taken_at` is no longer null.
            row = connection.execute(_READ, key).first()
            return row if connection.execute(_TAKE, {**key, "now": now}).rowcount else None

        row = await self._database.write(work)
        if row is None:
            return None
        return LoginAttempt(**dict(zip(_FIELDS, row, strict=True)) | {"purpose": Purpose(row.purpose)})

    async def conclude(self, state_digest: str, outcome: str) -> None:
        parameters = {"state": state_digest, "how": outcome}
        await self._database.write(lambda connection: connection.execute(_CONCLUDE, parameters).rowcount)

    async def recall(self, state_digest: str) -> AttemptOutcome | None:
        for row in await self._database.fetch(_RECALL, {"state": state_digest}):
            return AttemptOutcome(taken=row.taken_at is not None, outcome=row.outcome, return_to=row.return_to)
        return None
