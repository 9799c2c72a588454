"""The sign-in log in the database, deleted after the retention time."""

from datetime import timedelta
from typing import Any

from advanced_alchemy.filters import ComparisonFilter, LimitOffset
from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, insert, select

from romm.adapters.database.forgetting import Forgetting
from romm.adapters.database.tables import SignInRow
from romm.adapters.database.transactions import Database, filtered, forget
from romm.domain.errors import Code
from romm.ports.sign_in import SignInEntry, SignInFilter

FORGET_EVERY = timedelta(hours=1)

_FIELDS = SignInEntry.__struct_fields__
_LINES = select(*(getattr(SignInRow, name) for name in _FIELDS)).order_by(SignInRow.id.desc())
_ADD = insert(SignInRow)
_FORGET = forget(SignInRow.id, SignInRow.at < bindparam("long_ago"))


class SQLSignInLog:
    def __init__(self, database: Database, retention: timedelta) -> None:
        self._database = database
        self._retention = retention
        self._forgetting = Forgetting(_FORGET, every=FORGET_EVERY)

    async def add(self, entry: SignInEntry) -> None:
        values = {name: value for name, value in asdict(entry).items() if name != "id"}  # the database assigns the id

        def work(connection: Connection) -> None:
            connection.execute(_ADD, values)
            self._forgetting.beside(connection, entry.at, {"long_ago": entry.at - self._retention})

        await self._database.write(work)

    async def search(self, criteria: SignInFilter, limit: int) -> list[SignInEntry]:
        facts = asdict(criteria)
        before = facts.pop("before")
        fits = [ComparisonFilter(name, "eq", value) for name, value in facts.items() if value not in (None, "")]
        if before is not None:
            fits.append(ComparisonFilter("id", "lt", before))
        rows = await self._database.fetch(filtered(_LINES, SignInRow, *fits, LimitOffset(limit, 0)), {})
        return [_entry(dict(zip(_FIELDS, row, strict=True))) for row in rows]


def _entry(values: dict[str, Any]) -> SignInEntry:
    code = values.pop("code")
    return SignInEntry(code=Code(code) if code in set(Code) else None, **values)
