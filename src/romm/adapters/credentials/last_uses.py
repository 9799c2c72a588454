"""Last uses of credentials, written behind: no request waits, and a second's uses are one commit."""

import asyncio
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, update

from romm.adapters.database.tables import AccountRow, CredentialRow
from romm.adapters.database.transactions import Database
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.errors import Refused

WRITTEN_AFTER_SECONDS = 1.0

MOST = 10_000
"""Noted at once; more come only while nothing can be written."""

_ACTIVE = (
    update(AccountRow)
    .where(
        AccountRow.id == bindparam("owner"),
        or_(AccountRow.last_active.is_(None), AccountRow.last_active < bindparam("now")),
    )
    .values(last_active=bindparam("now"))
)
# Another worker's note of the same minute stays.
_USED = (
    update(CredentialRow)
    .where(
        CredentialRow.digest == bindparam("key_digest"),
        CredentialRow.kind == bindparam("key_kind"),
        CredentialRow.last_used_at <= bindparam("seen"),
    )
    .values(last_used_at=bindparam("now"))
)

Noted = dict[tuple[Kind, str], tuple[Credential, datetime]]


class LastUses:
    """Keeps a use that cannot be written now, as on a full disk."""

    def __init__(self, database: Database, *, after: float = WRITTEN_AFTER_SECONDS) -> None:
        self._database = database
        self._after = after
        self._noted: Noted = {}
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    @property
    def noted(self) -> int:
        return len(self._noted)

    def note(self, credential: Credential, now: datetime) -> None:
        """Only for a live credential: strangers must not fill it."""
        key = credential.kind, credential.digest
        if key in self._noted or len(self._noted) < MOST:
            self._noted[key] = credential, now
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._after, self._begin)

    async def write(self) -> None:
        """A failure is silent: requests that need the database report it."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            await self._database.write(lambda connection: _write(connection, noted))
        except Refused:
            self._noted = {**noted, **self._noted}

    async def close(self) -> None:
        """Call before closing the database."""
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await self._writing
        await self.write()

    def _begin(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().create_task(self.write())


def _write(connection: Connection, noted: Noted) -> None:
    """Accounts first and in order, as everywhere, against deadlocks."""
    uses = sorted(noted.values(), key=lambda use: (use[0].account_id, use[0].digest))
    active = {credential.account_id: now for credential, now in sorted(uses, key=lambda use: use[1])}
    connection.execute(_ACTIVE, [{"owner": owner, "now": active[owner]} for owner in sorted(active)])
    connection.execute(_USED, [_used(credential, now) for credential, now in uses])


def _used(credential: Credential, now: datetime) -> dict[str, object]:
    return {
        "key_digest": credential.digest,
        "key_kind": credential.kind.value,
        "seen": credential.last_used_at,
        "now": now,
    }
