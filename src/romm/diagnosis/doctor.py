"""Gather evidence about a provider step by step."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass

from romm.credentials.secrets import url_secret
from romm.diagnosis.probing import Probing, attempt
from romm.domain.credentials.permissions import Action, Actor, may
from romm.domain.diagnosis import verdicts
from romm.domain.diagnosis.checks import accounts, client, configuration, connection, keys, metadata, request, scopes
from romm.domain.diagnosis.checks.request import ProbeRequest
from romm.domain.diagnosis.evidence import Configured, Discovered, LinkedAccounts
from romm.domain.diagnosis.findings import Check, Finding, Outcome, blocked, in_words_about, skipped, with_hint
from romm.domain.diagnosis.history import History, history
from romm.domain.errors import Code, Refuse, required
from romm.domain.providers.preset import Preset
from romm.domain.sign_in.providers import FIRST
from romm.ports.diagnosis import Instruments, Probe
from romm.ports.process import Clock
from romm.sign_in.openid.issuers import linked_elsewhere

NO_DATABASE = Refuse(Code.STORAGE_UNAVAILABLE)

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
    """`known`: the provider's requirements and hints."""

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
        revision = await attempt(storage.revision())
        yield configuration.database(revision, storage.newest, embedded=storage.is_embedded)
        yield accounts.accounts(await self._accounts(revision), self.configured)
        yield configuration.proxy(self.configured)

    async def _accounts(self, revision: str | Refuse | None) -> LinkedAccounts | Refuse:
        """An empty database has none; another schema is unreadable."""
        if revision is None:
            return LinkedAccounts()
        is_readable = revision == self.instruments.storage.newest
        return await attempt(self._linked_accounts()) if is_readable else NO_DATABASE

    async def _linked_accounts(self) -> LinkedAccounts:
        storage = self.instruments.storage
        elsewhere = await linked_elsewhere(storage, accounts.issuers(self.configured))
        return LinkedAccounts(total=await storage.number_of_accounts(), elsewhere=elsewhere)

    async def _at_provider(self) -> AsyncIterator[Finding]:
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
        yield connection.dns(place, await attempt(network.resolve(place)))
        yield connection.connect(place, await attempt(network.connect(place)))
        handshake = await attempt(network.handshake(place)) if place.scheme == "https" else None
        yield connection.tls(place, handshake)
        found = await attempt(probe.discover())
        yield metadata.discovery(found, self.configured)
        yield metadata.issuer(found, self.configured)
        yield metadata.endpoints(found, self.configured)
        if isinstance(found, Discovered):
            async for finding in self._metadata_checks(probe, found):
                yield finding

    async def _metadata_checks(self, probe: Probe, found: Discovered) -> AsyncIterator[Finding]:
        past = await self._history(found.metadata.issuer)
        yield metadata.clock(found, past)
        published, client_findings = await asyncio.gather(
            attempt(probe.keys(found.metadata)), self._client_checks(probe, found, past)
        )
        yield keys.keys(published, found, self.configured)
        yield keys.algorithms(published, found, self.configured, past)
        yield metadata.pkce(found)
        for finding in client_findings:
            yield finding
        yield scopes.claims(found, self.configured, self.known.scope_of(self.configured.roles_claim), past)
        yield metadata.end_session(found, self.configured, past)

    async def _client_checks(self, probe: Probe, found: Discovered, past: History) -> list[Finding]:
        if not self.configured.client_id:
            return [skipped(check, "not possible without OIDC_CLIENT_ID") for check in _CLIENT_CHECKS]
        sent = ProbeRequest(client=probe.client, state=url_secret(), now=self.clock())
        probing = Probing(probe=probe, found=found, state=sent.state, has_secret=self.configured.has_secret)
        probes = await probing.ask()
        result, verdict = request.interpret(probes, sent, found.metadata), verdicts.redirect_uri(probes)
        about_client = client.client(probes, verdict, self.configured)
        return [
            about_client,
            request.redirect_uri(verdict, about_client, probes, self.configured),
            request.request(result, verdict, probes, past),
            scopes.scopes(result, verdict, probes, found, self.configured, past),
        ]

    async def _history(self, issuer: str) -> History:
        storage = self.instruments.storage
        if await attempt(storage.revision()) != storage.newest:
            return History()
        lines = await attempt(storage.sign_ins())
        return History() if isinstance(lines, Refuse) else history(lines, issuer)
