"""Use case: after single sign-on, ask whether an account is the person's whose address its owner typed."""

from dataclasses import dataclass

from msgspec import Struct

from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.model import Account, Visitor
from romm.domain.sign_in.matches import Answer
from romm.domain.sign_in.pending_sign_in import PendingSignIn, Proofs, proofs
from romm.ports.accounts import Accounts
from romm.ports.process import Clock
from romm.ports.sign_in import PendingSignIns
from romm.sign_in.destinations import Finished
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid import OpenIDSignIn
from romm.sign_in.password import PasswordCredentials as TypedPassword
from romm.sign_in.password import PasswordSignIn


class BrowserCookies(Struct, frozen=True, kw_only=True):
    """Secrets: of the pending sign-in, the device cookie, and the session."""

    pending: str | None
    device_cookie: str | None
    session: str | None


class Question(Struct, frozen=True, kw_only=True):
    """Is this account yours? `by` are the ways to prove it; `provable` is False where accounts link on `/account` alone."""

    account: Account
    by: Proofs
    provable: bool


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """A sign-in waits ten minutes for one answer of the browser that began it."""

    signin: OpenIDSignIn
    password_sign_in: PasswordSignIn
    pending: PendingSignIns
    accounts: Accounts
    journal: SignInJournal
    clock: Clock

    async def question(self, cookies: BrowserCookies) -> Question:
        """What to ask. Raises `Refused(QUESTION_EXPIRED)`."""
        return await self._question(await self._waiting(cookies), cookies)

    async def mine(self, cookies: BrowserCookies, password: str, visitor: Visitor) -> Finished:
        """It is the person's account: prove it and sign in. Raises `Refused`; after a wrong password the question stays."""
        waiting = await self._waiting(cookies)
        question = await self._question(waiting, cookies)
        account = question.account if question.by.click else await self._proved(question, password, visitor)
        return await self._answered(waiting, Answer(account=account, mine=True), cookies, visitor)

    async def not_mine(self, cookies: BrowserCookies, visitor: Visitor) -> Finished:
        """It is another person's account: sign in without it. Raises `Refused`."""
        waiting = await self._waiting(cookies)
        account = (await self._question(waiting, cookies)).account
        return await self._answered(waiting, Answer(account=account, mine=False), cookies, visitor)

    async def _waiting(self, cookies: BrowserCookies) -> PendingSignIn:
        waiting = await self.pending.find(digest(cookies.pending or ""))
        if waiting is None or waiting.expires_at <= self.clock():
            raise _expired()
        return waiting

    async def _question(self, waiting: PendingSignIn, cookies: BrowserCookies) -> Question:
        account = await self.accounts.get(waiting.account_id)
        if account is None:
            raise _expired()
        provable = self.signin.admission.policy.link_by_email
        known = await self.password_sign_in.browsers.find(cookies.device_cookie, account.username)
        passwords = self.password_sign_in.enabled
        by = proofs(account, is_known_browser=known is not None, passwords=passwords, provable=provable)
        return Question(account=account, by=by, provable=provable)

    async def _proved(self, question: Question, password: str, visitor: Visitor) -> Account:
        """The account as it was when its password was right. Raises `Refused`, also for too many tries."""
        account = question.account
        if not question.by.password:
            raise Refused(Code.LINK_FROM_ACCOUNT, account=account.id)
        try:
            return (await self.password_sign_in.who(TypedPassword(account.username, password, visitor))).account
        except Refused as refused:
            if refused.code is not Code.CREDENTIALS_WRONG:
                raise
            wrong = Refused(Code.PASSWORD_WRONG, account=account.id)
            await self.journal.refused("password", wrong, visitor)
            raise wrong from refused

    async def _answered(
        self, waiting: PendingSignIn, answer: Answer, cookies: BrowserCookies, visitor: Visitor
    ) -> Finished:
        """Take the answer, once, and go on. Raises `Refused`."""
        if await self.pending.take(waiting.digest) is None:
            raise _expired()
        try:
            finished = await self.signin.go_on(waiting, answer, visitor)
        except Refused as refused:
            refused.page, refused.return_to = "/login", waiting.return_to
            await self.journal.refused("openid", refused, visitor)
            raise
        if cookies.session is not None and finished.session is not None:  # a browser has one session at a time
            await self.signin.sessions.end(cookies.session)
        return finished


def _expired() -> Refused:
    refused = Refused(Code.QUESTION_EXPIRED)
    refused.page = "/login"
    return refused
