"""Credentials in the database. `find` is asked at every request, so it is one statement without the mapper."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from romm.adapters.account_rows import COLUMNS, LINKED, ORDER, WIDTH, account
from romm.adapters.database import Database
from romm.adapters.tables import AccountRow, CredentialRow, IdentityRow
from romm.domain.credentials import Credential, Kind
from romm.domain.model import Account, Identity
from romm.ports import Clock

FORGOTTEN_AT_ONCE = 100  # expired credentials; more than are added, and never a long transaction

_FIELDS = tuple(name for name in Credential.__struct_fields__ if name not in {"scopes", "identity"})
_COLUMNS = (
    *(getattr(CredentialRow, name) for name in _FIELDS),
    *(CredentialRow.scopes, CredentialRow.issuer, CredentialRow.subject),
)
_KEY = (CredentialRow.digest == bindparam("key_digest"), CredentialRow.kind == bindparam("key_kind"))

_FIND = (
    select(*COLUMNS, *_COLUMNS)
    .join_from(CredentialRow, AccountRow, CredentialRow.account_id == AccountRow.id)
    .outerjoin(IdentityRow, LINKED)
    .where(*_KEY)
    .order_by(*ORDER)
)
_ADD = insert(CredentialRow)
_EXPIRED = (
    select(CredentialRow.id)
    .where(CredentialRow.expires_at < bindparam("now"))
    .order_by(CredentialRow.expires_at)
    .limit(FORGOTTEN_AT_ONCE)
)
_FORGET = delete(CredentialRow).where(CredentialRow.id.in_(_EXPIRED))
_USED = update(CredentialRow).where(*_KEY).values(last_used_at=bindparam("now"))
_ACTIVE = update(AccountRow).where(AccountRow.id == bindparam("owner")).values(last_active=bindparam("now"))
_TAKE = delete(CredentialRow).where(*_KEY).returning(*_COLUMNS)


class SQLCredentials:
    """`ports.Credentials` in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, *credentials: Credential) -> None:
        now, values = self._clock(), [_values(each) for each in credentials]

        def work(connection: Connection) -> None:
            connection.execute(_ADD, values)
            connection.execute(_FORGET, {"now": now})

        await self._database.write(work)

    async def find(self, kind: Kind, secret_digest: str) -> tuple[Credential, Account] | None:
        rows = await self._database.fetch(_FIND, _key(kind, secret_digest))
        return (_credential(rows[0][WIDTH:]), account(rows)) if rows else None

    async def touch(self, credential: Credential, now: datetime) -> None:
        def work(connection: Connection) -> None:
            connection.execute(_USED, {**_key(credential.kind, credential.digest), "now": now})
            connection.execute(_ACTIVE, {"owner": credential.account_id, "now": now})

        await self._database.write(work)

    async def take(self, kind: Kind, secret_digest: str) -> Credential | None:
        key = _key(kind, secret_digest)
        row = await self._database.write(lambda connection: connection.execute(_TAKE, key).first())
        return None if row is None else _credential(row)


def _key(kind: Kind, secret_digest: str) -> dict[str, str]:
    return {"key_digest": secret_digest, "key_kind": kind.value}


def _credential(values: Sequence[Any]) -> Credential:
    fields, (scopes, issuer, subject) = dict(zip(_FIELDS, values, strict=False)), values[-3:]
    fields["kind"] = Kind(fields["kind"])
    identity = None if issuer is None else Identity(issuer, subject)
    return Credential(scopes=tuple(scopes.split()), identity=identity, **fields)


def _values(credential: Credential) -> dict[str, Any]:
    values = asdict(credential)
    identity = values.pop("identity")
    named = {"issuer": None, "subject": None} if identity is None else asdict(identity)
    return {**values, **named, "scopes": " ".join(credential.scopes)}
