"""Ends the oldest credentials of an account above `MOST_OF_A_KIND`."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, delete, select

from romm.adapters.database.prepared import execute
from romm.adapters.database.tables import CredentialRow
from romm.domain.credentials.credential import MOST_OF_A_KIND, Kind

_NEWEST_FIRST = (
    select(CredentialRow.id)
    .where(CredentialRow.account_id == bindparam("owner"), CredentialRow.kind == bindparam("key_kind"))
    .order_by(CredentialRow.id.desc())
)
_END_OLDEST = delete(CredentialRow).where(CredentialRow.id.in_(_NEWEST_FIRST.offset(MOST_OF_A_KIND)))
# Each live family has one unspent refresh token.
_UNSPENT_FIRST = _NEWEST_FIRST.with_only_columns(CredentialRow.family).where(CredentialRow.spent_at.is_(None))
_END_OLDEST_FAMILIES = delete(CredentialRow).where(
    CredentialRow.account_id == bindparam("owner"),
    CredentialRow.family != "",
    CredentialRow.family.in_(_UNSPENT_FIRST.offset(MOST_OF_A_KIND)),
)
_END_SURPLUS = {
    Kind.SESSION: _END_OLDEST,
    Kind.DEVICE_COOKIE: _END_OLDEST,
    Kind.FORWARD_CODE: _END_OLDEST,
    Kind.FORWARD_SESSION: _END_OLDEST,
    Kind.REFRESH_TOKEN: _END_OLDEST_FAMILIES,
}


def end_surplus(connection: Connection, owner: int, kinds: Collection[Kind]) -> None:
    for kind in _END_SURPLUS.keys() & kinds:
        execute(connection, _END_SURPLUS[kind], {"owner": owner, "key_kind": kind.value})
