"""The use case of `romm doctor`: gather evidence step by step, let the rules judge it, and tell each finding at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from romm.credentials.secrets import url_secret
from romm.domain.diagnosis.checks import accounts, client, configuration, connection, keys, metadata, request, scopes
from romm.domain.diagnosis.checks.client import ClientProbe
from romm.domain.diagnosis.checks.request import ProbeRequest, ProbeResult
from romm.domain.diagnosis.evidence import Configured, Discovered, ProbeResponse
from romm.domain.diagnosis.findings import Check, Finding, Outcome, blocked, skipped, with_hint
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.model import Account
from romm.domain.providers.preset import Preset
from romm.domain.sign_in import authorization
from romm.domain.sign_in.discovery import Metadata
from romm.ports.diagnosis import Instruments, Probe
from romm.ports.process import Clock
from romm.sign_in.openid import request_url

T = TypeVar("T")

METHODS = ("client_secret_basic", "client_secret_post", "none")
NO_DATABASE = Refuse(Code.STORAGE_UNAVAILABLE)
INVENTED_CODE = "romm-doctor-invented-this-code"

_HERE_FIRST = (Check.SETTINGS, Check.SINGLE_SIGN_ON, Check.ADDRESSES)
_HERE_LAST = (Check.DATABASE, Check.ACCOUNTS, Check.PROXY)
_THERE = tuple(check for check in Check if check not in _HERE_FIRST + _HERE_LAST)
_AS_CLIENT = (Check.CLIENT, Check.REDIRECT_URI, Check.REQUEST, Check.SCOPES)
_GATES = {Check.DNS, Check.CONNECT, Check.TLS, Check.DISCOVERY, Check.ISSUER, Check.ENDPOINTS}
"""The checks at the provider without which the later ones there cannot be made."""


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Examines this instance and its provider, of which `known` says what it wants and how it words its fixes."""

    configured: Configured
    known: Preset
    instruments: Instruments
    clock: Clock

    async def findings(self) -> AsyncIterator[Finding]:
        """One finding per check, each as soon as it is known, in the order of `Check`."""
        async for finding in self._findings():
            yield with_hint(finding, self.known.hints)

    async def within(self, seconds: float) -> list[Finding]:
        """All findings, for somebody who waits; what is not known in time is skipped and says so."""
        found: list[Finding] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for finding in self.findings():
                    found.append(finding)  # noqa: PERF401  (what came in time is kept)
        late = f"not known after {seconds:g} seconds; “romm doctor” waits for it"
        return [*found, *(skipped(check, late) for check in list(Check)[len(found) :])]

    async def _findings(self) -> AsyncIterator[Finding]:
        yield configuration.settings(self.configured)
        yield configuration.single_sign_on(self.configured)
        yield configuration.addresses(self.configured)
        async for finding in self._there():
            yield finding
        storage = self.instruments.storage
        revision = await _attempt(storage.revision())
        yield configuration.database(revision, storage.newest, embedded=storage.is_embedded)
        yield accounts.accounts(await self._accounts(revision), self.configured)
        yield configuration.proxy(self.configured)

    async def _accounts(self, revision: str | Refuse | None) -> Sequence[Account] | Refuse:
        """All accounts, as far as the database's schema is the one that is expected; an empty database has none."""
        if revision is None:
            return ()
        storage = self.instruments.storage
        return await _attempt(storage.accounts()) if revision == storage.newest else NO_DATABASE

    async def _there(self) -> AsyncIterator[Finding]:
        """The checks at the provider; after a closed gate, why the others were not made."""
        probe = self.instruments.probe
        left, closed = list(_THERE), Check.SINGLE_SIGN_ON
        if probe is not None:
            async for finding in self._at(probe):
                yield finding
                left.remove(finding.check)
                if finding.check in _GATES and finding.outcome is Outcome.FAILED:
                    closed = finding.check
                    break
        for check in left:
            yield blocked(check, closed)

    async def _at(self, probe: Probe) -> AsyncIterator[Finding]:
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
            async for finding in self._with(probe, found):
                yield finding

    async def _with(self, probe: Probe, found: Discovered) -> AsyncIterator[Finding]:
        """What the metadata says, and what it leads to; the requests are made at the same time."""
        yield metadata.clock(found)
        published, as_client = await asyncio.gather(_attempt(probe.keys(found.metadata)), self._as_client(probe, found))
        yield keys.keys(published, found, self.configured)
        yield keys.algorithms(published, found, self.configured)
        yield metadata.pkce(found)
        for finding in as_client:
            yield finding
        yield scopes.claims(found, self.configured, self.known.roles_scope)
        yield metadata.end_session(found, self.configured)

    async def _as_client(self, probe: Probe, found: Discovered) -> list[Finding]:
        """What the provider makes of us."""
        if not self.configured.client_id:
            return [skipped(check, "not possible without OIDC_CLIENT_ID") for check in _AS_CLIENT]
        tried, came = await asyncio.gather(self._tried(probe, found.metadata), self._came(probe, found.metadata))
        return [
            client.client(tried, self.configured),
            request.redirect_uri(came, self.configured),
            request.request(came),
            scopes.scopes(came, found, self.configured),
        ]

    async def _tried(self, probe: Probe, metadata: Metadata) -> ClientProbe:
        """Exchange an invented code; when the client is rejected, find out whether another method is accepted."""
        method = probe.method(metadata)
        answer = await self._exchanged(probe, metadata, method)
        others = [other for other in METHODS if other != method] if self.configured.has_secret else []
        if isinstance(answer, Refuse) and answer.code is Code.CLIENT_REJECTED:
            for other in others:
                again = await self._exchanged(probe, metadata, other)
                if isinstance(again, Refuse) and again.code is Code.CODE_REJECTED:
                    return ClientProbe(method=method, answer=answer, accepted=other)
        return ClientProbe(method=method, answer=answer)

    async def _exchanged(self, probe: Probe, metadata: Metadata, method: str) -> Refuse | None:
        verifier = url_secret()
        answer = await _attempt(probe.exchange(metadata, INVENTED_CODE, verifier, method))
        if isinstance(answer, Refuse):
            # A provider without an ID token in its answer has given tokens all the same.
            return None if answer.code is Code.ID_TOKEN_MISSING else answer
        return None

    async def _came(self, probe: Probe, metadata: Metadata) -> ProbeResult:
        """Send the request of a sign-in, with `prompt=none`: with nobody signed in, a good one ends in `login_required`."""
        state, nonce, verifier = (url_secret() for _ in range(3))
        parameters = authorization.request_parameters(probe.client, state=state, nonce=nonce, code_verifier=verifier)
        sent = ProbeRequest(client=probe.client, state=state, now=self.clock())
        asked = await _attempt(_asked(probe, metadata, {**parameters, "prompt": "none"}))
        return request.interpret(asked, sent, metadata)


async def _asked(probe: Probe, metadata: Metadata, parameters: dict[str, str]) -> ProbeResponse:
    return await probe.ask(await request_url(probe, metadata, parameters))


async def _attempt(work: Awaitable[T]) -> T | Refuse:
    """The evidence, or the refusal that a sign-in would end with: for the doctor that is evidence, too."""
    try:
        return await work
    except Refused as refused:
        return Refuse(refused.code, refused.facts)
