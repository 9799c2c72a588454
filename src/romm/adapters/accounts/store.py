"""Changes of a stale account are refused."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, or_, select, update

from romm.adapters.credentials.store import end_all
from romm.adapters.database.account_rows import is_admin
from romm.adapters.database.tables import AccountRow, IdentityRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import MOST_ADMINS, another_admin, fresh, use_up, write_alone
from romm.domain.accounts.changes import Change, Delete, Unlink
from romm.domain.accounts.issuer_moves import Retire, Rewrite
from romm.domain.credentials.credential import LINK_KINDS, SIGNED_IN_KINDS
from romm.domain.model import AccessLevel, Account, Identity
from romm.ports.accounts import OneTimeLink
from romm.ports.conflicts import Conflict

_ENABLED_ADMINS = select(func.count()).select_from(
    select(AccountRow.id).where(AccountRow.enabled, is_admin()).limit(MOST_ADMINS).subquery()
)
_RESET_ASKED = (
    update(AccountRow)
    .where(or_(AccountRow.username == bindparam("name"), AccountRow.email == bindparam("name")), AccountRow.enabled)
    .values(reset_asked_at=bindparam("now"))
)


class SQLAccountStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def enabled_admins(self) -> int:
        return int((await self._database.fetch(_ENABLED_ADMINS, {}))[0][0])

    async def change(self, decision: Change, now: datetime, spends: OneTimeLink | None = None) -> Account:
        seen = decision.account
        loses = seen.is_enabled_admin and not (decision.enabled and decision.level is AccessLevel.ADMIN)

        def work(connection: Connection) -> Account:
            use_up(connection, spends)
            _write(connection, seen, _values(decision), now, loses=loses)
            end_all(connection, seen.id, decision.ends, decision.keep)
            return fresh(connection, seen.id)

        return await self._database.write(work)

    async def delete(self, decision: Delete) -> None:
        seen = decision.account

        def work(connection: Connection) -> None:
            gone = delete(AccountRow).where(*_conditions(connection, seen, loses=seen.is_enabled_admin))
            if connection.execute(gone).rowcount == 0:
                raise Conflict("version")

        await self._database.write(work)

    async def unlink(self, decision: Unlink, now: datetime) -> Account:
        seen, identity = decision.account, decision.identity
        detach = delete(IdentityRow).where(*_link(seen, identity))

        def work(connection: Connection) -> Account:
            _write(connection, seen, {}, now, loses=False)
            connection.execute(detach)
            end_all(connection, seen.id, SIGNED_IN_KINDS | LINK_KINDS, decision.keep)
            return fresh(connection, seen.id)

        return await self._database.write(work)

    async def move_link(self, decision: Rewrite | Retire, now: datetime) -> Account:
        seen, identity = decision.account, decision.identity
        after = {"retired_at": now} if isinstance(decision, Retire) else {"issuer": decision.issuer, "retired_at": None}
        moved = update(IdentityRow).where(*_link(seen, identity)).values(after)

        def work(connection: Connection) -> Account:
            _write(connection, seen, {}, now, loses=False)
            connection.execute(moved)
            end_all(connection, seen.id, SIGNED_IN_KINDS | LINK_KINDS, decision.keep)
            return fresh(connection, seen.id)

        return await self._database.write(work)

    async def note_reset_request(self, name: str, now: datetime) -> None:
        if name.isprintable():  # PostgreSQL rejects a NUL
            await self._database.write(
                lambda connection: connection.execute(_RESET_ASKED, {"name": name, "now": now}).rowcount
            )


def _link(account: Account, identity: Identity) -> tuple[ColumnElement[bool], ...]:
    named = (IdentityRow.issuer == identity.issuer, IdentityRow.subject == identity.subject)
    return (IdentityRow.account_id == account.id, *named)


def _values(decision: Change) -> dict[str, Any]:
    values: dict[str, Any] = {
        "username": decision.username,
        "email": decision.email,
        "email_source": decision.email_source,
        "enabled": decision.enabled,
        "level": decision.level,
    }
    if decision.email is not None:
        values["address_removed_at"] = None
    if decision.password is not None:
        values |= {"password_hash": decision.password.hash, "password_set_at": decision.password.trusted_since}
        values["reset_asked_at"] = None
    return values


def _write(connection: Connection, seen: Account, values: dict[str, Any], now: datetime, *, loses: bool) -> None:
    conditions = _conditions(connection, seen, loses=loses)
    changed = update(AccountRow).where(*conditions).values(version=AccountRow.version + 1, updated_at=now, **values)
    if connection.execute(changed).rowcount == 0:
        raise Conflict("version")


def _conditions(connection: Connection, seen: Account, *, loses: bool) -> list[ColumnElement[bool]]:
    conditions = [AccountRow.id == seen.id, AccountRow.version == seen.version]
    if loses:
        # Two administrators may lose their rights at once: their versions do not conflict.
        write_alone(connection)
        conditions.append(another_admin(seen.id))
    return conditions
