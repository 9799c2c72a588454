"""The schema's state and the accounts, for the doctor."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import make_url, select

from romm.adapters.database.account_rows import COLUMNS, LINKED, ORDER, accounts
from romm.adapters.database.tables import IdentityRow, SignInRow
from romm.adapters.database.transactions import HEAD, Database
from romm.domain.diagnosis.report import Refusal
from romm.domain.model import Account

_ACCOUNTS = select(*COLUMNS).outerjoin(IdentityRow, LINKED).order_by(*ORDER)


_REFUSALS = (
    select(SignInRow.at, SignInRow.method, SignInRow.code, SignInRow.rule, SignInRow.warning)
    .where(SignInRow.outcome == "refused", SignInRow.code.is_not(None))
    .order_by(SignInRow.id.desc())
)


class DatabaseStorage:
    """Opens a connection for each look."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._file = make_url(url).database if self.is_embedded else None

    @property
    def is_embedded(self) -> bool:
        return self._url.startswith("sqlite")

    @property
    def newest(self) -> str:
        return HEAD

    async def revision(self) -> str | None:
        """A missing SQLite file counts as empty: connecting would create it, perhaps as another user."""
        if self._is_absent():
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

    async def refusals(self, limit: int) -> Sequence[Refusal]:
        database = Database(self._url)
        try:
            return [Refusal(**dict(row._mapping)) for row in await database.fetch(_REFUSALS.limit(limit), {})]  # noqa: SLF001
        finally:
            await database.close()

    def _is_absent(self) -> bool:
        return self._file is not None and not Path(self._file).exists()
