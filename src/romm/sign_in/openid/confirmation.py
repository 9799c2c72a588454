"""After single sign-on, ask “Is this your account?” when only the account's owner entered the address."""

from dataclasses import dataclass

from msgspec import Struct

from romm.domain.errors import Code, Refused
from romm.domain.model import Account, Visitor
from romm.domain.sign_in.linking.matches import Answer
from romm.domain.sign_in.linking.pending import PendingSignIn, Proofs, proofs
from romm.ports.accounts import Accounts
from romm.ports.process import Clock
from romm.ports.sign_in import PendingSignIns
from romm.sign_in.destinations import Finished
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid.flow import OpenIDSignIn
from romm.sign_in.openid.providers import SignIns
from romm.sign_in.password import PasswordCredentials, PasswordSignIn


class BrowserCookies(Struct, frozen=True, kw_only=True):
    pending: str | None
    device_cookie: str | None
    session: str | None


class Question(Struct, frozen=True, kw_only=True):
    """`by`: the proofs that count. `provable` is False if accounts are linked on `/account` only. `issuer`: where the
    person signed in. `registration`: a sign-in there may create an account.
    """

    account: Account
    by: Proofs
    provable: bool
    issuer: str
    registration: bool


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    sign_ins: SignIns
    password_sign_in: PasswordSignIn
    pending: PendingSignIns
    accounts: Accounts
    journal: SignInJournal
    clock: Clock

    async def question(self, brought: BrowserCookies) -> Question:
        """Raises `Refused(QUESTION_EXPIRED)`."""
        return await self._question(await self._waiting(brought), brought)

    async def mine(self, brought: BrowserCookies, password: str, visitor: Visitor) -> Finished:
        """Link and sign in. Raises `Refused`; a wrong password keeps the question open."""
        waiting = await self._waiting(brought)
        question = await self._question(waiting, brought)
        account = question.account if question.by.click else await self._proved(question, password, visitor)
        return await self._answered(waiting, Answer(account=account, mine=True), brought, visitor)

    async def not_mine(self, brought: BrowserCookies, visitor: Visitor) -> Finished:
        """Raises `Refused`."""
        waiting = await self._waiting(brought)
        account = (await self._question(waiting, brought)).account
        return await self._answered(waiting, Answer(account=account, mine=False), brought, visitor)

    async def _waiting(self, brought: BrowserCookies) -> PendingSignIn:
        waiting = await self.pending.find(brought.pending or "")
        if waiting is None or waiting.expires_at <= self.clock():
            raise _expired()
        return waiting

    async def _question(self, waiting: PendingSignIn, brought: BrowserCookies) -> Question:
        account = await self.accounts.get(waiting.account_id)
        if account is None:
            raise _expired()
        policy = self._sign_in(waiting).admission.policy
        known = await self.password_sign_in.browsers.find(brought.device_cookie, account.username)
        passwords = self.password_sign_in.enabled
        by = proofs(account, is_known_browser=known is not None, passwords=passwords, provable=policy.link_by_email)
        return Question(
            account=account,
            by=by,
            provable=policy.link_by_email,
            issuer=waiting.claims.identity.issuer,
            registration=policy.allow_registration,
        )

    def _sign_in(self, waiting: PendingSignIn) -> OpenIDSignIn:
        """Raises `Refused(QUESTION_EXPIRED)` if its provider is gone."""
        found = self.sign_ins.of_issuer(waiting.claims.identity.issuer)
        if found is None:
            raise _expired()
        return found

    async def _proved(self, question: Question, password: str, visitor: Visitor) -> Account:
        account = question.account
        if not question.by.password:
            raise Refused(Code.LINK_FROM_ACCOUNT, account=account.id)
        try:
            return (await self.password_sign_in.who(PasswordCredentials(account.username, password, visitor))).account
        except Refused as refused:
            if refused.code is not Code.CREDENTIALS_WRONG:
                raise
            wrong = Refused(Code.PASSWORD_WRONG, account=account.id)
            await self.journal.refused("password", wrong, visitor)
            raise wrong from refused

    async def _answered(
        self, waiting: PendingSignIn, answer: Answer, brought: BrowserCookies, visitor: Visitor
    ) -> Finished:
        if await self.pending.take(brought.pending or "") is None:
            raise _expired()
        try:
            finished = await self._sign_in(waiting).go_on(waiting, answer, visitor)
        except Refused as refused:
            refused.page, refused.return_to = "/login", waiting.return_to
            await self.journal.refused("openid", refused, visitor)
            raise
        if brought.session is not None and finished.session is not None:  # a browser has one session at a time
            await self.password_sign_in.sessions.end(brought.session)
        return finished


def _expired() -> Refused:
    refused = Refused(Code.QUESTION_EXPIRED)
    refused.page = "/login"
    return refused
