"""Devices. Each state change is one statement: only one wins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from advanced_alchemy.operations import OnConflictUpsert
from msgspec.structs import asdict
from sqlalchemy import Connection, Table, and_, bindparam, delete, exists, func, insert, select, update

from romm.adapters.credentials.store import require_unchanged, store
from romm.adapters.database.account_rows import COLUMNS, LINKED, ORDER, WIDTH, accounts
from romm.adapters.database.tables import AccountRow, CredentialRow, DeviceAuthorizationRow, DeviceRow, IdentityRow
from romm.adapters.database.transactions import Database, forget
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.credentials.device_registry import DeviceFacts
from romm.domain.credentials.devices import UNNAMED, Approve, Device, DeviceAuthorization, Flavor, State
from romm.domain.model import Account
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock

REMEMBERED = timedelta(hours=1)
"""How long an ended request is still distinguished from an unknown one."""

_FIELDS = DeviceAuthorization.__struct_fields__
_LISTS = ("requested_scopes", "approved_scopes")  # space-separated in their columns
_COLUMNS = tuple(getattr(DeviceAuthorizationRow, name) for name in _FIELDS)
_BY_DEVICE_CODE = DeviceAuthorizationRow.device_code_digest == bindparam("device_code")
_BY_USER_CODE = DeviceAuthorizationRow.user_code_digest == bindparam("user_code")
_LIVE = DeviceAuthorizationRow.expires_at > bindparam("now")
_PENDING = and_(DeviceAuthorizationRow.state == State.PENDING, _LIVE)
# Disabling the account counts as a change.
_STANDS = exists().where(
    AccountRow.id == DeviceAuthorizationRow.account_id,
    AccountRow.version == DeviceAuthorizationRow.account_version,
)

_PUT = insert(DeviceAuthorizationRow)
_FORGET = forget(DeviceAuthorizationRow.device_code_digest, DeviceAuthorizationRow.expires_at < bindparam("long_ago"))
_OWNED = (
    select(*COLUMNS, *_COLUMNS)
    .select_from(DeviceAuthorizationRow)
    .outerjoin(AccountRow, AccountRow.id == DeviceAuthorizationRow.account_id)
    .outerjoin(IdentityRow, LINKED)
    .where(_BY_DEVICE_CODE)
    .order_by(*ORDER)
)
_TYPED = select(*_COLUMNS).where(_BY_USER_CODE)
_POLLED = (
    update(DeviceAuthorizationRow)
    .where(_BY_DEVICE_CODE)
    .values(interval_seconds=bindparam("seconds"), last_polled_at=bindparam("now"))
)
_DENY = update(DeviceAuthorizationRow).where(_BY_USER_CODE, _PENDING).values(state=State.DENIED)
_APPROVE = update(DeviceAuthorizationRow).where(_BY_USER_CODE, _PENDING)
_BIND = update(DeviceAuthorizationRow).where(_BY_USER_CODE).values(device_id=bindparam("device"))
_SPEND = (
    update(DeviceAuthorizationRow)
    .where(_BY_DEVICE_CODE, DeviceAuthorizationRow.state == State.APPROVED, _LIVE, _STANDS)
    .values(state=State.SPENT)
)

_DEVICE = tuple(getattr(DeviceRow, name) for name in Device.__struct_fields__ if name != "last_used_at")
_HELD = and_(CredentialRow.device_id == DeviceRow.id, CredentialRow.expires_at > bindparam("now"))
_OF = (
    select(*_DEVICE, func.max(CredentialRow.last_used_at).label("last_used_at"))
    .outerjoin(CredentialRow, _HELD)
    .where(DeviceRow.account_id == bindparam("owner"))
    .group_by(*_DEVICE)
    .order_by(DeviceRow.last_paired_at.desc(), DeviceRow.id.desc())
)
_END = (
    delete(DeviceRow).where(DeviceRow.id == bindparam("number"), DeviceRow.account_id == bindparam("owner"))
).returning(*_DEVICE)
_HOW_MANY = select(func.count()).select_from(DeviceRow).where(DeviceRow.account_id == bindparam("owner"))
_CHANGE = update(DeviceRow).where(DeviceRow.id == bindparam("number"), DeviceRow.account_id == bindparam("owner"))
_DESERTED = delete(DeviceRow).where(
    DeviceRow.account_id == bindparam("owner"),
    DeviceRow.client_device_identifier.startswith(UNNAMED, autoescape=True),
    DeviceRow.last_paired_at < bindparam("long_ago"),
    ~exists().where(_HELD),
)
_END_TOKENS = delete(CredentialRow).where(
    CredentialRow.device_id == bindparam("device"), CredentialRow.kind == Kind.CLIENT_TOKEN
)
_EMPTY = {"name": "", "client": "", "platform": "", "client_version": ""}
"""The columns without a default."""

_DEVICES = cast("Table", DeviceRow.__table__)


class SQLDeviceAuthorizations:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def put(self, authorization: DeviceAuthorization) -> None:
        long_ago = self._clock() - REMEMBERED

        def work(connection: Connection) -> None:
            connection.execute(_FORGET, {"long_ago": long_ago})
            connection.execute(_PUT, _values(authorization))

        await self._database.write(work)

    async def find_by_device_code(self, device_code_digest: str) -> tuple[DeviceAuthorization, Account | None] | None:
        rows = await self._database.fetch(_OWNED, {"device_code": device_code_digest})
        return (_authorization(rows[0][WIDTH:]), next(iter(accounts(rows)), None)) if rows else None

    async def find_by_user_code(self, user_code_digest: str) -> DeviceAuthorization | None:
        rows = await self._database.fetch(_TYPED, {"user_code": user_code_digest})
        return _authorization(rows[0]) if rows else None

    async def note_poll(self, device_code_digest: str, interval_seconds: int) -> None:
        poll = {"device_code": device_code_digest, "seconds": interval_seconds, "now": self._clock()}
        await self._database.write(lambda connection: connection.execute(_POLLED, poll).rowcount)

    async def approve(self, decision: Approve) -> int | None:
        now, key = self._clock(), {"user_code": decision.authorization.user_code_digest}

        def work(connection: Connection) -> int | None:
            if connection.execute(_APPROVE.values(_approved(decision)), {**key, "now": now}).rowcount == 0:
                return None
            long_ago = {"owner": decision.account.id, "now": now, "long_ago": now - REMEMBERED}
            connection.execute(_DESERTED, long_ago)
            device = _paired(connection, decision, now)
            connection.execute(_BIND, {**key, "device": device})
            return device

        return await self._database.write(work)

    async def deny(self, user_code_digest: str) -> bool:
        key = {"user_code": user_code_digest, "now": self._clock()}
        return await self._database.write(lambda connection: connection.execute(_DENY, key).rowcount == 1)

    async def spend(self, device_code_digest: str) -> bool:
        key = {"device_code": device_code_digest, "now": self._clock()}
        return await self._database.write(lambda connection: connection.execute(_SPEND, key).rowcount == 1)


class SQLDevices:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, account_id: int) -> Sequence[Device]:
        rows = await self._database.fetch(_OF, {"owner": account_id, "now": self._clock()})
        return [Device(**row._mapping) for row in rows]  # noqa: SLF001  (public in SQLAlchemy)

    async def register(self, owner: Account, identifier: str, facts: DeviceFacts, at_most: int) -> Device:
        now = self._clock()
        times = {"created_at": now, "last_paired_at": now, "updated_at": now}
        values = _EMPTY | facts.given | times | {"account_id": owner.id, "client_device_identifier": identifier}

        def work(connection: Connection) -> Device:
            require_unchanged(connection, owner)  # concurrent requests for the account wait here, then count this one
            if connection.execute(_HOW_MANY, {"owner": owner.id}).scalar_one() >= at_most:
                raise Conflict("full")
            row = connection.execute(insert(DeviceRow).values(values).returning(*_DEVICE)).one()
            return Device(**row._mapping)  # noqa: SLF001

        return await self._database.write(work)

    async def change(self, device_id: int, account_id: int, facts: DeviceFacts) -> Device | None:
        key = {"number": device_id, "owner": account_id}
        change = _CHANGE.values(**facts.given, updated_at=self._clock())

        def work(connection: Connection) -> bool:
            return connection.execute(change, key).rowcount == 1

        if not await self._database.write(work):
            return None
        return next((each for each in await self.of(account_id) if each.id == device_id), None)

    async def end(self, device_id: int, account_id: int) -> Device | None:
        key = {"number": device_id, "owner": account_id}
        row = await self._database.write(lambda connection: connection.execute(_END, key).first())
        return None if row is None else Device(**row._mapping)  # noqa: SLF001

    async def give(self, token: Credential, owner: Account) -> None:
        def work(connection: Connection) -> None:
            require_unchanged(connection, owner)
            connection.execute(_END_TOKENS, {"device": token.device_id})
            store(connection, token)

        await self._database.write(work)


def _paired(connection: Connection, decision: Approve, now: datetime) -> int:
    request = decision.authorization
    described = {
        "name": decision.device_name,
        "client": request.client,
        "platform": request.platform,
        "client_version": request.client_version,
        "last_paired_at": now,
        "updated_at": now,
    }
    same = {"account_id": decision.account.id, "client_device_identifier": request.client_device_identifier}
    paired = OnConflictUpsert.create_upsert(
        _DEVICES,
        {"created_at": now, **same, **described},
        conflict_columns=list(same),
        update_columns=list(described),
        dialect_name=connection.dialect.name,
    )
    return int(connection.execute(paired.returning(DeviceRow.id)).scalar_one())


def _approved(decision: Approve) -> dict[str, Any]:
    return {
        "state": State.APPROVED,
        "name": decision.device_name,
        "approved_scopes": " ".join(decision.scopes),
        "account_id": decision.account.id,
        "account_version": decision.account.version,
        "token_expires_at": decision.token_expires_at,
    }


def _authorization(values: Sequence[Any]) -> DeviceAuthorization:
    fields = dict(zip(_FIELDS, values, strict=True))
    lists = {name: tuple(fields[name].split()) for name in _LISTS}
    return DeviceAuthorization(**fields | lists | {"shape": Flavor(fields["shape"]), "state": State(fields["state"])})


def _values(authorization: DeviceAuthorization) -> dict[str, Any]:
    values = asdict(authorization)
    return values | {name: " ".join(values[name]) for name in _LISTS}
