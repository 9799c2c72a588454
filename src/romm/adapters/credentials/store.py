"""`find` runs at every request, without a statement if nothing changed."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from romm.adapters.credentials.cache import KINDS, CredentialCache
from romm.adapters.credentials.last_uses import LastUses
from romm.adapters.credentials.surplus import end_surplus
from romm.adapters.database.account_rows import COLUMNS, LINKED, ORDER, WIDTH, account
from romm.adapters.database.forgetting import Forgetting
from romm.adapters.database.prepared import execute
from romm.adapters.database.tables import (
    AccountRow,
    CredentialRow,
    DeviceAuthorizationRow,
    IdentityRow,
    PendingSignInRow,
)
from romm.adapters.database.transactions import Database, forget
from romm.domain.credentials.client_tokens import Renewal
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.credentials.devices import State
from romm.domain.model import Account, Identity
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock

FORGOTTEN_AT_ONCE = 100  # expired credentials per request: more than are added, in a short transaction

_FIELDS = tuple(name for name in Credential.__struct_fields__ if name not in {"scopes", "identity"})
_ID = _FIELDS.index("id")
_COLUMNS = (
    *(getattr(CredentialRow, name) for name in _FIELDS),
    *(CredentialRow.scopes, CredentialRow.issuer, CredentialRow.subject),
)
_KEY = (CredentialRow.digest == bindparam("key_digest"), CredentialRow.kind == bindparam("key_kind"))

OWNED = (
    select(*COLUMNS, *_COLUMNS)
    .join_from(CredentialRow, AccountRow, CredentialRow.account_id == AccountRow.id)
    .outerjoin(IdentityRow, LINKED)
)
_FIND = OWNED.where(*_KEY).order_by(*ORDER)
_OF_THESE = (CredentialRow.kind.in_(bindparam("kinds", expanding=True)), CredentialRow.expires_at > bindparam("now"))
_OF = OWNED.where(CredentialRow.account_id == bindparam("owner"), *_OF_THESE).order_by(CredentialRow.id.desc(), *ORDER)
_ADD = insert(CredentialRow)
# Always locked before its credentials: they cannot be ended while another is being stored.
_OWNER = select(AccountRow.id).where(AccountRow.id == bindparam("owner")).with_for_update(key_share=True)
_UNCHANGED = _OWNER.where(AccountRow.version == bindparam("seen"), AccountRow.enabled)
_HOW_MANY = select(func.count()).where(
    CredentialRow.account_id == bindparam("owner"),
    CredentialRow.kind == bindparam("key_kind"),
    CredentialRow.expires_at > bindparam("now"),
)
_END_KIN = delete(CredentialRow).where(
    CredentialRow.account_id == bindparam("owner"),
    CredentialRow.kind == bindparam("key_kind"),
    CredentialRow.family == bindparam("key_family"),
)
_EXPIRED = (
    select(CredentialRow.id)
    .where(CredentialRow.expires_at < bindparam("now"))
    .order_by(CredentialRow.expires_at)
    .limit(FORGOTTEN_AT_ONCE)
)
_FORGET = delete(CredentialRow).where(CredentialRow.id.in_(_EXPIRED))
_FORGET_PENDING = forget(PendingSignInRow.digest, PendingSignInRow.expires_at < bindparam("now"))
_TAKE = delete(CredentialRow).where(*_KEY).returning(*_COLUMNS)
_NUMBER = (CredentialRow.id == bindparam("number"), CredentialRow.kind == bindparam("key_kind"))
_END_ANY = delete(CredentialRow).where(*_NUMBER).returning(*_COLUMNS)
_END = _END_ANY.where(CredentialRow.account_id == bindparam("owner"))
_STORED = select(*_COLUMNS).where(*_KEY)
_SPEND = (
    update(CredentialRow)
    .where(*_KEY, CredentialRow.spent_at.is_(None))
    .values(spent_at=bindparam("now"), salt=bindparam("new_salt"))
)
_END_FAMILY = delete(CredentialRow).where(
    CredentialRow.account_id == bindparam("owner"),
    CredentialRow.family == bindparam("ended"),
    CredentialRow.family != "",
)
_RENEW = (
    update(CredentialRow)
    .where(*_NUMBER, CredentialRow.expires_at > bindparam("now"))
    .values(digest=bindparam("new_digest"))
    .returning(*_COLUMNS)
)
_END_ALL = delete(CredentialRow).where(
    CredentialRow.account_id == bindparam("owner"),
    CredentialRow.kind.in_(bindparam("kinds", expanding=True)),
    CredentialRow.digest != bindparam("kept"),
)
# A change of the account voids approvals by its version; this changes none.
_WITHDRAW = (
    update(DeviceAuthorizationRow)
    .where(DeviceAuthorizationRow.account_id == bindparam("owner"), DeviceAuthorizationRow.state == State.APPROVED)
    .values(state=State.DENIED)
)


class SQLCredentials:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._cache = CredentialCache()
        self._uses = LastUses(database)
        self._forgetting = Forgetting(_FORGET, at_once=FORGOTTEN_AT_ONCE)
        self._forgetting_pending = Forgetting(_FORGET_PENDING)

    async def add(self, seen: Account, *credentials: Credential) -> None:
        def work(connection: Connection) -> None:
            require_unchanged(connection, seen)
            self.add_within(connection, seen.id, *credentials)

        await self._database.write(work)

    def add_within(self, connection: Connection, owner: int, *credentials: Credential) -> None:
        """The transaction must have locked the account."""
        now, kinds = self._clock(), {each.kind for each in credentials}
        for each in credentials:
            store(connection, each)
        end_surplus(connection, owner, kinds)
        self._forgetting.beside(connection, now, {"now": now})
        self._forgetting_pending.beside(connection, now, {"now": now})  # an abandoned one clears nothing away

    async def issue(self, seen: Account, credential: Credential, at_most: int) -> Credential:
        owned = {"owner": seen.id, "key_kind": credential.kind.value, "now": self._clock()}

        def work(connection: Connection) -> Credential:
            require_unchanged(connection, seen)  # concurrent requests for the account wait here, then count this one
            if connection.execute(_HOW_MANY, owned).scalar_one() >= at_most:
                raise Conflict("full")
            return _credential(connection.execute(_ADD.returning(*_COLUMNS), _values(credential)).one())

        return await self._database.write(work)

    async def replace(self, seen: Account, credential: Credential) -> None:
        def work(connection: Connection) -> None:
            require_unchanged(connection, seen)
            _end_kin(connection, seen.id, credential.kind, credential.family)
            connection.execute(_ADD, _values(credential))

        await self._database.write(work)

    async def renew(self, renewal: Renewal) -> Credential | None:
        token, now = renewal.token, self._clock()
        key = {"number": token.id, "key_kind": token.kind.value, "new_digest": renewal.digest, "now": now}

        def work(connection: Connection) -> Credential | None:
            require_unchanged(
                connection, renewal.owner
            )  # first, so that concurrent requests wait here and do not deadlock
            row = connection.execute(_RENEW, key).first()
            if row is None:
                return None
            if renewal.code is not None and spend(connection, Kind.PAIRING_CODE, renewal.code) is None:
                raise Conflict("spent")
            _end_kin(connection, token.account_id, Kind.PAIRING_CODE, renewal.family)
            return _credential(row)

        return await self._database.write(work)

    async def find(self, kind: Kind, secret_digest: str) -> tuple[Credential, Account] | None:
        version = self._database.version() if kind in KINDS else None
        if version is not None and (known := self._cache.get(version, kind, secret_digest)):
            return known
        rows = await self._database.lookup(_FIND, _key(kind, secret_digest))
        if not rows:
            return None
        found = _credential(rows[0][WIDTH:]), account(rows)
        if version is not None:
            self._cache.put(version, found)
        return found

    async def touch(self, credential: Credential, now: datetime) -> None:
        self._uses.note(credential, now)

    async def close(self) -> None:
        """Call before closing the database."""
        await self._uses.close()

    async def take(self, kind: Kind, secret_digest: str) -> Credential | None:
        key = _key(kind, secret_digest)
        row = await self._database.write(lambda connection: connection.execute(_TAKE, key).first())
        return None if row is None else _credential(row)

    async def of(self, account_id: int, kinds: Collection[Kind]) -> Sequence[tuple[Credential, Account]]:
        await self._uses.write()  # a list has what its own worker knows
        asked = {"owner": account_id, "kinds": list(kinds), "now": self._clock()}
        return owned(await self._database.fetch(_OF, asked))

    async def end(self, kind: Kind, credential_id: int, account_id: int | None) -> Credential | None:
        statement = _END_ANY if account_id is None else _END
        owner = {} if account_id is None else {"owner": account_id}
        parameters = {"number": credential_id, "key_kind": kind.value, **owner}
        row = await self._database.write(lambda connection: connection.execute(statement, parameters).first())
        return None if row is None else _credential(row)

    async def end_all(self, account_id: int, kinds: Collection[Kind], keep: str | None = None) -> int:
        def work(connection: Connection) -> int:
            connection.execute(_OWNER, {"owner": account_id})
            if Kind.AUTHORIZATION_CODE in kinds:
                connection.execute(_WITHDRAW, {"owner": account_id})
            return end_all(connection, account_id, kinds, keep)

        return await self._database.write(work)

    async def rotate(self, used: Credential, *successors: Credential) -> Credential | None:
        key, values, now = _key(used.kind, used.digest), [_values(each) for each in successors], self._clock()
        spending = {**key, "now": used.spent_at, "new_salt": used.salt}

        def work(connection: Connection) -> Credential | None:
            connection.execute(_OWNER, {"owner": used.account_id})
            if connection.execute(_SPEND, spending).rowcount:
                connection.execute(_ADD, values)
                self._forgetting.beside(connection, now, {"now": now})
            row = connection.execute(_STORED, key).first()
            return None if row is None else _credential(row)

        return await self._database.write(work)

    async def end_family(self, credential: Credential) -> int:
        owner, ended = {"owner": credential.account_id}, {"ended": credential.family}

        def work(connection: Connection) -> int:
            connection.execute(_OWNER, owner)
            return connection.execute(_END_FAMILY, owner | ended).rowcount

        return await self._database.write(work)


def end_all(connection: Connection, account_id: int, kinds: Collection[Kind], keep: str | None = None) -> int:
    """The transaction must have locked the account. `keep` is a digest."""
    parameters = {"owner": account_id, "kinds": list(kinds), "kept": keep or ""}
    return connection.execute(_END_ALL, parameters).rowcount


def require_unchanged(connection: Connection, seen: Account) -> None:
    """Locks the account. Raises `Conflict("version")` if it has changed."""
    if execute(connection, _UNCHANGED, {"owner": seen.id, "seen": seen.version}).fetchone() is None:
        raise Conflict("version")


def store(connection: Connection, credential: Credential) -> None:
    execute(connection, _ADD, _values(credential))


def _end_kin(connection: Connection, account_id: int, kind: Kind, family: str) -> None:
    connection.execute(_END_KIN, {"owner": account_id, "key_kind": kind.value, "key_family": family})


def spend(connection: Connection, kind: Kind, secret_digest: str) -> Credential | None:
    row = connection.execute(_TAKE, _key(kind, secret_digest)).first()
    return None if row is None else _credential(row)


def owned(rows: Iterable[Sequence[Any]]) -> list[tuple[Credential, Account]]:
    """A row is a credential and an identity of its owner."""
    by_credential = (list(same) for _, same in groupby(rows, key=lambda row: row[WIDTH + _ID]))
    return [(_credential(same[0][WIDTH:]), account(same)) for same in by_credential]


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
    del values["id"]  # assigned by the database
    return {**values, **named, "scopes": " ".join(credential.scopes)}
