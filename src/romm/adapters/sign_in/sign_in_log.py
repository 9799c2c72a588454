"""The sign-in log in the database."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, bindparam, insert, select, union

from romm.adapters.database.forgetting import Forgetting
from romm.adapters.database.prepared import execute
from romm.adapters.database.ranges import ROWS_AT_ONCE, begins, values
from romm.adapters.database.tables import AccountRow, SignInRow
from romm.adapters.database.transactions import Database, forget
from romm.domain.accounts.search import canonical
from romm.domain.errors import Code
from romm.domain.sign_in.log_search import ByReference, ByText, OfPerson, Term
from romm.ports.sign_in import SignInEntry, SignInFilter

FORGET_EVERY = timedelta(hours=1)

MOST_PEOPLE = 20
"""By name, by the account's address and by the provider's, that the text of a search finds lines of."""

MOST_CODES = 400
"""With the people, fewer ranges than the 500 that SQLite joins in a statement."""

FEW_RANGES = 10
"""More are hardly ever as many again, and of its last 500 statements SQLAlchemy keeps 10 KiB for each range."""

_FIELDS = SignInEntry.__struct_fields__
_LINES = select(*(getattr(SignInRow, name) for name in _FIELDS)).order_by(SignInRow.id.desc())
_CODES = values(SignInRow.code, most=MOST_CODES)
_ADD = insert(SignInRow)
_FORGET = forget(SignInRow.id, SignInRow.at < bindparam("long_ago"))


class SQLSignInLog:
    def __init__(self, database: Database, retention: timedelta) -> None:
        self._database = database
        self._retention = retention
        self._forgetting = Forgetting(_FORGET, every=FORGET_EVERY)

    async def add(self, entry: SignInEntry) -> None:
        await self._database.write(lambda connection: self.add_within(connection, entry))

    def add_within(self, connection: Connection, entry: SignInEntry) -> None:
        values = {name: value for name, value in asdict(entry).items() if name != "id"}  # the database assigns the id
        execute(connection, _ADD, values)
        self._forgetting.beside(connection, entry.at, {"long_ago": entry.at - self._retention})

    async def search(self, criteria: SignInFilter, limit: int) -> list[SignInEntry]:
        fits = _fits(criteria)
        if criteria.term is None:
            return await self._lines(_LINES.where(*fits).limit(limit))
        ranges = await self._ranges(criteria.term)
        newest = await self._database.fetch(_newest(ranges, fits, limit), {}) if ranges else []
        ids = [number for (number,) in newest]
        parts = [ids[start : start + ROWS_AT_ONCE] for start in range(0, len(ids), ROWS_AT_ONCE)]
        return [line for part in parts for line in await self._lines(_LINES.where(SignInRow.id.in_(part)))]

    async def _lines(self, statement: Select[Any]) -> list[SignInEntry]:
        found = await self._database.fetch(statement, {})
        return [_entry(dict(zip(_FIELDS, row, strict=True))) for row in found]

    async def _ranges(self, term: Term) -> list[ColumnElement[bool]]:
        match term:
            case ByReference(correlation_id=reference):
                return [SignInRow.correlation_id == reference]
            case OfPerson(account_id=account_id, email=None):
                return [SignInRow.account_id == account_id]
            case OfPerson(account_id=account_id, email=email):
                return [SignInRow.account_id == account_id, SignInRow.email == email]
            case ByText():
                return await self._of_text(term) if term.text.isprintable() else []

    async def _of_text(self, term: ByText) -> list[ColumnElement[bool]]:
        """Without regard to case. `isprintable`: PostgreSQL rejects a NUL."""
        text = canonical(term.text)
        codes = [each for each in await self._texts(_CODES) if text in each]
        beginnings = dict.fromkeys((text, term.text))
        emails = [each for some in beginnings for each in await self._texts(_addresses(some))]
        owners = await self._owners(text) if term.names else []
        return [
            SignInRow.address == term.text,
            *(SignInRow.code == each for each in codes),
            *(SignInRow.email == each for each in dict.fromkeys(emails)),
            *(SignInRow.account_id == each for each in dict.fromkeys([*owners, *filter(None, [term.number])])),
        ]

    async def _owners(self, text: str) -> list[int]:
        columns = (AccountRow.username, AccountRow.email)
        some = (select(AccountRow.id).where(begins(each, text)).order_by(each).limit(MOST_PEOPLE) for each in columns)
        return [number for statement in some for (number,) in await self._database.fetch(statement, {})]

    async def _texts(self, statement: Select[Any]) -> list[str]:
        return [text for (text,) in await self._database.fetch(statement, {})]


class _Once(Select[Any]):
    inherit_cache = False


def _newest(
    ranges: Sequence[ColumnElement[bool]], fits: Sequence[ColumnElement[bool]], limit: int
) -> CompoundSelect[Any]:
    """Ids of the newest lines of all ranges. One statement: a range takes less time than a round trip."""
    some = select(SignInRow.id).where(*fits).order_by(SignInRow.id.desc()).limit(limit)
    kind = Select if len(ranges) <= FEW_RANGES else _Once
    every = union(*(kind(some.where(each).subquery()) for each in ranges))
    return every.order_by(every.selected_columns.id.desc()).limit(limit)


def _fits(criteria: SignInFilter) -> list[ColumnElement[bool]]:
    wanted = {
        SignInRow.method: criteria.method,
        SignInRow.code: criteria.code,
        SignInRow.correlation_id: criteria.correlation_id,
        SignInRow.account_id: criteria.account_id,
    }
    fits = [column == value for column, value in wanted.items() if value not in (None, "")]
    if criteria.outcome:
        is_alone = not fits and criteria.term is None
        # Half of all lines have the same outcome: beside something else, its index is not worth reading.
        fits.append((SignInRow.outcome if is_alone else SignInRow.outcome.concat("")) == criteria.outcome)
    return fits if criteria.before is None else [*fits, SignInRow.id < criteria.before]


def _addresses(beginning: str) -> Select[Any]:
    return values(SignInRow.email, begins(SignInRow.email, beginning), most=MOST_PEOPLE)


def _entry(values: dict[str, Any]) -> SignInEntry:
    code = values.pop("code")
    return SignInEntry(code=Code(code) if code in set(Code) else None, **values)
