"""Each statement seeks in an index, or stops at a limit."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, exists, func, not_, select
from sqlalchemy.orm import aliased

from romm.adapters.database.ranges import values
from romm.adapters.database.tables import AccountRow, IdentityRow
from romm.adapters.database.transactions import Database
from romm.domain.accounts.search import MOST_COUNTED

MOST_ISSUERS = 1_000
WORDS_AT_ONCE = 500

_ISSUERS = values(IdentityRow.issuer, most=MOST_ISSUERS)
_LINKED = (
    select(IdentityRow.account_id)
    .where(IdentityRow.issuer == bindparam("linked_issuer"), IdentityRow.retired_at.is_(None))
    .limit(MOST_COUNTED)
    .subquery()
)
_OTHER = aliased(IdentityRow)
_OPENS = exists().where(
    _OTHER.account_id == _LINKED.c.account_id, _OTHER.issuer.in_(bindparam("opening", expanding=True))
)
_ONLY_LINKED_TO = select(func.count()).select_from(_LINKED).where(not_(_OPENS))
_WORDS: BindParameter[Any] = bindparam("words", expanding=True)
_NAMES = select(AccountRow.username).where(AccountRow.username.in_(_WORDS))
_ADDRESSES = select(AccountRow.email).where(AccountRow.email.in_(_WORDS))
_SUBJECTS = select(IdentityRow.subject).where(
    IdentityRow.issuer.in_(bindparam("issuers", expanding=True)), IdentityRow.subject.in_(_WORDS)
)
_SOME = select(AccountRow.id).limit(MOST_COUNTED + 1).subquery()
_HOW_MANY = select(func.count()).select_from(_SOME)


class SQLLinks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def issuers(self) -> Sequence[str]:
        return [issuer for (issuer,) in await self._database.fetch(_ISSUERS, {})]

    async def only_linked_to(self, issuer: str, opening: Collection[str]) -> int:
        parameters = {"linked_issuer": issuer, "opening": list(opening)}
        return int((await self._database.fetch(_ONLY_LINKED_TO, parameters))[0][0])

    async def personal(self, words: Collection[str]) -> Sequence[str]:
        found: list[str] = []
        issuers, every = await self.issuers(), sorted({*words, *(each.lower() for each in words)})
        for start in range(0, len(every), WORDS_AT_ONCE):
            some = {"words": every[start : start + WORDS_AT_ONCE]}
            for statement, more in ((_NAMES, {}), (_ADDRESSES, {}), (_SUBJECTS, {"issuers": issuers})):
                found += [text for (text,) in await self._database.fetch(statement, some | more)]
        return found

    async def number_of_accounts(self) -> int | None:
        found = int((await self._database.fetch(_HOW_MANY, {}))[0][0])
        return found if found <= MOST_COUNTED else None
