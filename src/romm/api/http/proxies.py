"""The reverse proxies in front of RomM: which of them is believed, and what it says of the request it asks about."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from romm.api.http.requests import Request
from romm.domain.sign_in.forward_auth import Forwarded

ASKED_BY_NGINX = "x-original-uri"
_ASKED_BY_OTHERS = "x-forwarded-uri"
_PAGE_METHODS = {"", "GET", "HEAD"}


def remember_peer(app: ASGIApp) -> ASGIApp:
    """Wrap what believes proxies: who sent a request stays known after a proxy has said for whom."""

    async def remembering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            peer = scope["client"]
            scope.setdefault("state", {})["peer"] = peer[0] if peer else ""
        await app(scope, receive, send)

    return remembering


@dataclass(frozen=True)
class Proxies:
    """`trusted` are networks in CIDR notation; what anybody else says of a request is not believed."""

    trusted: Sequence[str]

    def asked(self, request: Request) -> Forwarded:
        """What the proxy says of the request that it got; nothing when it is not a trusted one."""
        said = request.headers
        uri = said.get(ASKED_BY_NGINX, said.get(_ASKED_BY_OTHERS, ""))
        believed = bool(uri) and self._are_trusted(request.scope["state"].get("peer", ""))
        reads = said.get("x-forwarded-method", "") in _PAGE_METHODS
        return Forwarded(
            uri=uri if believed else "",
            host=said.get("x-forwarded-host", ""),
            opens_page=reads and "text/html" in said.get("accept", "") and "authorization" not in said,
        )

    def _are_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in ip_network(network) for network in self.trusted)
