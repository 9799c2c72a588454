"""Client tokens of two people, without HTTP: the use cases over storage in memory."""

from datetime import UTC, datetime

from msgspec.structs import replace

from romm.credentials.bearers import Bearers
from romm.credentials.client_tokens import ClientTokens, Minted
from romm.credentials.pairing import Pairing
from romm.credentials.principal import Principal, principal
from romm.credentials.rate_limits import Rates
from romm.domain.credentials.client_tokens import ClientTokenRequest, Lifetime
from romm.domain.model import AccessLevel, Account
from romm.domain.scopes import GRANT_ACCESS
from tests.factories import new_account
from tests.fakes import FakeAccounts, FakeClock, FakeCredentialLists, FakeCredentials, FakeLog, FakeThrottles

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HANDHELD = ClientTokenRequest(name="Handheld", scopes=("me.read", "roms.read"), lifetime=Lifetime.QUARTER)


class TokenHouse:
    """Everything is open to tests."""

    def __init__(self) -> None:
        self.clock, self.log, self.accounts = FakeClock(NOW), FakeLog(), FakeAccounts()
        self.credentials = FakeCredentials(self.accounts, self.clock)
        self.tokens = ClientTokens(self.credentials, FakeCredentialLists(self.credentials), self.log, self.clock)
        rates = Rates(FakeThrottles(self.clock), self.clock)
        self.pairing = Pairing(self.tokens, self.credentials, rates, self.log, self.clock)
        self.bearers = Bearers(self.credentials, self.clock)

    async def add(self, username: str, level: AccessLevel = AccessLevel.VIEWER) -> Principal:
        """Somebody who signed in with a password for this one call."""
        return principal(await self.accounts.create(new_account(username, level), NOW))

    async def make(self, owner: Principal, *given: str) -> Minted:
        return await self.tokens.create(owner, replace(HANDHELD, scopes=given or HANDHELD.scopes))

    async def by_token(self, owner: Principal, *given: str) -> Principal:
        """The same person, by a token with these scopes and the right to create what lasts."""
        found = await self.bearers.who((await self.make(owner, *given, GRANT_ACCESS)).secret)
        assert found is not None
        return found

    async def scopes(self, secret: str) -> set[str] | None:
        """What a token may do now, None when it opens nothing."""
        found = await self.bearers.who(secret)
        return None if found is None else set(found.scopes)

    def change(self, owner: Principal, **changes: object) -> Account:
        """What an administrator would do, without asking anybody."""
        account = replace(self.accounts.by_id[owner.account.id], **changes)
        self.accounts.by_id[account.id] = account
        return account
