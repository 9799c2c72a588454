"""Native apps: request, consent, code."""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from romm.credentials.principal import Principal, actor, require_own
from romm.credentials.secrets import fresh_secrets, unique, url_secret
from romm.credentials.tokens import TokenRequest
from romm.domain.credentials import native_apps as rules
from romm.domain.credentials import step_up
from romm.domain.credentials import tokens as token_rules
from romm.domain.credentials.credential import Credential, Kind, issued
from romm.domain.credentials.native_apps import CODE_REMEMBERED, App, AppError, AppRequest
from romm.domain.credentials.permissions import Action
from romm.domain.credentials.step_up import Lasting
from romm.domain.credentials.tokens import Granted, TokenLimits
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse, Refused, required
from romm.domain.model import Visitor
from romm.ports.conflicts import refuse_if_changed
from romm.ports.credentials import Credentials
from romm.ports.process import Clock, Log

GRANT_TYPE = "authorization_code"


@dataclass(frozen=True, kw_only=True)
class NativeApps:
    """`issuer` is our origin, for the response (RFC 9207)."""

    apps: tuple[App, ...]
    issuer: str
    limits: TokenLimits
    credentials: Credentials
    log: Log
    clock: Clock

    def parse_request(self, query: Iterable[tuple[str, str]]) -> AppRequest | AppError:
        """Raises `Refused` without a valid redirect URI."""
        request = rules.validate_request(query, self.apps)
        if isinstance(request, Refuse):
            raise Refused.by(request)
        return request

    def available_scopes(self, request: AppRequest, who: Principal) -> tuple[str, ...]:
        """Raises `Refused(FORBIDDEN)`."""
        require_own(who, Action.ALLOW_APPS)
        return tuple(scope for scope in request.scopes if scope in who.scopes)

    async def allow(self, request: AppRequest, who: Principal, visitor: Visitor) -> str:
        """A redirect URL with a code for one minute. Raises `Refused`."""
        given = self.available_scopes(request, who)
        if not given:
            return self.error_redirect(_error(request, "invalid_scope", "the account has none of these scopes"))
        code, now = url_secret(), self.clock()
        required(step_up.check(actor(who), Lasting.APP, now))
        new = issued(
            Kind.AUTHORIZATION_CODE,
            who.account.id,
            digest(code),
            now,
            now + CODE_REMEMBERED,
            scopes=given,
            address=visitor.address,
            user_agent=visitor.user_agent,
            client=request.app,
            family=unique(),
            proven_at=now,  # the person's consent, after the proof
            binding=rules.binding(request.app, request.redirect_uri, request.code_challenge),
        )
        with refuse_if_changed(who.account):
            await self.credentials.add(who.account, new)
        self.log.info("native_app.allowed", account=who.account.id, client=request.app, scopes=" ".join(given))
        return rules.answer(request.redirect_uri, {"code": code, "state": request.state, "iss": self.issuer})

    def deny(self, request: AppRequest, who: Principal) -> str:
        """Raises `Refused(FORBIDDEN)`."""
        require_own(who, Action.ALLOW_APPS)
        self.log.info("native_app.denied", account=who.account.id, client=request.app)
        return self.error_redirect(_error(request, "access_denied", "the person said no"))

    def error_redirect(self, error: AppError) -> str:
        self.log.info("native_app.refused", error=error.error, problem=error.description)
        parameters = {"error": error.error, "error_description": error.description}
        return rules.answer(error.redirect_uri, parameters | {"state": error.state, "iss": self.issuer})

    async def grant(self, request: TokenRequest) -> Granted:
        """Reusing a code ends its tokens. Raises `Refused`."""
        code, redirect_uri = request.required("code"), request.required("redirect_uri")
        verifier = request.required("code_verifier")
        found = await self.credentials.find(Kind.AUTHORIZATION_CODE, digest(code))
        if found is None:
            raise Refused(Code.APP_CODE_INVALID, reason="unknown or ended")
        stored, owner = found
        refuse = rules.redeem(stored, owner, request.client, redirect_uri, verifier, self.clock())
        if refuse and refuse.code is Code.APP_CODE_REUSED:
            raise await self._reused(stored, request.visitor)
        if refuse:
            raise Refused.by(refuse)
        scopes = required(token_rules.granted_scopes(stored.scopes, owner.level))
        return await self._exchange(stored, scopes, request.visitor)

    async def _exchange(self, code: Credential, scopes: tuple[str, ...], visitor: Visitor) -> Granted:
        salt, now = unique(), self.clock()
        model = replace(
            code,
            kind=Kind.REFRESH_TOKEN,
            scopes=scopes,
            binding="",
            address=visitor.address,
            user_agent=visitor.user_agent,
        )
        granted = token_rules.pair(fresh_secrets(), model, scopes, now, self.limits)
        used = replace(code, spent_at=now, salt=salt)
        stored = await self.credentials.rotate(used, granted.refresh, granted.access)
        if stored is None:
            raise Refused(Code.APP_CODE_INVALID, reason="ended at this moment")
        if stored.salt != salt:  # a concurrent request redeemed it first
            raise await self._reused(code, visitor)
        return granted

    async def _reused(self, code: Credential, visitor: Visitor) -> Refused:
        ended = await self.credentials.end_family(code)
        facts = {"account": code.account_id, "client": code.client, "address": visitor.address, "ended": ended}
        self.log.warning("native_app.code_reused", **facts)
        return Refused(Code.APP_CODE_REUSED, **facts)


def _error(request: AppRequest, error: str, description: str) -> AppError:
    return AppError(redirect_uri=request.redirect_uri, state=request.state, error=error, description=description)
