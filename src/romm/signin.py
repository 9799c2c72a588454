"""Use cases of signing in through the OpenID Provider: the straight line from the button there and back again."""

import asyncio
import secrets
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar, assert_never

from msgspec import Struct

from romm.credentials import Sessions
from romm.domain import authorization, claims, emails, linking, roles, usernames
from romm.domain.authorization import ATTEMPT_LIFETIME, AuthorizationResponse, LoginAttempt
from romm.domain.claims import Claims, Expected, Reading
from romm.domain.credentials import SECRET_BYTES, digest
from romm.domain.discovery import Metadata
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.linking import Attach, Decision, Policy, Register, Reject, SignIn
from romm.domain.model import Account, Visitor
from romm.domain.roles import RoleMapping
from romm.ports import Accounts, Attempts, Clock, Conflict, Log, Provider
from romm.signin_log import SignInJournal, subject_digest

DONE = "done"
CALLBACK_SECONDS = 14  # for all that the provider is asked during a callback
MAX_DECISIONS = 5  # how often the facts may change under a decision before we give up
MAX_USERNAMES = 100  # how many suffixes are tried for a name that many people have

T = TypeVar("T")


class Rules(Struct, frozen=True, kw_only=True):
    """The operator's wishes for single sign-on."""

    reading: Reading
    mapping: RoleMapping
    policy: Policy
    username_attribute: str
    extra_audiences: tuple[str, ...]


class Begun(Struct, frozen=True, kw_only=True):
    """Where to send the browser, and the key that it must bring back under the attempt's id."""

    url: str
    attempt_id: str
    browser_key: str


class Finished(Struct, frozen=True, kw_only=True):
    """The browser may go on to `return_to`. `session` is its new secret, None when it has a good one already."""

    return_to: str
    session: str | None = None
    decision: Decision | None = None


class _Person(Struct, frozen=True, kw_only=True):
    """Who the provider says it is, the ID token that says so, and what kept UserInfo from us, if anything did."""

    claims: Claims
    id_token: str
    without_userinfo: Refused | None


def attempt_id(state: str) -> str:
    """The short public name of an attempt, so that several can be under way in one browser."""
    return digest(state)[:16]


