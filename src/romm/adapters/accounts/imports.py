"""Imported accounts in the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from romm.adapters.database.tables import AccountRow
from romm.adapters.database.transactions import Database
from romm.domain.accounts.imports import ExistingAccounts, Import
from romm.domain.model import AccessLevel, EmailSource

_HERE = select(AccountRow.username, AccountRow.email, AccountRow.level, AccountRow.enabled)


class SQLImports:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def existing_accounts(self) -> ExistingAccounts:
        rows = await self._database.fetch(_HERE, {})
        return ExistingAccounts(
            usernames=frozenset(row.username for row in rows),
            emails={row.email: row.username for row in rows if row.email is not None},
            any_admin=any(row.level is AccessLevel.ADMIN for row in rows),
            enabled_admin=any(row.level is AccessLevel.ADMIN and row.enabled for row in rows),
        )

    async def add(self, decision: Import, now: datetime) -> None:
        values = _values(decision, now)
        await self._database.write(lambda connection: connection.execute(insert(AccountRow), values).rowcount)


def _values(decision: Import, now: datetime) -> dict[str, Any]:
    return {
        "username": decision.username,
        "email": decision.email,
        "email_source": EmailSource.ADMINISTRATOR,
        "enabled": decision.enabled,
        "level": decision.level,
        "password_hash": decision.password_hash,
        "password_set_at": None if decision.password_hash is None else now,
        "version": 1,
        "created_at": decision.created_at or now,
        "updated_at": now,
        "last_login": decision.last_login,
    }
