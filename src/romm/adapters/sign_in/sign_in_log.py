"""The sign-in log in the database, deleted after the retention time."""

from datetime import timedelta
from typing import Any

from advanced_alchemy.filters import ComparisonFilter, LimitOffset
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Connection, bindparam, insert, or_, select

from romm.adapters.database.forgetting import Forgetting
from romm.adapters.database.tables import AccountRow, SignInRow
from romm.adapters.database.transactions import Database, filtered, forget
from romm.domain.errors import Code
from romm.domain.sign_in.log_search import ByReference, ByText, OfPerson, Term
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
        await self._database.write(lambda connection: self.add_within(connection, entry))

    def add_within(self, connection: Connection, entry: SignInEntry) -> None:
        """Part of a transaction."""
        values = {name: value for name, value in asdict(entry).items() if name != "id"}  # the database assigns the id
        connection.execute(_ADD, values)
        self._forgetting.beside(connection, entry.at, {"long_ago": entry.at - self._retention})

    async def search(self, criteria: SignInFilter, limit: int) -> list[SignInEntry]:
        facts = asdict(criteria)
        before, term = facts.pop("before"), facts.pop("term")
        fits = [ComparisonFilter(name, "eq", value) for name, value in facts.items() if value not in (None, "")]
        if before is not None:
            fits.append(ComparisonFilter("id", "lt", before))
        lines = _LINES if term is None else _LINES.where(_matches(term))
        rows = await self._database.fetch(filtered(lines, SignInRow, *fits, LimitOffset(limit, 0)), {})
        return [_entry(dict(zip(_FIELDS, row, strict=True))) for row in rows]


def _matches(term: Term) -> ColumnElement[bool]:
    match term:
        case ByReference(correlation_id=reference):
            return SignInRow.correlation_id == reference
        case OfPerson(account_id=account_id, email=None):
            return SignInRow.account_id == account_id
        case OfPerson(account_id=account_id, email=email):
            return or_(SignInRow.account_id == account_id, SignInRow.email == email)
        case ByText():
            return _has_text(term)


def _has_text(term: ByText) -> ColumnElement[bool]:
    """Without regard to case."""
    found = [each.icontains(term.text, autoescape=True) for each in (SignInRow.code, SignInRow.email)]
    found.append(SignInRow.address == term.text)
    if term.number is not None:
        found.append(SignInRow.account_id == term.number)
    if term.names:
        named = (each.icontains(term.text, autoescape=True) for each in (AccountRow.username, AccountRow.email))
        found.append(SignInRow.account_id.in_(select(AccountRow.id).where(or_(*named))))
    return or_(*found)


def _entry(values: dict[str, Any]) -> SignInEntry:
    code = values.pop("code")
    return SignInEntry(code=Code(code) if code in set(Code) else None, **values)