@dataclass(frozen=True, kw_only=True)
class OpenIDSignIn:
    """Sign-in through the provider. `provider` is None when single sign-on is off; `off` then says why."""

    provider: Provider | None
    off: str
    rules: Rules
    attempts: Attempts
    accounts: Accounts
    sessions: Sessions
    journal: SignInJournal
    log: Log
    clock: Clock

    async def begin(self, unverified_return_to: str | None) -> Begun:
        """Start an attempt. Raises `Refused` when single sign-on is off or the provider cannot be used."""
        provider = self._provider()
        metadata = await provider.metadata()
        state, nonce, code_verifier, browser_key = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(4))
        await self.attempts.put(
            LoginAttempt(
                state_digest=digest(state),
                browser_key_digest=digest(browser_key),
                nonce=nonce,
                code_verifier=code_verifier,
                return_to=authorization.return_to(unverified_return_to),
                issuer=metadata.issuer,
                client_id=provider.client.client_id,
                expires_at=self.clock() + ATTEMPT_LIFETIME,
            )
        )
        request = authorization.request_parameters(
            provider.client, state=state, nonce=nonce, code_verifier=code_verifier
        )
        if metadata.require_pushed_authorization_requests:
            request = {
                "client_id": provider.client.client_id,
                "request_uri": await provider.push(metadata, request),
            }
        url = authorization.authorization_url(metadata, request)
        return Begun(url=url, attempt_id=attempt_id(state), browser_key=browser_key)

    async def finish(
        self, response: AuthorizationResponse, browser_key: str | None, session: str | None, visitor: Visitor
    ) -> Finished:
        """Judge the authorization response, decide whose account it opens, and open it.

        Raises `Refused`, whose reason is remembered under the attempt: a response that comes again gets the first one.
        """
        provider = self._provider()
        attempt = await self.attempts.take(digest(response.state or ""), digest(browser_key or ""))
        if attempt is None:
            return await self._again(provider, response, session)
        try:
            finished = await self._complete(provider, response, attempt, visitor)
        except Exception as problem:
            await self._failed(attempt, problem, visitor)
            raise
        await self.attempts.conclude(attempt.state_digest, DONE)
        return finished

    async def _complete(
        self, provider: Provider, response: AuthorizationResponse, attempt: LoginAttempt, visitor: Visitor
    ) -> Finished:
        metadata = await provider.metadata()
        accepted = _required(authorization.accept(response, attempt, metadata, provider.client, self.clock()))
        person = await self._within_budget(self._person(provider, metadata, attempt, accepted.code), metadata)
        decision, account = await self._decide(person)
        identity = person.claims.identity
        session = await self.sessions.start(account, visitor, identity, person.id_token)
        await self.journal.signed_in("openid", account, visitor, rule=decision.rule, identity=identity)
        return Finished(return_to=attempt.return_to, session=session, decision=decision)

    async def _within_budget(self, asking: Awaitable[_Person], metadata: Metadata) -> _Person:
        """A provider that is slow everywhere must not keep a person waiting for the sum of its delays."""
        try:
            async with asyncio.timeout(CALLBACK_SECONDS):
                return await asking
        except TimeoutError as error:
            problem = f"no end within {CALLBACK_SECONDS} s"
            raise Refused(Code.PROVIDER_UNAVAILABLE, url=metadata.issuer, problem=problem) from error

    async def _person(self, provider: Provider, metadata: Metadata, attempt: LoginAttempt, code: str) -> _Person:
        tokens = await provider.exchange(metadata, code, attempt.code_verifier)
        signed = await provider.verify(metadata, tokens.unverified_id_token)
        expected = Expected(
            issuer=metadata.issuer,
            client_id=provider.client.client_id,
            nonce=attempt.nonce,
            now=self.clock().timestamp(),
            algorithm=signed.algorithm,
            access_token=tokens.access_token,
            extra_audiences=self.rules.extra_audiences,
        )
        refuse = claims.validate(signed.unverified_claims, expected)
        if refuse is not None:
            raise Refused.by(refuse)
        userinfo, problem = await self._userinfo(provider, metadata, tokens.access_token)
        read = _required(claims.read(signed.unverified_claims, userinfo, self.rules.reading))
        return _Person(claims=read, id_token=tokens.unverified_id_token, without_userinfo=problem)

    async def _userinfo(
        self, provider: Provider, metadata: Metadata, access_token: str
    ) -> tuple[Mapping[str, Any] | None, Refused | None]:
        """UserInfo, or why there is none: one that does not answer must not keep out who needs nothing of it."""
        try:
            return await provider.userinfo(metadata, access_token), None
        except Refused as problem:
            if problem.code is not Code.PROVIDER_UNAVAILABLE:
                raise
            self.log.warning("signin.userinfo_unavailable", **problem.facts)
            return None, problem

    async def _decide(self, person: _Person) -> tuple[Decision, Account]:
        """Look up, decide, carry out; when the facts changed in between, all of it once more."""
        role = roles.grant(person.claims.roles, self.rules.mapping)
        email = emails.canonical(person.claims.email.address)
        for _ in range(MAX_DECISIONS):
            found = await self.accounts.find(person.claims.identity, email)
            decision = linking.decide(person.claims, found, self.rules.policy, role, self.clock())
            self._log_decision(decision, person.claims)
            try:
                return decision, await self._carry_out(decision, person)
            except Conflict as conflict:
                self.log.info("signin.decided_again", conflict=conflict.what)
        raise Refused(Code.STORAGE_UNAVAILABLE, problem="the account kept changing during the sign-in")

    async def _carry_out(self, decision: Decision, person: _Person) -> Account:
        identity, now = person.claims.identity, self.clock()
        match decision:
            case SignIn():
                return await self.accounts.sign_in(decision, now)
            case Attach():
                return await self.accounts.link(decision, identity, now)
            case Register():
                return await self._register(decision, person.claims)
            case Reject():
                raise _rejected(decision, person)
            case _:
                assert_never(decision)

    async def _register(self, decision: Register, person: Claims) -> Account:
        name = usernames.proposal(person.merged, self.rules.username_attribute)
        for username in islice(usernames.series(name), MAX_USERNAMES):
            try:
                return await self.accounts.register(decision, person.identity, username, self.clock())
            except Conflict as conflict:
                if conflict.what != "username":
                    raise
        raise Refused(Code.USERNAME_TAKEN, found=name)

    async def _again(self, provider: Provider, response: AuthorizationResponse, session: str | None) -> Finished:
        """A response without an open attempt of this browser: a reload, a bookmark, a replay, another browser."""
        recalled = await self.attempts.recall(digest(response.state or ""))
        if (recalled is None or recalled.taken) and await self.sessions.who(session):
            return Finished(return_to="/")
        if recalled is None:
            raise Refused(Code.STATE_UNKNOWN)
        if not recalled.taken:
            raise Refused(Code.BROWSER_MISMATCH, redirect_uri=provider.client.redirect_uri)
        refused = Refused(_first_reason(recalled.outcome), again=True)
        refused.return_to = recalled.return_to
        raise refused

    async def _failed(self, attempt: LoginAttempt, problem: Exception, visitor: Visitor) -> None:
        refused = problem if isinstance(problem, Refused) else Refused(Code.UNEXPECTED)
        refused.return_to = attempt.return_to
        refused.facts.setdefault("issuer", attempt.issuer)
        await self.attempts.conclude(attempt.state_digest, refused.code)
        await self.journal.refused("openid", refused, visitor)

    def _log_decision(self, decision: Decision, person: Claims) -> None:
        kind = type(decision).__struct_config__.tag
        warning = getattr(decision, "warning", None)
        write = self.log.warning if warning or getattr(decision, "severe", False) else self.log.info
        facts = {
            "decision": kind,
            "rule": decision.rule,
            "warning": warning,
            "email_source": person.email.source,
        }
        write(
            "signin.decided",
            issuer=person.identity.issuer,
            subject_digest=subject_digest(person.identity),
            **facts,
        )

    def _provider(self) -> Provider:
        if self.provider is None:
            raise Refused(Code.OIDC_OFF, reason=self.off)
        return self.provider


def _required(judged: T | Refuse) -> T:
    """What a rule let pass; its refusal becomes the exception."""
    if isinstance(judged, Refuse):
        raise Refused.by(judged)
    return judged


def _rejected(decision: Reject, person: _Person) -> Refused:
    """The refusal of a decision. What UserInfo would have told is not called missing when UserInfo did not answer."""
    missing = decision.refuse.code in (Code.EMAIL_MISSING, Code.EMAIL_NOT_VERIFIED)
    refused = person.without_userinfo if missing and person.without_userinfo else Refused.by(decision.refuse)
    identity = person.claims.identity
    refused.facts |= {
        "rule": decision.rule,
        "issuer": identity.issuer,
        "subject_digest": subject_digest(identity),
    }
    return refused


def _first_reason(outcome: str | None) -> Code:
    return Code(outcome) if outcome in set(Code) else Code.ATTEMPT_USED
