"""Used logout tokens, shared by all workers."""

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select

from romm.adapters.database.tables import AccountRow, CredentialRow, LogoutTokenRow
from romm.adapters.database.transactions import Database, forget
from romm.domain.credentials.credential import Kind
from romm.domain.sign_in.logout_token import Logout
from romm.ports.process import Clock

_FORGET = forget(LogoutTokenRow.digest, LogoutTokenRow.forgotten_at < bindparam("now"))
_REMEMBER = insert(LogoutTokenRow)


class SQLLogouts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def algorithms(self, logout: Logout) -> set[str | None]:
        rows = await self._database.fetch(select(CredentialRow.id_token_alg).where(*_matching(logout)).distinct(), {})
        return {row.id_token_alg for row in rows}

    async def carry_out(self, logout: Logout) -> list[int]:
        now, matching = self._clock(), _matching(logout)
        owners = select(CredentialRow.account_id).where(*matching)
        # Against deadlocks: accounts before credentials, as in every other transaction, and ordered by id.
        lock = select(AccountRow.id).where(AccountRow.id.in_(owners)).order_by(AccountRow.id)
        end = delete(CredentialRow).where(*matching).returning(CredentialRow.account_id)

        def work(connection: Connection) -> list[int]:
            connection.execute(_FORGET, {"now": now})
            connection.execute(_REMEMBER, {"digest": logout.digest, "forgotten_at": logout.forgotten_at})
            connection.execute(lock.with_for_update(key_share=True)).all()
            return list(connection.execute(end).scalars())

        return await self._database.write(work)


def _matching(logout: Logout) -> list[ColumnElement[bool]]:
    """The issuer's sessions with the token's `sub` and `sid`, as far as it has them."""
    named = {CredentialRow.issuer: logout.issuer, CredentialRow.subject: logout.subject, CredentialRow.sid: logout.sid}
    same = [column == value for column, value in named.items() if value is not None]
    return [CredentialRow.kind == Kind.SESSION.value, *same]
