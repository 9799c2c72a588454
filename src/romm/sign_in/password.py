"""Use cases of signing in with a password, and of signing out."""

import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct

from romm.credentials.principal import Principal, principal
from romm.credentials.sessions import Sessions
from romm.domain.errors import Code, Refused
from romm.domain.model import Account, Visitor
from romm.domain.sign_in import throttle as throttling
from romm.ports.accounts import Accounts, Passwords
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock
from romm.sign_in.device_cookies import DeviceCookies
from romm.sign_in.journal import SignInJournal
from romm.sign_in.throttle import Attempt, Throttle

T = TypeVar("T")

Opening = Callable[[Account], Awaitable[T]]
"""Opens something to who proved to know the password. Raises `Conflict("version")` when the account changed since."""


class SignedIn(Struct, frozen=True):
    """The secrets of who signed in: of the session and, when it is a person's browser, to be known again."""

    session: str
    device_cookie: str | None = None


class PasswordCredentials(Struct, frozen=True):
    """What somebody typed, where, and what their browser brought: a secret some account may know, and a session.

    `on_page` is whether it was typed into a page of ours: a program is no browser to be known again.
    """

    username: str
    password: str
    visitor: Visitor
    device_cookie: str | None = None
    session: str | None = None
    on_page: bool = False


@dataclass(frozen=True, kw_only=True)
class PasswordSignIn:
    """Sign-in with a local password, unless the operator closed that door (`enabled` False)."""

    enabled: bool
    accounts: Accounts
    passwords: Passwords
    sessions: Sessions
    browsers: DeviceCookies
    throttle: Throttle
    journal: SignInJournal
    clock: Clock

    async def sign_in(self, typed: PasswordCredentials) -> SignedIn:
        """Open a session. Raises `Refused` with the same code whatever was wrong, or `TOO_MANY_ATTEMPTS`."""
        tried = await self._tried(typed)
        opening = self._open_browser if typed.on_page else self._open_program
        signed_in = await self._noted(typed, tried, lambda account: opening(account, typed.visitor, tried))
        if typed.session is not None:  # a browser has one session at a time
            await self.sessions.end(typed.session)
        return signed_in

    async def open(self, typed: PasswordCredentials, opening: Opening[T]) -> T:
        """As `sign_in`, but what opens is not a session: an app gets tokens. Raises `Refused` as both do."""
        return await self._noted(typed, await self._tried(typed), opening)

    async def who(self, typed: PasswordCredentials) -> Principal:
        """Who HTTP Basic credentials belong to. Raises `Refused` as `sign_in` does."""
        seen = await self._check(typed.password, await self._tried(typed))
        now = await self.accounts.get(seen.id)
        if now is None or not now.enabled or now.version != seen.version:
            raise _outrun(seen)
        return principal(now)

    async def _tried(self, typed: PasswordCredentials) -> Attempt:
        username = unicodedata.normalize("NFKC", typed.username).lower()
        browser = await self.browsers.find(typed.device_cookie, username)
        return Attempt(username=username, address=typed.visitor.address, browser=browser)

    async def _noted(self, typed: PasswordCredentials, tried: Attempt, opening: Opening[T]) -> T:
        """Check, open, and write down how it ended."""
        try:
            account = await self._check(typed.password, tried)
            opened = await _opened(account, opening)
        except Refused as refused:
            if refused.code is not Code.TOO_MANY_ATTEMPTS:  # the failures before it are noted; a flood shall not be
                await self.journal.refused("password", refused, typed.visitor)
            raise
        await self.accounts.signed_in(account.id, self.clock())
        await self.journal.signed_in("password", account, typed.visitor)
        return opened

    async def _check(self, password: str, tried: Attempt) -> Account:
        """The account that a name and a password open; unknown, wrong, disabled and without password take one way.

        That way is as long for all: while somebody's hash is a slow one of an existing RomM, everybody pays for it.
        """
        if not self.enabled:
            raise Refused(Code.PASSWORDS_OFF)
        account, password_hash = await self.accounts.password(tried.username) or (None, None)
        shown = throttling.format_username(tried.username, known=account is not None)
        await self.throttle.check(tried, shown)
        fits = await self.passwords.verify(password_hash, password)
        failed_before = await self.throttle.check(tried, shown)  # again, or many tries side by side were a way around
        if account is None or not fits or not account.enabled:
            await self.throttle.failed(tried)
            await self.passwords.equalize_time(password_hash, await self.accounts.legacy_hash(), password)
            facts = {"username": shown, "account": account and account.id}
            raise Refused(Code.CREDENTIALS_WRONG, **facts, reason=_reason(account, password_hash))
        if failed_before:
            await self.throttle.succeeded(tried)
        if password_hash and self.passwords.is_outdated(password_hash):
            await self.accounts.rehash(account.id, password_hash, await self.passwords.hash(password))
        return account

    async def _open_program(self, account: Account, visitor: Visitor, _: Attempt) -> SignedIn:
        return SignedIn(await self.sessions.start(account, visitor))

    async def _open_browser(self, account: Account, visitor: Visitor, tried: Attempt) -> SignedIn:
        """A session, and a new secret to be known by; the one that the browser brought is used up."""
        device_cookie, credential = self.browsers.new(account, visitor)
        session = await self.sessions.start(account, visitor, beside=(credential,))
        if tried.browser is not None:
            await self.browsers.forget(tried.browser)
        return SignedIn(session, device_cookie)


async def _opened(account: Account, opening: Opening[T]) -> T:
    try:
        return await opening(account)
    except Conflict as conflict:
        raise _outrun(account) from conflict


def _outrun(account: Account) -> Refused:
    """While the password was checked it may have been changed, and what it opened must not outlive it."""
    reason = "the account changed while the password was checked"
    return Refused(Code.CREDENTIALS_WRONG, username=account.username, reason=reason)


def _reason(account: Account | None, password_hash: str | None) -> str:
    if account is None:
        return "no such account"
    if password_hash is None:
        return "the account has no password"
    return "wrong password" if account.enabled else "the account is disabled"
