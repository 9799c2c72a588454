"""The sign-in log in the database, as long as it is to be kept and no longer."""

from datetime import datetime, timedelta

from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, delete, insert

from romm.adapters.database import Database
from romm.adapters.tables import SignInRow
from romm.ports import SignInEntry

FORGET_EVERY = timedelta(hours=1)


_ADD = insert(SignInRow)
_FORGET = delete(SignInRow).where(SignInRow.at < bindparam("long_ago"))


class SQLSignInLog:
    """`ports.SignInLog` in the database."""

    def __init__(self, database: Database, retention: timedelta) -> None:
        self._database = database
        self._retention = retention
        self._forgot_at: datetime | None = None

    async def add(self, entry: SignInEntry) -> None:
        forgets = self._forgot_at is None or entry.at - self._forgot_at >= FORGET_EVERY

        def work(connection: Connection) -> None:
            connection.execute(_ADD, asdict(entry))
            if forgets:
                connection.execute(_FORGET, {"long_ago": entry.at - self._retention})

        await self._database.write(work)
        if forgets:
            self._forgot_at = entry.at
