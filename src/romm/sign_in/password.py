"""Use case: sign in with a password."""

import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import Struct

from romm.credentials.principal import Principal, principal
from romm.credentials.sessions import Sessions
from romm.domain.errors import Code, Refused
from romm.domain.model import Account, Visitor
from romm.domain.sign_in import throttle as throttling
from romm.ports.accounts import Accounts, Passwords, Verdict
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock
from romm.sign_in.device_cookies import DeviceCookies
from romm.sign_in.journal import SignInJournal
from romm.sign_in.throttle import Attempt, Throttle
from romm.sign_in.wrong_passwords import WrongPasswords

T = TypeVar("T")

Opening = Callable[[Account], Awaitable[T]]
"""Issues a credential after the password check. Raises `Conflict("version")` if the account changed since."""


class SignedIn(Struct, frozen=True):
    session: str
    device_cookie: str | None = None


class PasswordCredentials(Struct, frozen=True):
    """`session` ends with a new one. `on_page`: only a browser, not a program, gets a device cookie. `signed_in` is the
    digest of the credential with which the account proves its password again. `door`: see `throttle.counters`.
    """

    username: str
    password: str
    visitor: Visitor
    session: str | None = None
    on_page: bool = False
    signed_in: str | None = None
    door: str = ""


@dataclass(frozen=True, kw_only=True)
class PasswordSignIn:
    enabled: bool
    accounts: Accounts
    passwords: Passwords
    sessions: Sessions
    browsers: DeviceCookies
    throttle: Throttle
    wrong_passwords: WrongPasswords = field(default_factory=WrongPasswords)
    journal: SignInJournal
    clock: Clock

    async def sign_in(self, typed: PasswordCredentials) -> SignedIn:
        """Raises `Refused`: one code for wrong credentials, `TOO_MANY_ATTEMPTS` or `PASSWORDS_OFF`."""
        tried = await self._tried(typed)
        opening = self._open_browser if typed.on_page else self._open_program
        signed_in = await self._noted(typed, tried, lambda account: opening(account, typed.visitor, tried))
        if typed.session is not None:  # a browser has one session at a time
            await self.sessions.end(typed.session)
        return signed_in

    async def open(self, typed: PasswordCredentials, opening: Opening[T]) -> T:
        """Like `sign_in`, for tokens, say. Raises `Refused`, also from `opening`."""
        return await self._noted(typed, await self._tried(typed), opening)

    async def who(self, typed: PasswordCredentials) -> Principal:
        """For HTTP Basic. Raises `Refused` like `sign_in`."""
        seen = await self._check(typed.password, await self._tried(typed))
        now = await self.accounts.get(seen.id)
        if now is None or not now.enabled or now.version != seen.version:
            raise _account_changed(seen)
        return principal(now)

    async def _tried(self, typed: PasswordCredentials) -> Attempt:
        username = unicodedata.normalize("NFKC", typed.username).lower()
        browser = await self.browsers.find(typed.visitor.device_cookie, username)
        return Attempt(username, typed.visitor.address, browser, typed.signed_in, typed.door)

    async def _noted(self, typed: PasswordCredentials, tried: Attempt, opening: Opening[T]) -> T:
        try:
            account = await self._check(typed.password, tried)
            opened = await _opened(account, opening)
        except Refused as refused:
            if refused.code is not Code.TOO_MANY_ATTEMPTS:  # the failures before it are recorded; a flood is not
                await self.journal.refused("password", refused, typed.visitor)
            raise
        await self.accounts.signed_in(account.id, self.clock())
        await self.journal.signed_in("password", account, typed.visitor)
        return opened

    async def _check(self, password: str, tried: Attempt) -> Account:
        """Failures take equal time: that of the slowest imported hash. A repeated one takes none."""
        if not self.enabled:
            raise Refused(Code.PASSWORDS_OFF)
        account, password_hash = await self.accounts.password(tried.username) or (None, None)
        shown = throttling.format_username(tried.username, known=account is not None)
        standing = await self.throttle.check(tried, shown)
        counter, place = tried.counters.own, self.throttle.place(tried, standing)
        entry = self.wrong_passwords.entry(counter, account, password_hash, password)
        if (mark := self.wrong_passwords.mark(entry)) is not None:
            verdict = Verdict(fits=False, mark=mark)
        else:
            verdict = await self.passwords.verify(password_hash, password, place, salt=counter)
        if account is None or not verdict.fits or not account.enabled:
            await self.throttle.failed(tried, standing, verdict.mark, shown)
            if mark is None:
                legacy_hash = await self.accounts.legacy_hash()
                await self.passwords.equalize_time(password_hash, legacy_hash, password, place)
                self.wrong_passwords.add(entry, verdict.mark)
            facts = {"username": shown, "account": account and account.id}
            raise Refused(Code.CREDENTIALS_WRONG, **facts, reason=_reason(account, password_hash))
        standing = await self.throttle.check(tried, shown)  # again: parallel requests must not bypass the limit
        await self.throttle.succeeded(tried, standing)
        if password_hash and self.passwords.is_outdated(password_hash):
            await self.accounts.rehash(account.id, password_hash, await self.passwords.hash(password))
        return account

    async def _open_program(self, account: Account, visitor: Visitor, _: Attempt) -> SignedIn:
        return SignedIn(await self.sessions.start(account, visitor))

    async def _open_browser(self, account: Account, visitor: Visitor, tried: Attempt) -> SignedIn:
        """The new device cookie replaces the old one."""
        device_cookie, credential = self.browsers.new(account, visitor)
        session = await self.sessions.start(account, visitor, beside=(credential,))
        if tried.browser is not None:
            await self.browsers.forget(tried.browser)
        return SignedIn(session, device_cookie)


async def _opened(account: Account, opening: Opening[T]) -> T:
    try:
        return await opening(account)
    except Conflict as conflict:
        raise _account_changed(account) from conflict


def _account_changed(account: Account) -> Refused:
    """The password may have changed during the check."""
    reason = "the account changed while the password was checked"
    return Refused(Code.CREDENTIALS_WRONG, username=account.username, reason=reason)


def _reason(account: Account | None, password_hash: str | None) -> str:
    if account is None:
        return "no such account"
    if password_hash is None:
        return "the account has no password"
    return "wrong password" if account.enabled else "the account is disabled"
