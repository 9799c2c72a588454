"""A network with one provider on it, as RomM and its doctor meet it: other names, ports and paths lead nowhere."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
from litestar.types import ASGIApp, Receive, Scope, Send

from romm.domain.diagnosis.evidence import Endpoint, Handshake
from romm.domain.errors import Code, Refused
from tests.fake_provider import FakeProvider

_PORTS = {"http": 80, "https": 443}
PROXY = "172.18.0.2"
NO_NAME = "[Errno -2] Name or service not known"
NO_LISTENER = "[Errno 111] Connection refused"
NO_TLS = "[SSL: WRONG_VERSION_NUMBER] wrong version number"


class OneProvider(httpx.AsyncBaseTransport):
    """Reaches the provider at its own address. With https there, plain http is redirected to it, as proxies do."""

    def __init__(self, idp: FakeProvider) -> None:
        self.idp = idp

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """What comes back from an address, in the words of the system's own errors."""
        url, there = request.url, urlsplit(self.idp.issuer)
        if url.host != there.hostname:
            raise httpx.ConnectError(NO_NAME)
        if (url.scheme, there.scheme) == ("http", "https") and url.port is None:
            return httpx.Response(301, headers={"location": str(url.copy_with(scheme="https"))}, stream=_Nothing())
        if (url.port or _PORTS[url.scheme]) != (there.port or _PORTS[there.scheme]):
            raise httpx.ConnectError(NO_LISTENER)
        if not url.path.startswith(self.idp.owned_path):
            return httpx.Response(404, headers={"content-type": "text/plain"}, stream=_Nothing())
        return await self.idp.transport.handle_async_request(request)

    # The port `instruments.Network` on the same network.

    async def resolve(self, place: Endpoint) -> tuple[str, ...]:
        if place.host != urlsplit(self.idp.issuer).hostname:
            raise _refused(place, f"gaierror: {NO_NAME}")
        return ("192.0.2.1",)

    async def connect(self, place: Endpoint) -> float:
        there = urlsplit(self.idp.issuer)
        if place.port not in {_PORTS["http"], there.port or _PORTS[there.scheme]}:
            raise _refused(place, f"ConnectionRefusedError: {NO_LISTENER}")
        return 0.012

    async def handshake(self, place: Endpoint) -> Handshake:
        return Handshake()


def through_the_proxy(app: ASGIApp, visitor: str) -> httpx.ASGITransport:
    """The way to RomM that its reverse proxy takes, which says who the visitor is."""

    async def forwarded(scope: Scope, receive: Receive, send: Send) -> None:
        scope["headers"] = [*scope["headers"], (b"x-forwarded-for", visitor.encode())]
        await app(scope, receive, send)

    return httpx.ASGITransport(forwarded, client=(PROXY, 4711))  # type: ignore[arg-type]  # httpx has its own ASGI types


class _Nothing(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b""


def _refused(place: Endpoint, problem: str) -> Refused:
    return Refused(Code.PROVIDER_UNAVAILABLE, url=place.origin, problem=problem)
