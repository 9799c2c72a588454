"""The schema's state, the accounts and the last sign-ins, for the doctor."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from romm.adapters.database import migrations
from romm.adapters.database.account_rows import COLUMNS, LINKED, ORDER, accounts
from romm.adapters.database.tables import IdentityRow, SignInRow
from romm.adapters.database.transactions import HEAD, Database
from romm.domain.diagnosis.history import LINES_READ, LogLine
from romm.domain.errors import Code
from romm.domain.model import Account

_ACCOUNTS = select(*COLUMNS).outerjoin(IdentityRow, LINKED).order_by(*ORDER)
_SIGN_INS = (
    select(SignInRow.at, SignInRow.method, SignInRow.outcome, SignInRow.issuer, SignInRow.code, SignInRow.warning)
    .order_by(SignInRow.id.desc())
    .limit(LINES_READ)
)


class DatabaseStorage:
    """Opens a connection for each look."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def is_embedded(self) -> bool:
        return self._url.startswith("sqlite")

    @property
    def newest(self) -> str:
        return HEAD

    async def revision(self) -> str | None:
        """A missing SQLite file counts as empty: connecting would create it, perhaps as another user."""
        if not migrations.exists(self._url):
            return None
        database = Database(self._url)
        try:
            found = await database.revision()
            if found == HEAD:
                await database.check_write()
            return found
        finally:
            await database.close()

    async def accounts(self) -> Sequence[Account]:
        database = Database(self._url)
        try:
            return accounts(await database.fetch(_ACCOUNTS, {}))
        finally:
            await database.close()

    async def sign_ins(self) -> Sequence[LogLine]:
        database = Database(self._url)
        try:
            return [_line(*row) for row in await database.fetch(_SIGN_INS, {})]
        finally:
            await database.close()


def _line(
    at: datetime, method: str, outcome: str, issuer: str | None, code: str | None, warning: str | None
) -> LogLine:
    known = Code(code) if code in set(Code) else None
    return LogLine(at=at, method=method, outcome=outcome, issuer=issuer, code=known, warning=warning)
