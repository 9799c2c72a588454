"""Sign in with the OpenID Provider, from the button to the callback."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from msgspec import Struct

from romm.credentials.principal import Principal, require_own
from romm.credentials.rate_limits import FairLimit
from romm.credentials.secrets import url_secret
from romm.credentials.sessions import Sessions
from romm.domain import urls
from romm.domain.accounts.changes import Proof, confirmation_required, proof
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused, required
from romm.domain.model import Account, Visitor
from romm.domain.sign_in import authorization
from romm.domain.sign_in.authorization import (
    ATTEMPT_LIFETIME,
    AuthorizationResponse,
    Initiation,
    LoginAttempt,
    Purpose,
)
from romm.domain.sign_in.linking.decisions import Confirm, LinkIdentity
from romm.domain.sign_in.linking.matches import Answer
from romm.domain.sign_in.linking.pending import PENDING_LIFETIME, PendingSignIn
from romm.domain.sign_in.outcomes import NotOpened, Opened, QuestionAsked
from romm.domain.sign_in.providers import FIRST
from romm.ports.conflicts import retry_on_conflict
from romm.ports.process import Clock
from romm.ports.sign_in import PendingSignIns, SignInRecords
from romm.sign_in.destinations import (
    LINKED_PAGE,
    PREVIEW_PAGE,
    QUESTION_PAGE,
    CallbackCookies,
    Finished,
    concerning,
    led_back,
    reported,
)
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid.admission import Admission, Linking
from romm.sign_in.openid.attempts import LoginAttempts
from romm.sign_in.openid.authorization_requests import may_be_pushed, request_url
from romm.sign_in.openid.identification import Identification, Person
from romm.sign_in.openid.repeated_responses import RepeatedResponses


class StartedSignIn(Struct, frozen=True, kw_only=True):
    """`sealed` goes into a cookie named after `attempt_id`."""

    url: str
    attempt_id: str
    sealed: str


def attempt_id(state: str) -> str:
    """Names the cookie: a browser may have several attempts."""
    return digest(state)[:16]


@dataclass(frozen=True, kw_only=True)
class OpenIDSignIn:
    """At one provider. `off`: why it is off; `identification` is then None. `issuer`: as the settings spell it.

    Methods that begin or finish a sign-in raise `Refused`.
    """

    identification: Identification | None
    off: str
    admission: Admission
    keep_preview: Callable[[str, Person], Awaitable[None]]
    attempts: LoginAttempts
    failures: FairLimit
    pushes: FairLimit
    pending: PendingSignIns
    repeated: RepeatedResponses
    sessions: Sessions
    records: SignInRecords
    journal: SignInJournal
    clock: Clock
    id: str = FIRST
    issuer: str = ""

    async def begin(
        self, unverified_return_to: str | None, visitor: Visitor, initiation: Initiation | None = None
    ) -> StartedSignIn:
        """Refuses an `initiation` that names another issuer."""
        return await self._journaled(unverified_return_to, visitor, initiation=initiation)

    async def begin_invited(self, secret: str, visitor: Visitor) -> StartedSignIn:
        """For a new account by an invitation's link."""
        return await self._journaled(None, visitor, invitation=await self.admission.open_invitation(secret))

    async def begin_preview(self, actor: Actor) -> StartedSignIn:
        required(may(actor, Action.DIAGNOSE))
        return await self._begin(PREVIEW_PAGE, Purpose.PREVIEW)

    async def begin_link(self, who: Principal) -> StartedSignIn:
        require_own(who, Action.CHANGE_PROFILE)
        if who.credential is None or proof(who.account, who.credential, self.clock()) is Proof.NONE:
            raise Refused.by(confirmation_required(who.account))
        return await self._begin(LINKED_PAGE, Purpose.LINK, who.account.id, who.credential.digest)

    async def begin_confirmation(self, who: Principal, unverified_return_to: str, visitor: Visitor) -> StartedSignIn:
        """Sign in anew, as a proof."""
        require_own(who, Action.CHANGE_PROFILE)
        return await self._journaled(unverified_return_to, visitor, Purpose.CONFIRM)

    async def _journaled(
        self,
        unverified_return_to: str | None,
        visitor: Visitor,
        purpose: Purpose = Purpose.SIGN_IN,
        initiation: Initiation | None = None,
        invitation: str = "",
    ) -> StartedSignIn:
        return_to = urls.return_to(unverified_return_to)
        try:
            return await self._begin(return_to, purpose, initiation=initiation, visitor=visitor, invitation=invitation)
        except Refused as refused:
            refused.return_to = return_to
            if refused.code is not Code.OIDC_OFF:
                refused.facts.setdefault("issuer", self.issuer or None)
                await self.journal.refused("openid", refused, visitor)
            raise

    async def _begin(
        self,
        return_to: str,
        purpose: Purpose = Purpose.SIGN_IN,
        account_id: int | None = None,
        session_digest: str | None = None,
        initiation: Initiation | None = None,
        visitor: Visitor | None = None,
        invitation: str = "",
    ) -> StartedSignIn:
        with concerning(self.id):
            provider = self._identification().provider
            metadata = await provider.answering_metadata()
            added = {} if initiation is None else required(authorization.initiated(initiation, metadata))
            added |= authorization.reauthentication(provider.client) if purpose is Purpose.CONFIRM else {}
            state, nonce, code_verifier = (url_secret() for _ in range(3))
            attempt = LoginAttempt(
                state_digest=digest(state),
                nonce=nonce,
                code_verifier=code_verifier,
                return_to=return_to,
                issuer=metadata.issuer,
                client_id=provider.client.client_id,
                expires_at=self.clock() + ATTEMPT_LIFETIME,
                provider=self.id,
                purpose=purpose,
                account_id=account_id,
                session_digest=session_digest,
                invitation=invitation,
            )
            request = authorization.request_parameters(
                provider.client, state=state, nonce=nonce, code_verifier=code_verifier
            )
            if visitor is not None and may_be_pushed(provider.client, metadata):
                await self._check_pushes(visitor.address)
            url = await request_url(provider, metadata, request | added)
            sealed = await self.attempts.sealed(attempt)
            self.journal.begun(provider.client, attempt.state_digest, self.id)
            return StartedSignIn(url=url, attempt_id=attempt_id(state), sealed=sealed)

    async def _check_pushes(self, address: str) -> None:
        """Raises `Refused(TOO_MANY_REQUESTS)`."""
        required(self.pushes.judge(address))
        await self.pushes.count(address)

    async def finish(self, response: AuthorizationResponse, cookies: CallbackCookies, visitor: Visitor) -> Finished:
        with concerning(self.id):
            return await self._finish(response, cookies, visitor)

    async def _finish(self, response: AuthorizationResponse, cookies: CallbackCookies, visitor: Visitor) -> Finished:
        identification = self._identification()
        attempt = await self.attempts.opened(response.state, cookies.sealed)
        if attempt is None:
            redirect_uri = identification.provider.client.redirect_uri
            return await self.repeated.without_attempt(response, cookies, visitor, redirect_uri)
        self.journal.returned(attempt.state_digest)
        if refuse := self.failures.judge(visitor.address):
            raise led_back(attempt, Refused.by(refuse))
        if not await self.attempts.take(attempt):
            return await self.repeated.with_attempt(attempt, cookies, visitor)
        try:
            finished = await self._complete(identification, response, attempt, cookies, visitor)
        except Exception as problem:
            await self._failed(attempt, problem, visitor)
            raise
        if finished.pending is not None:
            await self.attempts.used.conclude(attempt.state_digest, QuestionAsked())
        if finished.session is not None and cookies.session is not None:  # a browser has one session at a time
            await self.sessions.end(cookies.session)
        return finished

    async def _linking(self, attempt: LoginAttempt, session: str | None) -> Linking | None:
        if attempt.purpose is not Purpose.LINK or attempt.account_id is None:
            return None
        who = await self.sessions.who(session)
        if who is None or who.credential is None:
            raise Refused(Code.LINK_SESSION_CHANGED)
        same = who.credential.digest == attempt.session_digest and who.account.id == attempt.account_id
        return Linking(account_id=attempt.account_id, same_session=same, authenticated_at=who.credential.proven_at)

    async def _complete(
        self,
        identification: Identification,
        response: AuthorizationResponse,
        attempt: LoginAttempt,
        cookies: CallbackCookies,
        visitor: Visitor,
    ) -> Finished:
        if refuse := authorization.mixed_up(attempt, self.id):
            raise Refused.by(refuse)
        linking_to = await self._linking(attempt, cookies.session)
        provider = identification.provider
        metadata = await provider.metadata()
        accepted = required(authorization.accept(response, attempt, metadata, provider.client, self.clock()))
        person = await identification.identify(metadata, attempt, accepted.code)
        if attempt.purpose is Purpose.PREVIEW:
            await self.keep_preview(attempt.state_digest, person)
            return reported(attempt)
        secret = cookies.pending_to_be
        return await retry_on_conflict(
            lambda: self._admitted(
                person,
                attempt.return_to,
                visitor,
                secret,
                linking_to=linking_to,
                attempt=attempt.state_digest,
                invitation=attempt.invitation,
            )
        )

    async def go_on(self, waiting: PendingSignIn, answer: Answer, visitor: Visitor) -> Finished:
        person, secret = Person(claims=waiting.claims, source=waiting.source), url_secret()
        return await retry_on_conflict(
            lambda: self._admitted(
                person, waiting.return_to, visitor, secret, answer=answer, invitation=waiting.invitation
            )
        )

    async def _admitted(
        self,
        person: Person,
        return_to: str,
        visitor: Visitor,
        secret: str,
        *,
        linking_to: Linking | None = None,
        answer: Answer | None = None,
        attempt: str | None = None,
        invitation: str = "",
    ) -> Finished:
        """A session, which concludes `attempt`, or a pending sign-in under `secret`. Raises `Conflict`."""
        admitted = await self.admission.admit(person, linking_to, answer, invitation)
        if isinstance(admitted, Confirm):
            await self._ask(admitted.account, person, return_to, secret, invitation)
            return Finished(return_to=QUESTION_PAGE, pending=secret)
        (decision, account), linked = admitted, isinstance(admitted[0], LinkIdentity)
        opened, session = self.sessions.new(account, visitor, person.source)
        identity, claims = person.claims.identity, self.admission.deciding(person)
        entry = self.journal.signed_in_by(identity, account, visitor, decision, claims)
        concludes = None if attempt is None else (attempt, Opened(session.digest, linked=linked))
        await self.records.keep(account, entry, session, concludes=concludes)
        self.journal.done(account, entry)
        return Finished(return_to=return_to, session=opened, decision=decision, linked=linked)

    async def _ask(self, account: Account, person: Person, return_to: str, secret: str, invitation: str) -> None:
        waiting = PendingSignIn(
            account_id=account.id,
            claims=person.claims,
            source=person.source,
            return_to=return_to,
            expires_at=self.clock() + PENDING_LIFETIME,
            invitation=invitation,
        )
        await self.pending.put(account, waiting, secret)

    async def _failed(self, attempt: LoginAttempt, problem: Exception, visitor: Visitor) -> None:
        refused = problem if isinstance(problem, Refused) else Refused(Code.UNEXPECTED)
        refused.provider = attempt.provider
        led_back(attempt, refused).facts.setdefault("issuer", attempt.issuer)
        await self.attempts.used.conclude(attempt.state_digest, NotOpened(refused.code, visitor.correlation_id))
        await self.failures.count(visitor.address)
        await self.journal.refused("openid", refused, visitor)

    def _identification(self) -> Identification:
        if self.identification is None:
            raise Refused(Code.OIDC_OFF, reason=self.off)
        return self.identification
