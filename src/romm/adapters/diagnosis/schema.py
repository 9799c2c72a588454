"""What the doctor reads in the database."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import select

from romm.adapters.database import migrations
from romm.adapters.database.links import SQLLinks
from romm.adapters.database.tables import SignInRow
from romm.adapters.database.transactions import HEAD, Database
from romm.domain.diagnosis.history import LINES_READ, LogLine
from romm.domain.errors import Code

_SIGN_INS = (
    select(SignInRow.at, SignInRow.method, SignInRow.outcome, SignInRow.issuer, SignInRow.code, SignInRow.warning)
    .order_by(SignInRow.id.desc())
    .limit(LINES_READ)
)


class DatabaseStorage:
    """Connects for each look."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def is_embedded(self) -> bool:
        return self._url.startswith("sqlite")

    @property
    def newest(self) -> str:
        return HEAD

    async def revision(self) -> str | None:
        """Does not connect to a missing SQLite file: that would create it, perhaps as another user."""
        if not migrations.exists(self._url):
            return None
        async with self._opened() as database:
            found = await database.revision()
            if found == HEAD:
                await database.check_write()
            return found

    async def issuers(self) -> Sequence[str]:
        async with self._opened() as database:
            return await SQLLinks(database).issuers()

    async def only_linked_to(self, issuer: str, opening: Collection[str]) -> int:
        async with self._opened() as database:
            return await SQLLinks(database).only_linked_to(issuer, opening)

    async def number_of_accounts(self) -> int | None:
        async with self._opened() as database:
            return await SQLLinks(database).number_of_accounts()

    async def personal(self, words: Collection[str]) -> Sequence[str]:
        async with self._opened() as database:
            return await SQLLinks(database).personal(words)

    async def sign_ins(self) -> Sequence[LogLine]:
        async with self._opened() as database:
            return [_line(*row) for row in await database.fetch(_SIGN_INS, {})]

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Database]:
        database = Database(self._url)
        try:
            yield database
        finally:
            await database.close()


def _line(
    at: datetime, method: str, outcome: str, issuer: str | None, code: str | None, warning: str | None
) -> LogLine:
    known = Code(code) if code in set(Code) else None
    return LogLine(at=at, method=method, outcome=outcome, issuer=issuer, code=known, warning=warning)
