"""A stale decision raises `Conflict`."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert, or_, select, text, update
from sqlalchemy.orm import aliased

from romm.adapters.credentials.store import end_all, spend
from romm.adapters.database.account_rows import (
    COLUMNS,
    LINKED,
    ORDER,
    WIDTH,
    account,
    account_values,
    accounts,
    identity_values,
    is_admin,
)
from romm.adapters.database.indexes import HAS_LEGACY_HASH, HASH_COST
from romm.adapters.database.prepared import execute
from romm.adapters.database.tables import (
    AccountRow,
    CredentialRow,
    IdentityRow,
)
from romm.adapters.database.transactions import Database
from romm.domain.credentials.credential import LINK_KINDS, Kind
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from romm.domain.sign_in.linking.decisions import Ends, LinkIdentity, Register, SignIn
from romm.domain.sign_in.linking.rules import Found
from romm.ports.accounts import NewAccount, OneTimeLink
from romm.ports.conflicts import Conflict

MOST_ADMINS = 100
"""Counted at most: whether there are none, one or more decides."""

_ANY_ADMIN = select(AccountRow.id).where(is_admin()).limit(1)

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
_SOME_ADMINS = (
    select(AccountRow.enabled).where(is_admin()).order_by(AccountRow.enabled.desc()).limit(MOST_ADMINS).subquery()
)
_ADMINS = select(
    func.count().label("all_admins"), func.count().filter(_SOME_ADMINS.c.enabled).label("enabled_admins")
).subquery()
# One statement for consistent facts: every row has the counts, beside an empty account if none matches.
_FOUND = (
    select(*COLUMNS, *_ADMINS.c)
    .select_from(_ADMINS)
    .outerjoin(AccountRow, or_(AccountRow.id == _OWNER, AccountRow.email == bindparam("email")))
    .outerjoin(IdentityRow, LINKED)
    .order_by(*ORDER)
)


_REHASH = (
    update(AccountRow)
    .where(AccountRow.id == bindparam("key"), AccountRow.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"))
)
_LEGACY_HASH = (
    select(AccountRow.password_hash)
    .where(text(HAS_LEGACY_HASH), AccountRow.password_hash.like("$2_$%"))
    .order_by(text(f"{HASH_COST} DESC"))
    .limit(1)
)
# The parameter names select the columns that are set.
_UPDATE_UNCHANGED = update(AccountRow).where(
    AccountRow.id == bindparam("key"), AccountRow.version == bindparam("seen_version"), AccountRow.enabled
)
_END_CREDENTIALS = delete(CredentialRow).where(CredentialRow.account_id == bindparam("key"))
_ADD = insert(AccountRow).returning(AccountRow.id)
_LINK = insert(IdentityRow)
_REMOVE_ADDRESS = (
    update(AccountRow)
    .where(AccountRow.id == bindparam("key"), AccountRow.version == bindparam("seen_version"))
    .values(
        email=None, address_removed_at=bindparam("now"), updated_at=bindparam("now"), version=AccountRow.version + 1
    )
)


class SQLAccounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, account_id: int) -> Account | None:
        rows = await self._database.fetch(_BY_ID, {"id": account_id})
        return account(rows) if rows else None

    async def find(self, identity: Identity, email: str | None) -> Found:
        parameters = {"issuer": identity.issuer, "subject": identity.subject, "email": email}
        rows = await self._database.lookup(_FOUND, parameters)
        all_admins, enabled_admins = rows[0][WIDTH:]
        found = accounts(rows)
        return Found(
            by_identity=next((each for each in found if any(link.identity == identity for link in each.links)), None),
            by_email=tuple(each for each in found if email is not None and each.email == email),
            any_admin=all_admins > 0,
            enabled_admins=enabled_admins,
        )

    async def sign_in(self, decision: SignIn, now: datetime) -> Account:
        seen = decision.account
        after = (decision.level, decision.email, decision.email_source, decision.role_from_claim)
        before = (seen.level, seen.email, seen.email_source, seen.role_from_claim)
        changed = after != before or decision.ends is Ends.EVERYTHING

        def work(connection: Connection) -> Account:
            _make_room(connection, decision, now)
            _carry_out(connection, decision, {"email": decision.email} if changed else {}, now)
            return fresh(connection, seen.id) if changed else replace(seen, last_login=now)

        return await self._database.write(work)

    async def link(self, decision: LinkIdentity, identity: Identity, now: datetime) -> Account:
        seen = decision.account

        def work(connection: Connection) -> Account:
            _make_room(connection, decision, now)
            _carry_out(connection, decision, {"email": seen.email}, now)
            connection.execute(_LINK, identity_values(seen.id, identity, decision.rule, now))
            return fresh(connection, seen.id)

        return await self._database.write(work)

    async def register(self, decision: Register, identity: Identity, username: str, now: datetime) -> Account:
        new = NewAccount(
            username=username,
            email=decision.email,
            level=decision.level,
            password_hash=None,
            email_source=EmailSource.PROVIDER,
        )
        values = account_values(new, now) | {"last_login": now, "role_from_claim": decision.role_from_claim}

        invited = decision.invited
        spends = None if invited is None else OneTimeLink(Kind.INVITATION, invited.digest)

        def work(connection: Connection) -> Account:
            use_up(connection, spends)
            _make_room(connection, decision, now)
            account_id = connection.execute(_ADD, values).scalar_one()
            connection.execute(_LINK, identity_values(account_id, identity, decision.rule, now))
            return fresh(connection, account_id)

        return await self._database.write(work)

    async def create_first_admin(self, new: NewAccount, now: datetime) -> Account:
        def work(connection: Connection) -> Account:
            write_alone(connection)
            if connection.execute(_ANY_ADMIN).first() is not None:
                raise Conflict("first_admin")
            return fresh(connection, connection.execute(_ADD, account_values(new, now)).scalar_one())

        return await self._database.write(work)

    async def create(self, new: NewAccount, now: datetime, spends: OneTimeLink | None = None) -> Account:
        def work(connection: Connection) -> Account:
            use_up(connection, spends)
            return fresh(connection, connection.execute(_ADD, account_values(new, now)).scalar_one())

        return await self._database.write(work)

    async def any_admin(self) -> bool:
        return bool(await self._database.fetch(_ANY_ADMIN, {}))

    async def password(self, username: str) -> tuple[Account, str | None] | None:
        if not username.isprintable():
            return None  # PostgreSQL rejects a NUL in a parameter
        rows = await self._database.lookup(_BY_USERNAME, {"username": username})
        return (account(rows), rows[0][WIDTH]) if rows else None

    async def rehash(self, account_id: int, old_hash: str, new_hash: str) -> None:
        parameters = {"key": account_id, "old": old_hash, "new": new_hash}
        await self._database.write(lambda connection: connection.execute(_REHASH, parameters).rowcount)

    async def legacy_hash(self) -> str | None:
        rows = await self._database.fetch(_LEGACY_HASH, {})
        return rows[0][0] if rows else None


def note_sign_in(connection: Connection, seen: Account, now: datetime) -> None:
    """Locks the account. Raises `Conflict("version")` if it has changed."""
    parameters = {"key": seen.id, "seen_version": seen.version, "last_login": now}
    if execute(connection, _UPDATE_UNCHANGED, parameters).rowcount == 0:
        raise Conflict("version")


def _carry_out(connection: Connection, decision: SignIn | LinkIdentity, changes: dict[str, Any], now: datetime) -> None:
    """Raises `Conflict("version")`."""
    seen, ends, statement = decision.account, _ends(decision), _UPDATE_UNCHANGED
    if changes:
        changes |= {"level": decision.level, "role_from_claim": decision.role_from_claim}
        changes |= {"email_source": decision.email_source}
        changes |= {"address_removed_at": None if changes["email"] else seen.address_removed_at}
        changes |= {"version": seen.version + 1, "updated_at": now}
    if ends is Ends.EVERYTHING:
        changes |= {"password_hash": None, "password_set_at": None}
    if seen.is_enabled_admin and decision.level < AccessLevel.ADMIN:
        # The versions do not prevent two administrators from losing their roles at the same time.
        write_alone(connection)
        statement = _UPDATE_UNCHANGED.where(another_admin(seen.id))
    parameters = {"key": seen.id, "seen_version": seen.version, "last_login": now, **changes}
    if connection.execute(statement, parameters).rowcount == 0:
        raise Conflict("version")
    if ends is not Ends.NOTHING:
        connection.execute(_END_CREDENTIALS, {"key": seen.id})


def _make_room(connection: Connection, decision: SignIn | LinkIdentity | Register, now: datetime) -> None:
    """Remove the address from other accounts. Raises `Conflict("version")`."""
    for owner in decision.room:
        parameters = {"key": owner.id, "seen_version": owner.version, "now": now}
        if connection.execute(_REMOVE_ADDRESS, parameters).rowcount == 0:
            raise Conflict("version")
        end_all(connection, owner.id, LINK_KINDS)


def _ends(decision: SignIn | LinkIdentity) -> Ends:
    """A changed level ends the account's sessions."""
    changes_level = decision.level is not decision.account.level
    return Ends.ALL_BUT_PASSWORD if decision.ends is Ends.NOTHING and changes_level else decision.ends


def another_admin(account_id: int) -> ColumnElement[bool]:
    """Call `write_alone` first."""
    other = aliased(AccountRow)
    return exists().where(other.id != account_id, other.enabled, is_admin(other))


def write_alone(connection: Connection) -> None:
    """Lock the accounts until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE accounts IN EXCLUSIVE MODE"))


def use_up(connection: Connection, spends: OneTimeLink | None) -> None:
    """Raises `Conflict("spent")`."""
    if spends is not None and spend(connection, spends.kind, spends.digest) is None:
        raise Conflict("spent")


def fresh(connection: Connection, account_id: int) -> Account:
    return account(connection.execute(_BY_ID, {"id": account_id}).all())
