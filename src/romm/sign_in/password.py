"""Sign in with a password."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from msgspec import Struct

from romm.credentials.principal import Principal, principal
from romm.credentials.sessions import Sessions
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.model import Account, Visitor
from romm.domain.sign_in import throttle as throttling
from romm.ports.accounts import Accounts, Passwords, Verdict
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock
from romm.ports.sign_in import SignInEntry, SignInRecords
from romm.sign_in.device_cookies import DeviceCookies
from romm.sign_in.journal import SignInJournal
from romm.sign_in.throttle import Attempt, Throttle
from romm.sign_in.wrong_passwords import WrongPasswords

T = TypeVar("T")


class Opened(Struct, Generic[T], frozen=True):
    """`credentials` are to be kept; those of `ends` end (by kind and digest)."""

    answer: T
    credentials: tuple[Credential, ...]
    ends: tuple[tuple[Kind, str], ...] = ()


Opening = Callable[[Account], Opened[T]]
"""After the password check. Raises `Refused`."""


class SignedIn(Struct, frozen=True):
    session: str
    device_cookie: str | None = None


class PasswordCredentials(Struct, frozen=True):
    """`session` ends with a new one. `on_page`: a browser, which gets a device cookie. `signed_in`: the digest of the
    credential with which the account proves its password again. `door`: see `throttle.counters`.
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
    records: SignInRecords
    throttle: Throttle
    wrong_passwords: WrongPasswords = field(default_factory=WrongPasswords)
    journal: SignInJournal
    clock: Clock

    async def sign_in(self, typed: PasswordCredentials) -> SignedIn:
        """Raises `Refused`: one code for wrong credentials, TOO_MANY_ATTEMPTS or PASSWORDS_OFF."""
        tried = await self._tried(typed)
        opening = self._open_browser if typed.on_page else self._open_program
        return await self._noted(typed, tried, lambda account: opening(account, typed, tried))

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
            opened = opening(account)
            entry = self.journal.signed_in_without_provider("password", account, typed.visitor)
            ended = await self._kept(account, entry, opened)
        except Refused as refused:
            if refused.code is not Code.TOO_MANY_ATTEMPTS:  # the failures before it are recorded; a flood is not
                await self.journal.refused("password", refused, typed.visitor)
            raise
        self.journal.done(account, entry)
        for session in ended:
            if session.kind is Kind.SESSION:
                self.sessions.ended(session)
        return opened.answer

    async def _kept(self, account: Account, entry: SignInEntry, opened: Opened[T]) -> list[Credential]:
        try:
            return await self.records.keep(account, entry, *opened.credentials, ends=opened.ends)
        except Conflict as conflict:
            raise _account_changed(account) from conflict

    async def _check(self, password: str, tried: Attempt) -> Account:
        """Failures take as long as the slowest imported hash; a repeated one takes no time."""
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
        await self.throttle.succeeded(tried, await self.throttle.check_again(tried, shown, standing))
        if password_hash and self.passwords.is_outdated(password_hash):
            await self.accounts.rehash(account.id, password_hash, await self.passwords.hash(password))
        return account

    def _open_program(self, account: Account, typed: PasswordCredentials, _: Attempt) -> Opened[SignedIn]:
        secret, session = self.sessions.new(account, typed.visitor)
        return Opened(SignedIn(secret), (session,), _ended_session(typed))

    def _open_browser(self, account: Account, typed: PasswordCredentials, tried: Attempt) -> Opened[SignedIn]:
        secret, session = self.sessions.new(account, typed.visitor)
        device_cookie, known = self.browsers.new(account, typed.visitor)
        replaced = () if tried.browser is None else ((tried.browser.kind, tried.browser.digest),)
        return Opened(SignedIn(secret, device_cookie), (session, known), (*replaced, *_ended_session(typed)))


def _ended_session(typed: PasswordCredentials) -> tuple[tuple[Kind, str], ...]:
    """A browser has one session at a time."""
    return () if typed.session is None else ((Kind.SESSION, digest(typed.session)),)


def _account_changed(account: Account) -> Refused:
    reason = "the account changed while the password was checked"
    return Refused(Code.CREDENTIALS_WRONG, username=account.username, reason=reason)


def _reason(account: Account | None, password_hash: str | None) -> str:
    if account is None:
        return "no such account"
    if password_hash is None:
        return "the account has no password"
    return "wrong password" if account.enabled else "the account is disabled"
