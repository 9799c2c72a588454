"""Exchange a code for validated claims, in bounded time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from romm.domain.credentials.credential import ProviderSession
from romm.domain.errors import Code, Refused, required
from romm.domain.sign_in import logout_token
from romm.domain.sign_in.authorization import LoginAttempt, Purpose
from romm.domain.sign_in.claims import rules as claims
from romm.domain.sign_in.claims.rules import ClaimMapping, Claims, ExpectedIDToken
from romm.domain.sign_in.discovery import Metadata
from romm.ports.process import Clock, Log
from romm.ports.provider import Provider

CALLBACK_SECONDS = 14  # for all requests to the provider in one callback


class Person(Struct, frozen=True, kw_only=True):
    """`signed` (ID token) and `userinfo` are raw claims, for a report. `without_userinfo` is UserInfo's error."""

    claims: Claims
    source: ProviderSession
    signed: Mapping[str, Any] = {}
    userinfo: Mapping[str, Any] | None = None
    without_userinfo: Refused | None = None


@dataclass(frozen=True, kw_only=True)
class Identification:
    """`extra_audiences` may be in `aud` beside us. `issuer_spellings` maps a provider's alternative name to its issuer."""

    provider: Provider
    reading: ClaimMapping
    extra_audiences: tuple[str, ...]
    log: Log
    clock: Clock
    hosted_domains: tuple[str, ...] = ()
    issuer_spellings: Mapping[str, str] = field(default_factory=dict)
    budget_seconds: float = CALLBACK_SECONDS

    async def identify(self, metadata: Metadata, attempt: LoginAttempt, code: str) -> Person:
        """Raises `Refused`, also after `budget_seconds`."""
        try:
            async with asyncio.timeout(self.budget_seconds):
                return await self._identify(metadata, attempt, code)
        except TimeoutError as error:
            problem = f"no end within {self.budget_seconds} s"
            raise Refused(Code.PROVIDER_UNAVAILABLE, url=metadata.issuer, problem=problem) from error

    async def _identify(self, metadata: Metadata, attempt: LoginAttempt, code: str) -> Person:
        tokens = await self.provider.exchange(metadata, code, attempt.code_verifier)
        signed = await self.provider.verify(metadata, tokens.unverified_id_token)
        client = self.provider.client
        expected = ExpectedIDToken(
            issuer=metadata.issuer,
            client_id=client.client_id,
            nonce=attempt.nonce,
            now=self.clock().timestamp(),
            algorithm=signed.algorithm,
            access_token=tokens.access_token,
            extra_audiences=self.extra_audiences,
            max_age=client.max_age,
            acr_values=tuple(client.acr_values.split()),
            hosted_domains=self.hosted_domains,
            reauthenticated=attempt.purpose is Purpose.CONFIRM,
        )
        id_token = claims.with_known_issuer(signed.unverified_claims, self.issuer_spellings)
        required(claims.validate(id_token, expected))
        userinfo, problem = await self._userinfo(metadata, tokens.access_token)
        read = required(claims.read(id_token, userinfo, self.reading, userinfo_failed=problem is not None))
        return Person(
            claims=read,
            source=ProviderSession(
                identity=read.identity,
                id_token=tokens.unverified_id_token,
                id_token_alg=signed.algorithm,
                sid=logout_token.sid(id_token),
            ),
            signed=id_token,
            userinfo=userinfo,
            without_userinfo=problem,
        )

    async def _userinfo(self, metadata: Metadata, access_token: str) -> tuple[Mapping[str, Any] | None, Refused | None]:
        """An unavailable endpoint must not block users whose ID token suffices."""
        try:
            return await self.provider.userinfo(metadata, access_token), None
        except Refused as problem:
            if problem.code is not Code.PROVIDER_UNAVAILABLE:
                raise
            self.log.warning("signin.userinfo_unavailable", **problem.facts)
            return None, problem
