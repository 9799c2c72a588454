"""Between rows and the domain's `Account`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, literal_column

from romm.adapters.database.tables import AccountRow, IdentityRow, Level
from romm.domain.model import AccessLevel, Account, Identity, LinkedIdentity
from romm.ports.accounts import NewAccount

_FIELDS = tuple(name for name in Account.__struct_fields__ if name != "links")
_LINK = (IdentityRow.issuer, IdentityRow.subject, IdentityRow.linked_at, IdentityRow.rule, IdentityRow.retired_at)

COLUMNS = (*(getattr(AccountRow, name) for name in _FIELDS), *_LINK)
LINKED = IdentityRow.account_id == AccountRow.id
ORDER = (AccountRow.id, IdentityRow.id)
"""A statement for `accounts` selects COLUMNS, joins identities ON LINKED and sorts by ORDER."""

WIDTH, _FIRST_OF_LINK = len(COLUMNS), len(_FIELDS)


def is_admin(row: type[AccountRow] = AccountRow) -> ColumnElement[bool]:
    """In the words of the index."""
    return row.level == literal_column(f"'{AccessLevel.ADMIN.label}'", Level())


def accounts(rows: Iterable[Sequence[Any]]) -> tuple[Account, ...]:
    """Rows of an outer join without an account are skipped."""
    return tuple(account(list(same)) for key, same in groupby(rows, key=itemgetter(0)) if key is not None)


def account(rows: Sequence[Sequence[Any]]) -> Account:
    links = tuple(_link(*row[_FIRST_OF_LINK:WIDTH]) for row in rows if row[_FIRST_OF_LINK] is not None)
    return Account(links=links, **dict(zip(_FIELDS, rows[0], strict=False)))


def _link(issuer: str, subject: str, linked_at: datetime, rule: str, retired_at: datetime | None) -> LinkedIdentity:
    return LinkedIdentity(identity=Identity(issuer, subject), linked_at=linked_at, rule=rule, retired_at=retired_at)


def account_values(new: NewAccount, now: datetime) -> dict[str, Any]:
    return {
        **asdict(new),
        "role_from_claim": False,
        "enabled": True,
        "password_set_at": None if new.password_hash is None else now,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def identity_values(account_id: int, identity: Identity, rule: str, now: datetime) -> dict[str, Any]:
    named = {"issuer": identity.issuer, "subject": identity.subject}
    return {"account_id": account_id, **named, "linked_at": now, "rule": rule}
