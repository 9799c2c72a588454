"""What a sign-in with the provider leaves in the database, in one transaction."""

from sqlalchemy import Connection

from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import note_sign_in
from romm.adapters.sign_in.attempts import conclude
from romm.adapters.sign_in.sign_in_log import SQLSignInLog
from romm.domain.credentials.credential import Credential
from romm.domain.model import Account
from romm.domain.sign_in.outcomes import Outcome
from romm.ports.sign_in import SignInEntry


class SQLSignInRecords:
    def __init__(self, database: Database, credentials: SQLCredentials, log: SQLSignInLog) -> None:
        self._database = database
        self._credentials = credentials
        self._log = log

    async def keep(
        self, owner: Account, session: Credential, entry: SignInEntry, attempt: str | None, outcome: Outcome
    ) -> None:
        def work(connection: Connection) -> None:
            note_sign_in(connection, owner, entry.at)
            self._credentials.add_within(connection, owner.id, session)
            self._log.add_within(connection, entry)
            if attempt is not None:
                conclude(connection, attempt, outcome)

        await self._database.write(work)
