"""A sign-in's steps at the provider, with more details."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace

from romm.adapters.diagnosis import page
from romm.adapters.provider.client_authentication import oauth_error
from romm.adapters.provider.discovery import DiscoveryDocument
from romm.adapters.provider.openid import OpenIDProvider, ProviderSettings, accepted_metadata
from romm.adapters.provider.published_keys import is_for_encryption, published_keys
from romm.adapters.provider.transport import Answer, BoundedClient, Transport, json_object, network
from romm.domain import hosts
from romm.domain.diagnosis.evidence import (
    INVENTED_CLIENT,
    INVENTED_SECRET,
    Credentials,
    Discovered,
    Endpoint,
    ProbeResponse,
    PublishedKeys,
    announced,
)
from romm.domain.errors import Code
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Metadata
from romm.ports.process import Clock, Log
from romm.ports.provider import TokenResponse


class ProviderProbe:
    """Its own connections do not affect sign-ins."""

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
        parts = urlsplit(hosts.canonical(self._settings.location.url) or "")
        return Endpoint(parts.scheme, parts.hostname or "", parts.port or hosts.DEFAULT_PORTS.get(parts.scheme, 0))

    @property
    def client(self) -> Client:
        return self._client

    async def discover(self) -> Discovered:
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
        jwks = (await self._get(metadata.jwks_uri)).json(Code.PROVIDER_ANSWER_INVALID)
        listed = jwks.get("keys")
        encrypting = [key for key in (listed if isinstance(listed, list) else ()) if is_for_encryption(key)]
        found = published_keys(jwks)
        kinds = tuple(_kind(key.as_dict()) for key in found.usable)
        return PublishedKeys(usable=kinds, for_encryption=len(encrypting), unreadable=found.unreadable)

    def methods(self, metadata: Metadata) -> tuple[str, ...]:
        return self._provider.authentication_methods(metadata)

    async def push(
        self, metadata: Metadata, parameters: Mapping[str, str], method: str, credentials: Credentials
    ) -> str:
        provider = self._as(method, credentials)
        return await provider.push(metadata, {**parameters, "client_id": provider.client.client_id})

    async def exchange(
        self, metadata: Metadata, code: str, code_verifier: str, method: str, credentials: Credentials
    ) -> TokenResponse:
        """With this method alone."""
        return await self._as(method, credentials).exchange(metadata, code, code_verifier)

    async def ask(self, url: str) -> ProbeResponse:
        """Sends a browser's `Accept`, but no cookies."""
        headers = {"Accept": "text/html,application/xhtml+xml"}
        limit = self._settings.limits.token
        answer = await self._http.send("GET", url, limit=limit, headers=headers, redirects=True, failures=True)
        error, description = oauth_error(answer)
        return ProbeResponse(
            status=answer.status,
            content_type=answer.content_type,
            location=None if answer.location is None else _absolute(answer.url, answer.location),
            error=error,
            description=description,
            words=page.words(answer.content_type, answer.body),
        )

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _get(self, url: str) -> Answer:
        return await self._http.send("GET", url, limit=self._settings.limits.document)

    def _as(self, method: str, credentials: Credentials = Credentials.OWN) -> OpenIDProvider:
        settings = replace(self._settings, token_endpoint_auth_method=method) if method else self._settings
        client = self._client
        if credentials is not Credentials.OWN and settings.client_secret:
            settings = replace(settings, client_secret=INVENTED_SECRET)
        if credentials is Credentials.INVENTED_CLIENT:
            client = replace(client, client_id=INVENTED_CLIENT)
        return OpenIDProvider(settings, client, log=self._log, transport=self._transport)


def _absolute(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:  # brackets without an IPv6 address
        return location


def _time(date: str) -> datetime | None:
    try:
        sent_at = parsedate_to_datetime(date)
    except ValueError:
        return None
    return sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)


def _kind(key: Mapping[str, Any]) -> str:
    """`alg` if present; an OKP signing key has only one."""
    return str(key.get("alg") or ("EdDSA" if key["kty"] == "OKP" else key["kty"]))
