"""Credentials in the database. `find` is asked at every request, so it is one statement without the mapper."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import bindparam, delete, insert, select, update

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
_KEY = (CredentialRow.digest == bindparam("digest"), CredentialRow.kind == bindparam("kind"))

_FIND = (
    select(*COLUMNS, *_COLUMNS)
    .join_from(CredentialRow, AccountRow, CredentialRow.account_id == AccountRow.id)
    .outerjoin(IdentityRow, LINKED)
    .where(*_KEY)
    .order_by(*ORDER)
)
_TAKE = delete(CredentialRow).where(*_KEY).returning(*_COLUMNS)


class SQLCredentials:
    """`ports.Credentials` in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, *credentials: Credential) -> None:
        async with self._database.write() as session:
            await session.execute(insert(CredentialRow).values([_values(each) for each in credentials]))
            expired = select(CredentialRow.id).where(CredentialRow.expires_at < self._clock())
            some = expired.order_by(CredentialRow.expires_at).limit(FORGOTTEN_AT_ONCE)
            await session.execute(delete(CredentialRow).where(CredentialRow.id.in_(some)))

    async def find(self, kind: Kind, secret_digest: str) -> tuple[Credential, Account] | None:
        rows = await self._database.fetch(_FIND, {"kind": kind.value, "digest": secret_digest})
        return (_credential(rows[0][WIDTH:]), account(rows)) if rows else None

    async def touch(self, credential: Credential, now: datetime) -> None:
        this = (CredentialRow.digest == credential.digest, CredentialRow.kind == credential.kind)
        async with self._database.write() as session:
            await session.execute(update(CredentialRow).where(*this).values(last_used_at=now))
            owner = AccountRow.id == credential.account_id
            await session.execute(update(AccountRow).where(owner).values(last_active=now))

    async def take(self, kind: Kind, secret_digest: str) -> Credential | None:
        async with self._database.write() as session:
            row = (await session.execute(_TAKE, {"kind": kind.value, "digest": secret_digest})).first()
        return None if row is None else _credential(row)


def _credential(values: Sequence[Any]) -> Credential:
    fields, (scopes, issuer, subject) = dict(zip(_FIELDS, values, strict=False)), values[-3:]
    fields["kind"] = Kind(fields["kind"])
    identity = None if issuer is None else Identity(issuer, subject)
    return Credential(scopes=tuple(scopes.split()), identity=identity, **fields)


def _values(credential: Credential) -> dict[str, Any]:
    values = asdict(credential)
    identity = values.pop("identity")
    values["scopes"] = " ".join(credential.scopes)
    return values | ({"issuer": None, "subject": None} if identity is None else asdict(identity))
