"""Login attempts in the database: each is given out once, then remembered without its secrets for a while.

The memory is for somebody who reloads the callback page: they get the same explanation again, not a mystery.
"""

from datetime import timedelta

from msgspec.structs import asdict
from sqlalchemy import delete, insert, select, update

from romm.adapters.database import Database
from romm.adapters.tables import AttemptRow
from romm.domain.authorization import LoginAttempt, Purpose
from romm.ports import Clock, Recalled

REMEMBERED = timedelta(hours=1)
"""How long after its expiry an attempt can still be recalled."""

_FIELDS = LoginAttempt.__struct_fields__
_COLUMNS = tuple(getattr(AttemptRow, name) for name in _FIELDS)


class SQLAttempts:
    """`ports.Attempts` in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def put(self, attempt: LoginAttempt) -> None:
        async with self._database.write() as session:
            await session.execute(delete(AttemptRow).where(AttemptRow.expires_at < self._clock() - REMEMBERED))
            await session.execute(insert(AttemptRow).values(asdict(attempt)))

    async def take(self, state_digest: str, browser_key_digest: str) -> LoginAttempt | None:
        # RETURNING would give the values after the update, and the secrets are gone by then. Of several who read
        # them at the same time one does the update; for the others `taken_at` is no longer null.
        untaken = (
            AttemptRow.state_digest == state_digest,
            AttemptRow.browser_key_digest == browser_key_digest,
            AttemptRow.taken_at.is_(None),
        )
        taken = {"taken_at": self._clock(), "nonce": None, "code_verifier": None}
        async with self._database.write() as session:
            row = (await session.execute(select(*_COLUMNS).where(*untaken))).first()
            won = await session.scalar(update(AttemptRow).where(*untaken).values(taken).returning(AttemptRow.taken_at))
        if row is None or not won:
            return None
        return LoginAttempt(**dict(zip(_FIELDS, row, strict=True)) | {"purpose": Purpose(row.purpose)})

    async def conclude(self, state_digest: str, outcome: str) -> None:
        concluded = update(AttemptRow).where(
            AttemptRow.state_digest == state_digest,
            AttemptRow.taken_at.is_not(None),
            AttemptRow.outcome.is_(None),
        )
        async with self._database.write() as session:
            await session.execute(concluded.values(outcome=outcome))

    async def recall(self, state_digest: str) -> Recalled | None:
        columns = (AttemptRow.taken_at, AttemptRow.outcome, AttemptRow.return_to)
        async with self._database.read() as reader:
            row = (await reader.execute(select(*columns).where(AttemptRow.state_digest == state_digest))).first()
        if row is None:
            return None
        return Recalled(taken=row.taken_at is not None, outcome=row.outcome, return_to=row.return_to)
