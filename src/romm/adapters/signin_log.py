"""The sign-in log in the database, as long as it is to be kept and no longer."""

from datetime import datetime, timedelta

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from msgspec.structs import asdict
from sqlalchemy import delete

from romm.adapters.database import Database
from romm.adapters.tables import SignInRow
from romm.ports import SignInEntry

FORGET_EVERY = timedelta(hours=1)


class _Repository(SQLAlchemyAsyncRepository[SignInRow]):
    model_type = SignInRow


class SQLSignInLog:
    """`ports.SignInLog` in the database."""

    def __init__(self, database: Database, retention: timedelta) -> None:
        self._database = database
        self._retention = retention
        self._forgot_at: datetime | None = None

    async def add(self, entry: SignInEntry) -> None:
        async with self._database.write() as session:
            lines = _Repository(session=session, wrap_exceptions=False)
            await lines.add(SignInRow(**asdict(entry)), auto_refresh=False)
            if self._forgot_at is None or entry.at - self._forgot_at >= FORGET_EVERY:
                await session.execute(delete(SignInRow).where(SignInRow.at < entry.at - self._retention))
                self._forgot_at = entry.at
