"""Trusted reverse proxies, and the requests that they forward or ask about."""

from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import islice

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from msgspec import Struct

from romm.api.http.requests import Request
from romm.domain import hosts
from romm.domain.hosts import Address, Network
from romm.domain.sign_in.forward_auth import Forwarded

NGINX_URI = "x-original-uri"
MAX_PROXIES = 10  # in a row; further entries are ignored

_FORWARDED_URI = "x-forwarded-uri"
_PAGE_METHODS = {"", "GET", "HEAD"}
_SCHEMES = {"http", "https"}


def behind_proxies(app: ASGIApp, trusted: Sequence[str]) -> ASGIApp:
    """Set a request's client to the nearest address that is not a trusted proxy, in canonical form.

    `trusted`: networks in CIDR notation. Other senders' forwarding headers are ignored.
    """
    networks = tuple(found for each in trusted if (found := hosts.network(each)) is not None)
    known = lru_cache(hosts.REMEMBERED)(partial(_known, networks))

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        # Without a peer address (Unix socket) the headers are ignored.
        if scope["type"] == ScopeType.HTTP and (sender := scope["client"]) and (peer := known(sender[0])):
            scope["client"] = (peer.text, sender[1])
            if peer.is_trusted:
                _believe(scope, peer.address, networks)
        await app(scope, receive, send)

    return wrapped


def forwarded_request(request: Request) -> Forwarded:
    """Several hosts count as none; an untrusted proxy cannot name one."""
    headers = request.headers
    reads = headers.get("x-forwarded-method", "") in _PAGE_METHODS
    return Forwarded(
        uri=forwarded_uri(request),
        host=forwarded_host(request),
        opens_page=reads and "text/html" in headers.get("accept", "") and "authorization" not in headers,
    )


def forwarded_host(request: Request) -> str:
    trusted = request.scope["state"].get("from_proxy")
    return ", ".join(request.headers.getall("x-forwarded-host", [])) if trusted else ""


def is_from_untrusted_proxy(request: Request) -> bool:
    """Or from a visitor who writes such headers."""
    return bool(forwarded_uri(request)) and not request.scope["state"].get("from_proxy")


def forwarded_uri(request: Request) -> str:
    """Of any sender."""
    return request.headers.get(NGINX_URI, request.headers.get(_FORWARDED_URI, ""))


def _believe(scope: HTTPScope, proxy: Address, networks: tuple[Network, ...]) -> None:
    scope.setdefault("state", {})["from_proxy"] = True
    scope["client"] = (str(hosts.client(proxy, _entries(scope, b"x-forwarded-for"), networks)), 0)
    scheme = "".join(_entries(scope, b"x-forwarded-proto")[-1:])
    scope["scheme"] = scheme if scheme in _SCHEMES else scope["scheme"]


class _Peer(Struct, frozen=True):
    address: Address
    text: str
    is_trusted: bool


def _known(networks: tuple[Network, ...], peer: str) -> _Peer | None:
    found = hosts.address(peer)
    return None if found is None else _Peer(found, str(found), hosts.is_within(found, networks))


def _entries(scope: HTTPScope, name: bytes) -> list[str]:
    """The last entries of a list header, in order (RFC 9110, 5.3)."""
    lines = (value.decode("latin-1") for key, value in reversed(list(scope["headers"])) if key == name)
    entries = (entry.strip() for line in lines for entry in reversed(line.rsplit(",", MAX_PROXIES)))
    return list(islice(entries, MAX_PROXIES))[::-1]
