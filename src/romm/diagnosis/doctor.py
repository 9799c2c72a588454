"""The use case of `romm doctor`: gather evidence about a provider step by step and report each finding at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from msgspec.structs import replace

from romm.credentials.secrets import url_secret
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.diagnosis.checks import accounts, client, configuration, connection, keys, metadata, request, scopes
from romm.domain.diagnosis.checks.client import ClientProbe
from romm.domain.diagnosis.checks.request import ProbeRequest, ProbeResult
from romm.domain.diagnosis.evidence import Configured, Discovered, ProbeResponse
from romm.domain.diagnosis.findings import Check, Finding, Outcome, blocked, in_words_about, skipped, with_hint
from romm.domain.errors import Code, Refuse, Refused, required
from romm.domain.model import Account
from romm.domain.providers.preset import Preset
from romm.domain.sign_in import authorization
from romm.domain.sign_in.discovery import Metadata
from romm.domain.sign_in.providers import FIRST
from romm.ports.diagnosis import Instruments, Probe
from romm.ports.process import Clock
from romm.sign_in.authorization_requests import request_url

T = TypeVar("T")

METHODS = ("client_secret_basic", "client_secret_post", "none")
NO_DATABASE = Refuse(Code.STORAGE_UNAVAILABLE)
INVENTED_CODE = "romm-doctor-invented-this-code"

BEFORE = (Check.SETTINGS,)
AFTER = (Check.DATABASE, Check.ACCOUNTS, Check.PROXY)
ABOUT_PROVIDER = tuple(check for check in Check if check not in BEFORE + AFTER)
_AT_PROVIDER: tuple[Check, ...] = tuple(
    check for check in ABOUT_PROVIDER if check not in (Check.SINGLE_SIGN_ON, Check.ADDRESSES)
)
_CLIENT_CHECKS = (Check.CLIENT, Check.REDIRECT_URI, Check.REQUEST, Check.SCOPES)
_GATES = {Check.DNS, Check.CONNECT, Check.TLS, Check.DISCOVERY, Check.ISSUER, Check.ENDPOINTS}
"""Later checks at the provider need these to pass."""


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Of one provider. `known`: its requirements and hints."""

    configured: Configured
    known: Preset
    instruments: Instruments
    clock: Clock
    id: str = FIRST

    async def findings(self, actor: Actor, checks: Collection[Check] = tuple(Check)) -> AsyncIterator[Finding]:
        """One per check in the order of `Check`, as soon as known. Raises `Refused(FORBIDDEN)`."""
        required(may(actor, Action.DIAGNOSE))
        parts = ((BEFORE, self._before), (ABOUT_PROVIDER, self._about_provider), (AFTER, self._after))
        for part in (part for about, part in parts if set(about) <= set(checks)):
            async for finding in part():
                yield in_words_about(self.id, with_hint(finding, self.known.hints))

    async def within(self, actor: Actor, seconds: float, checks: Collection[Check] = tuple(Check)) -> list[Finding]:
        """Skips those not known in time. Raises `Refused(FORBIDDEN)`."""
        found: list[Finding] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for finding in self.findings(actor, checks):
                    found.append(finding)  # noqa: PERF401  (findings made in time are kept)
        late = f"not known after {seconds:g} seconds; “romm doctor” waits for it"
        return [*found, *(skipped(check, late) for check in list(checks)[len(found) :])]

    async def _before(self) -> AsyncIterator[Finding]:
        yield configuration.settings(self.configured)

    async def _about_provider(self) -> AsyncIterator[Finding]:
        yield configuration.single_sign_on(self.configured)
        yield configuration.addresses(self.configured)
        async for finding in self._at_provider():
            yield finding

    async def _after(self) -> AsyncIterator[Finding]:
        storage = self.instruments.storage
        revision = await _attempt(storage.revision())
        yield configuration.database(revision, storage.newest, embedded=storage.is_embedded)
        yield accounts.accounts(await self._accounts(revision), self.configured)
        yield configuration.proxy(self.configured)

    async def _accounts(self, revision: str | Refuse | None) -> Sequence[Account] | Refuse:
        """An empty database has none; another schema is unreadable."""
        if revision is None:
            return ()
        storage = self.instruments.storage
        return await _attempt(storage.accounts()) if revision == storage.newest else NO_DATABASE

    async def _at_provider(self) -> AsyncIterator[Finding]:
        """A failed gate blocks the rest."""
        probe = self.instruments.probe
        left, closed = list(_AT_PROVIDER), Check.SINGLE_SIGN_ON
        if probe is not None:
            async for finding in self._connection_checks(probe):
                yield finding
                left.remove(finding.check)
                if finding.check in _GATES and finding.outcome is Outcome.FAILED:
                    closed = finding.check
                    break
        for check in left:
            yield blocked(check, closed)

    async def _connection_checks(self, probe: Probe) -> AsyncIterator[Finding]:
        place, network = probe.place, self.instruments.network
        yield connection.dns(place, await _attempt(network.resolve(place)))
        yield connection.connect(place, await _attempt(network.connect(place)))
        handshake = await _attempt(network.handshake(place)) if place.scheme == "https" else None
        yield connection.tls(place, handshake)
        found = await _attempt(probe.discover())
        yield metadata.discovery(found, self.configured)
        yield metadata.issuer(found, self.configured)
        yield metadata.endpoints(found)
        if isinstance(found, Discovered):
            async for finding in self._metadata_checks(probe, found):
                yield finding

    async def _metadata_checks(self, probe: Probe, found: Discovered) -> AsyncIterator[Finding]:
        """Concurrently."""
        yield metadata.clock(found)
        published, client_findings = await asyncio.gather(
            _attempt(probe.keys(found.metadata)), self._client_checks(probe, found)
        )
        yield keys.keys(published, found, self.configured)
        yield keys.algorithms(published, found, self.configured)
        yield metadata.pkce(found)
        for finding in client_findings:
            yield finding
        yield scopes.claims(found, self.configured, self.known.roles_scope)
        yield metadata.end_session(found, self.configured)

    async def _client_checks(self, probe: Probe, found: Discovered) -> list[Finding]:
        if not self.configured.client_id:
            return [skipped(check, "not possible without OIDC_CLIENT_ID") for check in _CLIENT_CHECKS]
        client_probe, result = await asyncio.gather(
            self._probe_client(probe, found.metadata), self._probe_request(probe, found.metadata)
        )
        return [
            client.client(client_probe, self.configured),
            request.redirect_uri(result, self.configured),
            request.request(result),
            scopes.scopes(result, found, self.configured),
        ]

    async def _probe_client(self, probe: Probe, metadata: Metadata) -> ClientProbe:
        """Exchange an invented code; if rejected, try the other methods."""
        try:
            method, *next_methods = probe.methods(metadata)
        except Refused as refused:
            return ClientProbe(method="", answer=Refuse(refused.code, refused.facts))
        answer = await self._exchange_invented_code(probe, metadata, method)
        others = [other for other in METHODS if other != method] if self.configured.has_secret else []
        if isinstance(answer, Refuse) and answer.code is Code.CLIENT_REJECTED:
            for other in others:
                again = await self._exchange_invented_code(probe, metadata, other)
                if isinstance(again, Refuse) and again.code is Code.CODE_REJECTED:
                    automatic = other in next_methods
                    return ClientProbe(method=method, answer=answer, accepted=other, automatic=automatic)
        return ClientProbe(method=method, answer=answer)

    async def _exchange_invented_code(self, probe: Probe, metadata: Metadata, method: str) -> Refuse | None:
        verifier = url_secret()
        answer = await _attempt(probe.exchange(metadata, INVENTED_CODE, verifier, method))
        if isinstance(answer, Refuse):
            # Tokens without an ID token are tokens all the same.
            return None if answer.code is Code.ID_TOKEN_MISSING else answer
        return None

    async def _probe_request(self, probe: Probe, metadata: Metadata) -> ProbeResult:
        """With `prompt=none`: success is `login_required`."""
        state, nonce, verifier = (url_secret() for _ in range(3))
        by_redirect = replace(probe.client, response_mode="")  # a form would hide the answer
        parameters = authorization.request_parameters(by_redirect, state=state, nonce=nonce, code_verifier=verifier)
        sent = ProbeRequest(client=probe.client, state=state, now=self.clock())
        response = await _attempt(_send_request(probe, metadata, {**parameters, "prompt": "none"}))
        return request.interpret(response, sent, metadata)


async def _send_request(probe: Probe, metadata: Metadata, parameters: dict[str, str]) -> ProbeResponse:
    return await probe.ask(await request_url(probe, metadata, parameters))


async def _attempt(work: Awaitable[T]) -> T | Refuse:
    """A refusal is evidence as well."""
    try:
        return await work
    except Refused as refused:
        return Refuse(refused.code, refused.facts)
