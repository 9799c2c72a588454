"""The provider as the doctor meets it: a sign-in's own steps, each with more of the answer than a sign-in looks at."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace

from romm.adapters.provider.client_authentication import oauth_error
from romm.adapters.provider.discovery import DiscoveryDocument
from romm.adapters.provider.openid import OpenIDProvider, ProviderSettings, accepted_metadata
from romm.adapters.provider.published_keys import is_for_encryption, published_keys
from romm.adapters.provider.transport import Answer, BoundedClient, Transport, json_object, network
from romm.domain import hosts
from romm.domain.diagnosis.evidence import Discovered, Endpoint, ProbeResponse, PublishedKeys, announced
from romm.domain.errors import Code
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Metadata
from romm.ports.process import Clock, Log
from romm.ports.provider import TokenResponse


class ProviderProbe:
    """The port `Probe`. Connections are its own, so that nothing it meets stays with those who sign in."""

    def __init__(
        self, settings: ProviderSettings, client: Client, *, log: Log, clock: Clock, transport: Transport | None = None
    ) -> None:
        self._settings = settings
        self._client = client
        self._log = log
        self._clock = clock
        self._transport = transport or network(settings.tls_cacertfile)
        self._http = BoundedClient("", settings.limits, self._transport)
        self._provider = self._as("")

    @property
    def place(self) -> Endpoint:
        """Where the discovery document is served."""
        parts = urlsplit(hosts.canonical(self._settings.location.url) or "")
        return Endpoint(parts.scheme, parts.hostname or "", parts.port or hosts.DEFAULT_PORTS.get(parts.scheme, 0))

    @property
    def client(self) -> Client:
        """Us, as this provider sees us."""
        return self._client

    async def discover(self) -> Discovered:
        """Fetched anew each time, and judged as for a sign-in."""
        started = time.monotonic()
        document = DiscoveryDocument(self._http, self._settings.limits.document, time.monotonic)
        answer = await document.fetch(self._settings.location.url)
        metadata = accepted_metadata(answer, self._settings.location)
        return Discovered(
            url=answer.url,
            metadata=metadata,
            announced=announced(json_object(answer.body) or {}),
            seconds=time.monotonic() - started,
            provider_time=_time(answer.date),
            our_time=self._clock(),
        )

    async def keys(self, metadata: Metadata) -> PublishedKeys:
        """The kinds of the usable keys, as people call them, and a count of those that only encrypt."""
        jwks = (await self._get(metadata.jwks_uri)).json(Code.PROVIDER_ANSWER_INVALID)
        listed = jwks.get("keys")
        encrypting = [key for key in (listed if isinstance(listed, list) else ()) if is_for_encryption(key)]
        found = published_keys(jwks)
        kinds = tuple(_kind(key.as_dict()) for key in found.usable)
        return PublishedKeys(usable=kinds, for_encryption=len(encrypting), unreadable=found.unreadable)

    def method(self, metadata: Metadata) -> str:
        """How a sign-in authenticates."""
        return self._provider.authentication_method(metadata)

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """As a sign-in does."""
        return await self._provider.push(metadata, parameters)

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str, method: str) -> TokenResponse:
        """As a sign-in does, but with any method."""
        usual = method == self.method(metadata)
        provider = self._provider if usual else self._as(method)
        return await provider.exchange(metadata, code, code_verifier)

    async def ask(self, url: str) -> ProbeResponse:
        """Where a browser would be sent. `Accept` is a browser's; cookies there are none."""
        headers = {"Accept": "text/html,application/xhtml+xml"}
        limit = self._settings.limits.token
        answer = await self._http.send("GET", url, limit=limit, headers=headers, redirects=True)
        error, description = oauth_error(answer)
        return ProbeResponse(
            status=answer.status,
            content_type=answer.content_type,
            location=None if answer.location is None else _absolute(answer.url, answer.location),
            error=error,
            description=description,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _get(self, url: str) -> Answer:
        return await self._http.send("GET", url, limit=self._settings.limits.document)

    def _as(self, method: str) -> OpenIDProvider:
        settings = replace(self._settings, token_endpoint_auth_method=method) if method else self._settings
        return OpenIDProvider(settings, self._client, log=self._log, transport=self._transport)


def _absolute(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:  # brackets without an address
        return location


def _time(date: str) -> datetime | None:
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _kind(key: Mapping[str, Any]) -> str:
    """`alg` where it is said; an OKP key that can check signatures has but one."""
    return str(key.get("alg") or ("EdDSA" if key["kty"] == "OKP" else key["kty"]))
