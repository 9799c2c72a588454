"""Use cases of signing in with a password, and of signing out."""

import secrets
import unicodedata
from dataclasses import dataclass

from romm.credentials import Principal, Sessions, principal
from romm.domain.discovery import Metadata
from romm.domain.end_session import EndSession, end_session_url
from romm.domain.errors import Code, Refused
from romm.domain.model import Account, Visitor
from romm.ports import Accounts, Clock, Passwords, Provider
from romm.signin_log import SignInJournal


@dataclass(frozen=True, kw_only=True)
class PasswordSignIn:
    """Sign-in with a local password, unless the operator closed that door (`enabled` False)."""

    enabled: bool
    accounts: Accounts
    passwords: Passwords
    sessions: Sessions
    journal: SignInJournal
    clock: Clock

    async def sign_in(self, username: str, password: str, visitor: Visitor) -> str:
        """Open a session; gives its secret. Raises `Refused` with the same code whatever was wrong."""
        try:
            account = await self.check(username, password)
        except Refused as refused:
            await self.journal.refused("password", refused, visitor)
            raise
        await self.accounts.signed_in(account.id, self.clock())
        await self.journal.signed_in("password", account, visitor)
        return await self.sessions.start(account, visitor)

    async def who(self, username: str, password: str) -> Principal:
        """Who HTTP Basic credentials belong to. Raises `Refused` as `sign_in` does."""
        return principal(await self.check(username, password))

    async def check(self, username: str, password: str) -> Account:
        """The account that a name and a password open; unknown, wrong, disabled and without password take one way."""
        if not self.enabled:
            raise Refused(Code.PASSWORDS_OFF)
        found = await self.accounts.password(unicodedata.normalize("NFKC", username).lower())
        account, password_hash = found or (None, None)
        fits = await self.passwords.verify(password_hash, password)
        if account is None or not fits or not account.enabled:
            raise Refused(Code.CREDENTIALS_WRONG, username=username, reason=_reason(account, password_hash))
        if password_hash and self.passwords.is_outdated(password_hash):
            await self.accounts.rehash(account.id, password_hash, await self.passwords.hash(password))
        return account


@dataclass(frozen=True, kw_only=True)
class SignOut:
    """Signing out here, and at the provider when the operator wants that."""

    sessions: Sessions
    provider: Provider | None
    wishes: EndSession

    async def sign_out(self, session: str | None) -> str | None:
        """End a session first, whatever the provider does; gives the provider's end-session URL, if it is to be visited."""
        ended = await self.sessions.end(session) if session else None
        if ended is None or ended.id_token is None or self.provider is None or not self.wishes.enabled:
            return None
        return end_session_url(
            self.wishes,
            await self._metadata(self.provider),
            client_id=self.provider.client.client_id,
            id_token=ended.id_token,
            state=secrets.token_urlsafe(16),
        )

    async def _metadata(self, provider: Provider) -> Metadata | None:
        """What the provider says of itself; nothing when it does not answer, for that must not keep anybody signed in."""
        try:
            return await provider.metadata()
        except Refused:
            return None


def _reason(account: Account | None, password_hash: str | None) -> str:
    if account is None:
        return "no such account"
    if password_hash is None:
        return "the account has no password"
    return "wrong password" if account.enabled else "the account is disabled"
