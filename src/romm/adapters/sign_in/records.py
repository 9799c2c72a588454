"""What a sign-in leaves in the database, in one transaction."""

from collections.abc import Iterable

from sqlalchemy import Connection

from romm.adapters.credentials.store import SQLCredentials, spend
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import note_sign_in
from romm.adapters.sign_in.attempts import conclude
from romm.adapters.sign_in.sign_in_log import SQLSignInLog
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.model import Account
from romm.domain.sign_in.outcomes import Outcome
from romm.ports.sign_in import SignInEntry


class SQLSignInRecords:
    def __init__(self, database: Database, credentials: SQLCredentials, log: SQLSignInLog) -> None:
        self._database = database
        self._credentials = credentials
        self._log = log

    async def keep(
        self,
        owner: Account,
        entry: SignInEntry,
        *credentials: Credential,
        ends: Iterable[tuple[Kind, str]] = (),
        concludes: tuple[str, Outcome] | None = None,
    ) -> list[Credential]:
        def work(connection: Connection) -> list[Credential]:
            note_sign_in(connection, owner, entry.at)
            self._credentials.add_within(connection, owner.id, *credentials)
            self._log.add_within(connection, entry)
            if concludes is not None:
                conclude(connection, *concludes)
            ended = [spend(connection, *each) for each in ends]
            return [each for each in ended if each is not None]

        return await self._database.write(work)
