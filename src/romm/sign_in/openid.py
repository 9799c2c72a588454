"""Use cases of signing in through the OpenID Provider: the straight line from the button there and back again."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from romm.credentials.principal import Principal
from romm.credentials.rate_limits import FailureLimit
from romm.credentials.secrets import url_secret
from romm.credentials.sessions import Sessions
from romm.domain import urls
from romm.domain.accounts.changes import Proof, proof
from romm.domain.credentials.rate_limits import Limit
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused, required
from romm.domain.model import Visitor
from romm.domain.sign_in import authorization, logout_token
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME, AuthorizationResponse, Initiation, LoginAttempt, Purpose
from romm.domain.sign_in.discovery import Metadata
from romm.domain.sign_in.linking import Decision, LinkIdentity
from romm.domain.sign_in.outcomes import NotOpened, Opened, Outcome, Reported
from romm.ports.conflicts import Conflict, retry_on_conflict
from romm.ports.process import Clock
from romm.ports.provider import Provider
from romm.sign_in.admission import Admission, Linking
from romm.sign_in.attempts import LoginAttempts
from romm.sign_in.identification import Identification, Person
from romm.sign_in.journal import SignInJournal

ACCOUNT_PAGE = "/account"
LINKED_PAGE = f"{ACCOUNT_PAGE}?notice=linked"
PREVIEW_PAGE = "/admin/oidc"

FAILED_CALLBACKS = Limit(name="refused sign-ins per address", tries=60)
"""Of one address. Each may have sent an invented code to the provider, which then limits *us*, and leaves a row."""

_PAGES = {Purpose.LINK: ACCOUNT_PAGE, Purpose.PREVIEW: PREVIEW_PAGE}


class Pushing(Protocol):
    """As much of a provider as an authorization request needs."""

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """As `Provider.push`."""


class StartedSignIn(Struct, frozen=True, kw_only=True):
    """Where to send the browser, and the sealed attempt that it must bring back under the attempt's id."""

    url: str
    attempt_id: str
    sealed: str


class Finished(Struct, frozen=True, kw_only=True):
    """The browser may go on to `return_to`. `session` is its new secret, None when it has a good one already.

    `linked` when the identity was attached to an account that existed.
    """

    return_to: str
    session: str | None = None
    decision: Decision | None = None
    linked: bool = False


def attempt_id(state: str) -> str:
    """The short public name of an attempt, so that several can be under way in one browser."""
    return digest(state)[:16]


async def request_url(provider: Pushing, metadata: Metadata, request: dict[str, str]) -> str:
    """Where to send a browser with an authorization request, which is pushed first where the provider wants that."""
    if metadata.require_pushed_authorization_requests:
        request = {
            "client_id": request["client_id"],
            "request_uri": await provider.push(metadata, request),
        }
    return authorization.authorization_url(metadata, request)


