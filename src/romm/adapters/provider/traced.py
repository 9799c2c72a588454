"""Spans for a provider's steps and their requests."""

from collections.abc import Mapping
from typing import Any

import httpx

from romm.adapters.provider.openid import OpenIDProvider
from romm.adapters.provider.transport import Transport
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Metadata
from romm.ports.process import Spans
from romm.ports.provider import SignedClaims, TokenResponse


class TracedTransport(httpx.AsyncBaseTransport):
    def __init__(self, inner: Transport, spans: Spans) -> None:
        self._inner = inner
        self._spans = spans

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Without the query; the request has nothing of the trace."""
        url = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}{request.url.path}"
        facts: dict[str, str | int] = {"http__request__method": request.method, "url__full": url}
        with self._spans.span(request.method, "client", **facts) as note:
            response = await self._inner.handle_async_request(request)
            note("http.response.status_code", response.status_code)
            return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class TracedProvider:
    def __init__(self, inner: OpenIDProvider, provider_id: str, spans: Spans) -> None:
        self._inner = inner
        self._id = provider_id
        self._spans = spans

    @property
    def client(self) -> Client:
        return self._inner.client

    def known_metadata(self) -> Metadata | None:
        return self._inner.known_metadata()

    def client_jwks(self) -> Mapping[str, Any]:
        return self._inner.client_jwks()

    async def metadata(self) -> Metadata:
        with self._spans.span("provider.metadata", romm__provider=self._id):
            return await self._inner.metadata()

    async def answering_metadata(self) -> Metadata:
        with self._spans.span("provider.answering_metadata", romm__provider=self._id):
            return await self._inner.answering_metadata()

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        with self._spans.span("provider.push", romm__provider=self._id):
            return await self._inner.push(metadata, parameters)

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str) -> TokenResponse:
        with self._spans.span("provider.exchange", romm__provider=self._id):
            return await self._inner.exchange(metadata, code, code_verifier)

    async def verify(self, metadata: Metadata, unverified_id_token: str) -> SignedClaims:
        with self._spans.span("provider.verify", romm__provider=self._id):
            return await self._inner.verify(metadata, unverified_id_token)

    async def userinfo(self, metadata: Metadata, access_token: str) -> Mapping[str, Any] | None:
        with self._spans.span("provider.userinfo", romm__provider=self._id):
            return await self._inner.userinfo(metadata, access_token)
