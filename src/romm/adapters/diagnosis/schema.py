"""The schema's state and the accounts, for the doctor."""

from collections.abc import Sequence

from sqlalchemy import select

from romm.adapters.database import migrations
from romm.adapters.database.account_rows import COLUMNS, LINKED, ORDER, accounts
from romm.adapters.database.tables import IdentityRow
from romm.adapters.database.transactions import HEAD, Database
from romm.domain.model import Account

_ACCOUNTS = select(*COLUMNS).outerjoin(IdentityRow, LINKED).order_by(*ORDER)


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