@dataclass(frozen=True, kw_only=True)
class OpenIDSignIn:
    """Sign-in through the provider. `identification` is None when single sign-on is off; `off` then says why."""

    identification: Identification | None
    off: str
    admission: Admission
    keep_preview: Callable[[str, Person], Awaitable[None]]
    attempts: LoginAttempts
    failures: FailureLimit
    sessions: Sessions
    journal: SignInJournal
    clock: Clock

    async def begin(
        self, unverified_return_to: str | None, visitor: Visitor, initiation: Initiation | None = None
    ) -> StartedSignIn:
        """Start an attempt, which another site may have asked for.

        Raises `Refused` when single sign-on is off, the provider cannot be used, or the other site means another one.
        """
        return_to = urls.return_to(unverified_return_to)
        try:
            return await self._begin(return_to, initiation=initiation)
        except Refused as refused:
            refused.return_to = return_to
            if refused.code is not Code.OIDC_OFF:
                await self.journal.refused("openid", refused, visitor)
            raise

    async def begin_preview(self) -> StartedSignIn:
        """Start an attempt that ends in a report for the administrator who asked. Raises `Refused`."""
        return await self._begin(PREVIEW_PAGE, Purpose.PREVIEW)

    async def begin_link(self, who: Principal) -> StartedSignIn:
        """Start an attempt whose identity shall be linked to the account of this session. Raises `Refused`."""
        if who.credential is None or proof(who.account, who.credential, self.clock()) is Proof.NONE:
            raise Refused(Code.CONFIRMATION_REQUIRED, account=who.account.id)
        return await self._begin(LINKED_PAGE, Purpose.LINK, who.account.id, who.credential.digest)

    async def _begin(
        self,
        return_to: str,
        purpose: Purpose = Purpose.SIGN_IN,
        account_id: int | None = None,
        session_digest: str | None = None,
        initiation: Initiation | None = None,
    ) -> StartedSignIn:
        provider = self._identification().provider
        metadata = await provider.answering_metadata()
        added = {} if initiation is None else required(authorization.initiated(initiation, metadata))
        state, nonce, code_verifier = (url_secret() for _ in range(3))
        attempt = LoginAttempt(
            state_digest=digest(state),
            nonce=nonce,
            code_verifier=code_verifier,
            return_to=return_to,
            issuer=metadata.issuer,
            client_id=provider.client.client_id,
            expires_at=self.clock() + ATTEMPT_LIFETIME,
            purpose=purpose,
            account_id=account_id,
            session_digest=session_digest,
        )
        request = authorization.request_parameters(
            provider.client, state=state, nonce=nonce, code_verifier=code_verifier
        )
        url = await request_url(provider, metadata, request | added)
        sealed = await self.attempts.sealed(attempt)
        self.journal.begun(provider.client)
        return StartedSignIn(url=url, attempt_id=attempt_id(state), sealed=sealed)

    async def finish(
        self, response: AuthorizationResponse, sealed: str | None, session: str | None, visitor: Visitor
    ) -> Finished:
        """Judge the authorization response, decide whose account it opens, and open it.

        An attempt is used once. The same browser may load the callback again: it ends as it did the first time. Raises
        `Refused`.
        """
        identification = self._identification()
        attempt = await self.attempts.opened(response.state, sealed)
        if attempt is None:
            return await self._without_attempt(identification.provider, response, session, visitor)
        if refuse := self.failures.judge(visitor.address):
            raise _of(attempt, Refused.by(refuse))
        if not await self.attempts.take(attempt):
            return await self._again(attempt, session, visitor)
        try:
            linking_to = await self._linking(attempt, session)
            finished = await self._complete(identification, response, attempt, visitor, linking_to)
        except Exception as problem:
            await self._failed(attempt, problem, visitor)
            raise
        if finished.session is not None:
            opened = Opened(digest(finished.session), linked=finished.linked)
            await self.attempts.used.conclude(attempt.state_digest, opened)
        return await self._in_place_of(session, finished)

    async def _in_place_of(self, session: str | None, finished: Finished) -> Finished:
        """A browser has one session at a time."""
        if session is not None and finished.session is not None:
            await self.sessions.end(session)
        return finished

    async def _linking(self, attempt: LoginAttempt, session: str | None) -> Linking | None:
        """Which account the identity shall be linked to, judged by the session that the browser has now."""
        if attempt.purpose is not Purpose.LINK or attempt.account_id is None:
            return None
        who = await self.sessions.who(session)
        if who is None or who.credential is None:
            raise Refused(Code.LINK_SESSION_CHANGED)
        same = who.credential.digest == attempt.session_digest and who.account.id == attempt.account_id
        return Linking(account_id=attempt.account_id, same_session=same, authenticated_at=who.credential.created_at)

    async def _complete(
        self,
        identification: Identification,
        response: AuthorizationResponse,
        attempt: LoginAttempt,
        visitor: Visitor,
        linking_to: Linking | None,
    ) -> Finished:
        provider = identification.provider
        metadata = await provider.metadata()
        accepted = required(authorization.accept(response, attempt, metadata, provider.client, self.clock()))
        person = await identification.identify(metadata, attempt, accepted.code)
        if attempt.purpose is Purpose.PREVIEW:
            await self.keep_preview(attempt.state_digest, person)
            return _reported(attempt)
        decision, session = await retry_on_conflict(lambda: self._opened(person, visitor, linking_to))
        linked = isinstance(decision, LinkIdentity)
        return Finished(return_to=attempt.return_to, session=session, decision=decision, linked=linked)

    async def _opened(self, person: Person, visitor: Visitor, linking_to: Linking | None) -> tuple[Decision, str]:
        """The decision and the new session. Raises `Conflict` when the facts changed meanwhile."""
        decision, account = await self.admission.admit(person, linking_to)
        identity = person.claims.identity
        sid = logout_token.sid(person.signed)
        session = await self.sessions.start(account, visitor, identity, person.id_token, sid)
        await self.journal.signed_in("openid", account, visitor, rule=decision.rule, identity=identity)
        return decision, session

    async def _again(self, attempt: LoginAttempt, session: str | None, visitor: Visitor) -> Finished:
        """The browser that used this attempt loads the callback again: twice at once, a reload, a restored tab."""
        match await self.attempts.outcome(attempt.state_digest):
            case Reported():
                return _reported(attempt)
            case Opened() as opened if finished := await self._opened_again(opened, attempt, session, visitor):
                return finished
            case outcome if await self.sessions.who(session):
                return Finished(return_to="/")
            case outcome:
                raise _of(attempt, _first_refusal(outcome))

    async def _opened_again(
        self, opened: Opened, attempt: LoginAttempt, session: str | None, visitor: Visitor
    ) -> Finished | None:
        """As it ended the first time, whose answer may have been lost with its cookie. None when that session is over."""
        finished = Finished(return_to=attempt.return_to, linked=opened.linked)
        who = await self.sessions.who(session)
        if who is not None and who.digest == opened.session_digest:
            return finished
        if self.clock() >= attempt.expires_at:
            return None
        with suppress(Conflict):  # the account changed at this moment, which ends its sessions
            if another := await self.sessions.another(opened.session_digest, visitor):
                return await self._in_place_of(session, replace(finished, session=another))
        return None

    async def _without_attempt(
        self, provider: Provider, response: AuthorizationResponse, session: str | None, visitor: Visitor
    ) -> Finished:
        """A response whose attempt the browser has not brought: a bookmark, a late reload, a replay, another browser."""
        if await self.sessions.who(session):
            return Finished(return_to="/")
        if not authorization.is_state(response.state):
            raise Refused(Code.STATE_UNKNOWN, found="none of ours" if response.state else "missing")
        if recalled := await self.attempts.used.recall(digest(response.state or "")):
            raise _first_refusal(recalled.outcome)
        mismatch = Refused(Code.BROWSER_MISMATCH, redirect_uri=provider.client.redirect_uri)
        await self.journal.refused("openid", mismatch, visitor)
        raise mismatch

    async def _failed(self, attempt: LoginAttempt, problem: Exception, visitor: Visitor) -> None:
        refused = problem if isinstance(problem, Refused) else Refused(Code.UNEXPECTED)
        _of(attempt, refused).facts.setdefault("issuer", attempt.issuer)
        await self.attempts.used.conclude(attempt.state_digest, NotOpened(refused.code, visitor.correlation_id))
        await self.failures.count(visitor.address)
        await self.journal.refused("openid", refused, visitor)

    def _identification(self) -> Identification:
        if self.identification is None:
            raise Refused(Code.OIDC_OFF, reason=self.off)
        return self.identification


def _of(attempt: LoginAttempt, refused: Refused) -> Refused:
    """A refusal that leads back to where the attempt began."""
    refused.return_to = attempt.return_to
    refused.page = _PAGES.get(attempt.purpose)
    return refused


def _first_refusal(outcome: Outcome | None) -> Refused:
    """The refusal of the first time, with the reference under which the log has it."""
    if isinstance(outcome, NotOpened) and outcome.code in set(Code):
        return Refused(Code(outcome.code), again=outcome.reference)
    return Refused(Code.ATTEMPT_USED)


def _reported(attempt: LoginAttempt) -> Finished:
    return Finished(return_to=f"{PREVIEW_PAGE}?report={attempt.state_digest}")
