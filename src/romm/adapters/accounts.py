"""Accounts and their identities in the database. A decision is carried out whole, or, when it is stale, not at all."""

from datetime import datetime
from typing import Any

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import ColumnElement, bindparam, delete, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from romm.adapters.account_rows import COLUMNS, LINKED, ORDER, account, account_row, accounts, identity_row
from romm.adapters.database import Database
from romm.adapters.tables import AccountRow, CredentialRow, IdentityRow
from romm.domain.linking import Attach, Ends, Found, Register, SignIn
from romm.domain.model import AccessLevel, Account, Identity
from romm.ports import Conflict

_IS_ADMIN = AccountRow.level == AccessLevel.ADMIN
_ANY_ADMIN = select(exists().where(_IS_ADMIN))

_BY_ID = select(*COLUMNS).outerjoin(IdentityRow, LINKED).where(AccountRow.id == bindparam("id")).order_by(*ORDER)
_BY_USERNAME = (
    select(*COLUMNS, AccountRow.password_hash)
    .outerjoin(IdentityRow, LINKED)
    .where(AccountRow.username == bindparam("username"))
    .order_by(*ORDER)
)
_OWNER = (
    select(IdentityRow.account_id)
    .where(IdentityRow.issuer == bindparam("issuer"), IdentityRow.subject == bindparam("subject"))
    .scalar_subquery()
)
_ADMINS = (
    select(func.count().label("all_admins"), func.count().filter(AccountRow.enabled).label("enabled_admins"))
    .where(_IS_ADMIN)
    .subquery()
)
# One statement, so that its facts agree: the counts stand in every row, beside an empty account when none fits.
_FOUND = (
    select(*COLUMNS, *_ADMINS.c)
    .select_from(_ADMINS)
    .outerjoin(AccountRow, or_(AccountRow.id == _OWNER, AccountRow.email == bindparam("email")))
    .outerjoin(IdentityRow, LINKED)
    .order_by(*ORDER)
)


class _Repository(SQLAlchemyAsyncRepository[AccountRow]):
    model_type = AccountRow


class SQLAccounts:
    """`ports.Accounts` in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, account_id: int) -> Account | None:
        async with self._database.read() as reader:
            rows = (await reader.execute(_BY_ID, {"id": account_id})).all()
        return account(rows) if rows else None

    async def find(self, identity: Identity, email: str | None) -> Found:
        parameters = {"issuer": identity.issuer, "subject": identity.subject, "email": email}
        async with self._database.read() as reader:
            rows = (await reader.execute(_FOUND, parameters)).all()
        found = accounts(rows)
        return Found(
            by_identity=next((each for each in found if any(link.identity == identity for link in each.links)), None),
            by_email=tuple(each for each in found if email is not None and each.email == email),
            any_admin=rows[0].all_admins > 0,
            enabled_admins=rows[0].enabled_admins,
        )

    async def sign_in(self, decision: SignIn, now: datetime) -> Account:
        seen = decision.account
        changes = (decision.level, decision.email) != (
            seen.level,
            seen.email,
        ) or decision.ends is Ends.EVERYTHING
        async with self._database.write() as session:
            await _carry_out(session, decision, {"email": decision.email} if changes else {}, now)
            return await _fresh(session, seen.id)

    async def link(self, decision: Attach, identity: Identity, now: datetime) -> Account:
        seen = decision.account
        async with self._database.write() as session:
            await _carry_out(session, decision, {"email": seen.email}, now)
            session.add(identity_row(seen.id, identity, decision.rule, now))
            return await _fresh(session, seen.id)

    async def register(self, decision: Register, identity: Identity, username: str, now: datetime) -> Account:
        row = account_row(username, decision.email, decision.level, now)
        row.last_login = now
        async with self._database.write() as session:
            account_id = await _insert(session, row)
            session.add(identity_row(account_id, identity, decision.rule, now))
            return await _fresh(session, account_id)

    async def create_first_admin(self, username: str, email: str | None, password_hash: str, now: datetime) -> Account:
        row = account_row(username, email, AccessLevel.ADMIN, now, password_hash)
        async with self._database.write() as session:
            await _write_alone(session)
            if await session.scalar(_ANY_ADMIN):
                raise Conflict("first_admin")
            return await _fresh(session, await _insert(session, row))

    async def create(
        self, username: str, email: str | None, level: AccessLevel, password_hash: str | None, now: datetime
    ) -> Account:
        row = account_row(username, email, level, now, password_hash)
        async with self._database.write() as session:
            return await _fresh(session, await _insert(session, row))

    async def any_admin(self) -> bool:
        async with self._database.read() as reader:
            return bool(await reader.scalar(_ANY_ADMIN))

    async def password(self, username: str) -> tuple[Account, str | None] | None:
        if not username.isprintable():
            return None  # PostgreSQL cannot even be asked for a NUL
        async with self._database.read() as reader:
            rows = (await reader.execute(_BY_USERNAME, {"username": username})).all()
        return (account(rows), rows[0].password_hash) if rows else None

    async def rehash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        same = (AccountRow.id == account_id, AccountRow.password_hash == old_hash)
        async with self._database.write() as session:
            await session.execute(update(AccountRow).where(*same).values(password_hash=new_hash))

    async def signed_in(self, account_id: int, now: datetime) -> None:
        async with self._database.write() as session:
            await session.execute(update(AccountRow).where(AccountRow.id == account_id).values(last_login=now))


async def _carry_out(session: AsyncSession, decision: SignIn | Attach, changes: dict[str, Any], now: datetime) -> None:
    """Make the account what was decided, if it is still the one that was judged. Raises `Conflict("version")`."""
    seen, ends = decision.account, _ends(decision)
    after = {"last_login": now, **changes}
    if changes:
        after |= {"level": decision.level, "version": AccountRow.version + 1, "updated_at": now}
    if ends is Ends.EVERYTHING:
        after |= {"password_hash": None, "password_set_at": None}
    judged = [AccountRow.id == seen.id, AccountRow.version == seen.version, AccountRow.enabled]
    if seen.is_enabled_admin and decision.level < AccessLevel.ADMIN:
        # Two admins losing their role at once are two accounts, and neither version knows of the other.
        await _write_alone(session)
        judged.append(_another_admin(seen.id))
    written = await session.scalar(update(AccountRow).where(*judged).values(after).returning(AccountRow.id))
    if written is None:
        raise Conflict("version")
    if ends is not Ends.NOTHING:
        await session.execute(delete(CredentialRow).where(CredentialRow.account_id == seen.id))


def _ends(decision: SignIn | Attach) -> Ends:
    """Nobody keeps a session that began with another level."""
    changes_level = decision.level is not decision.account.level
    return Ends.ALL_BUT_PASSWORD if decision.ends is Ends.NOTHING and changes_level else decision.ends


def _another_admin(account_id: int) -> ColumnElement[bool]:
    other = aliased(AccountRow)
    return exists().where(other.id != account_id, other.enabled, other.level == AccessLevel.ADMIN)


async def _write_alone(session: AsyncSession) -> None:
    """Until this transaction ends nobody else changes an account; on SQLite that is true of every writer."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("LOCK TABLE accounts IN EXCLUSIVE MODE"))


async def _insert(session: AsyncSession, row: AccountRow) -> int:
    return (await _Repository(session=session, wrap_exceptions=False).add(row, auto_refresh=False)).id


async def _fresh(session: AsyncSession, account_id: int) -> Account:
    return account((await session.execute(_BY_ID, {"id": account_id})).all())
