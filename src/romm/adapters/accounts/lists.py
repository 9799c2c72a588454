"""Each statement reads a range of an index, or stops at a limit."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    TextClause,
    bindparam,
    case,
    exists,
    func,
    literal,
    not_,
    null,
    select,
    text,
    union,
)

from romm.adapters.database.account_rows import COLUMNS, LINKED, ORDER, accounts, is_admin
from romm.adapters.database.links import SQLLinks
from romm.adapters.database.ranges import ROWS_AT_ONCE, begins
from romm.adapters.database.tables import AccountRow, IdentityRow
from romm.domain.accounts.search import MOST_ADDRESSES, MOST_COUNTED
from romm.domain.model import Account
from romm.ports.accounts import AccountPage, AccountQuery, Only

_ONLY: Mapping[Only, tuple[TextClause, ...]] = {
    Only.ALL: (),
    Only.WAITING: (text("reset_asked_at IS NOT NULL"),),
    Only.DISABLED: (text("NOT enabled"),),
    Only.NEVER: (text("last_login IS NULL"),),
    Only.MANAGED: (text("role_from_claim"),),
}
"""In the words of the partial indexes."""

_NARROWED = (AccountRow.reset_asked_at, AccountRow.enabled, AccountRow.last_login, AccountRow.role_from_claim)

_OWNED = select(*COLUMNS).outerjoin(IdentityRow, LINKED).order_by(*ORDER)
_THESE = _OWNED.where(AccountRow.id.in_(bindparam("ids", expanding=True)))
_IDS = (
    select(AccountRow.username, AccountRow.id)
    .where(AccountRow.username > bindparam("after"))
    .order_by(AccountRow.username)
    .limit(bindparam("most"))
)
_OLDEST_ADMIN = select(AccountRow.id).where(AccountRow.enabled, is_admin()).order_by(AccountRow.id).limit(1)
_LINKED_TO = _OWNED.where(
    AccountRow.id.in_(select(IdentityRow.account_id).where(IdentityRow.issuer == bindparam("linked_issuer")))
)


class SQLAccountLists(SQLLinks):
    async def page(self, query: AccountQuery) -> AccountPage:
        if not query.text.isprintable():
            return AccountPage()  # PostgreSQL rejects a NUL, and SQLite ends the text there
        chosen = list(await self._database.fetch(_chosen(query), {}))
        listed = chosen[: query.limit]
        if query.before:
            listed.reverse()
        total = (await self._database.fetch(_total(query), {}))[0][0]
        return AccountPage(
            accounts=await self._these([row.id for row in listed]),
            total=None if total is None or total > MOST_COUNTED else total,
            has_more=len(chosen) > query.limit,
        )

    async def ids(self, after: str, limit: int) -> Sequence[tuple[str, int]]:
        return [(name, number) for name, number in await self._database.fetch(_IDS, {"after": after, "most": limit})]

    async def oldest_admin(self) -> Account | None:
        rows = await self._database.fetch(_OLDEST_ADMIN, {})
        return next(iter(await self._these([row.id for row in rows])), None)

    async def linked_to(self, issuer: str) -> Sequence[Account]:
        found = accounts(await self._database.fetch(_LINKED_TO, {"linked_issuer": issuer}))
        return sorted(found, key=lambda each: each.username)

    async def _these(self, ids: Sequence[int]) -> Sequence[Account]:
        """In this order."""
        found: dict[int, Account] = {}
        for start in range(0, len(ids), ROWS_AT_ONCE):
            rows = await self._database.fetch(_THESE, {"ids": ids[start : start + ROWS_AT_ONCE]})
            found |= {each.id: each for each in accounts(rows)}
        return [found[each] for each in ids if each in found]


def _chosen(query: AccountQuery) -> Select[Any] | CompoundSelect[Any]:
    """One more than the limit, from the key on."""
    most = query.limit + 1
    named = select(AccountRow.id, AccountRow.username)
    if not query.text:
        return _cut(named, AccountRow.username, query, most).offset(query.offset)
    addressed = _addressed(query.text).subquery()
    parts = (
        _cut(named.where(begins(AccountRow.username, query.text)), AccountRow.username, query, most + query.offset),
        _cut(select(addressed.c.id, addressed.c.username), addressed.c.username, query, most + query.offset),
    )
    both = union(*(select(part.subquery()) for part in parts))
    name = both.selected_columns.username
    return both.order_by(name.desc() if query.before else name).limit(most).offset(query.offset)


def _addressed(beginning: str) -> Select[Any]:
    found = select(AccountRow.id, AccountRow.username, *_NARROWED).where(begins(AccountRow.email, beginning))
    return found.order_by(AccountRow.email).limit(MOST_ADDRESSES)


def _cut(statement: Select[Any], name: ColumnElement[Any] | Any, query: AccountQuery, most: int) -> Select[Any]:
    statement = statement.where(*_ONLY[query.only]).limit(most)
    if query.before:
        return statement.where(name < query.before).order_by(name.desc())
    return (statement.where(name > query.after) if query.after else statement).order_by(name)


def _total(query: AccountQuery) -> Select[Any]:
    """None above `MOST_COUNTED`: passing over an index takes a quarter of counting it."""
    named = select(literal(1)).select_from(AccountRow).where(*_ONLY[query.only])
    if not query.text:
        return _counted(named)
    addressed = _addressed(query.text).subquery()
    is_named = begins(addressed.c.username, query.text)
    beside = select(addressed.c.id).where(*_ONLY[query.only], not_(is_named))
    return _counted(named.where(begins(AccountRow.username, query.text)), _count(beside))


def _counted(statement: Select[Any], beside: ColumnElement[int] | int = 0) -> Select[Any]:
    is_more = exists(statement.offset(MOST_COUNTED).limit(1))
    return select(case((is_more, null()), else_=_count(statement) + beside))


def _count(statement: Select[Any]) -> ColumnElement[int]:
    some = statement.limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
