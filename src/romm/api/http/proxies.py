"""The reverse proxies in front of RomM: which of them is believed, and what it says of the request it asks about."""

from collections.abc import Sequence
from itertools import islice

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from romm.api.http.requests import Request
from romm.domain import hosts
from romm.domain.hosts import Network
from romm.domain.sign_in.forward_auth import Forwarded

ASKED_BY_NGINX = "x-original-uri"
MAX_PROXIES = 10  # in front of us, one behind the other; what is said beyond them is not read

_ASKED_BY_OTHERS = "x-forwarded-uri"
_PAGE_METHODS = {"", "GET", "HEAD"}
_SCHEMES = {"http", "https"}


def behind_proxies(app: ASGIApp, trusted: Sequence[str]) -> ASGIApp:
    """Wrap an app: the client of a request is the nearest address that is no trusted proxy, in canonical form.

    `trusted` are networks in CIDR notation. What any other sender says of a request is not believed.
    """
    networks = tuple(found for each in trusted if (found := hosts.network(each)) is not None)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            _settle(scope, networks)
        await app(scope, receive, send)

    return wrapped


def asked(request: Request) -> Forwarded:
    """What the proxy says of the request that it got; nothing when it is not a trusted one."""
    said = request.headers
    uri = said.get(ASKED_BY_NGINX, said.get(_ASKED_BY_OTHERS, ""))
    reads = said.get("x-forwarded-method", "") in _PAGE_METHODS
    return Forwarded(
        uri=uri if request.scope["state"].get("from_proxy") else "",
        host=said.get("x-forwarded-host", ""),
        opens_page=reads and "text/html" in said.get("accept", "") and "authorization" not in said,
    )


def _settle(scope: HTTPScope, networks: tuple[Network, ...]) -> None:
    """Set client and scheme of a request. Without a peer's address (a Unix socket) nothing is believed."""
    sender = scope["client"]
    peer = hosts.address(sender[0]) if sender else None
    if sender is None or peer is None:
        return
    scope["client"] = (str(peer), sender[1])
    if hosts.is_within(peer, networks):
        scope.setdefault("state", {})["from_proxy"] = True
        scope["client"] = (str(hosts.client(peer, _entries(scope, b"x-forwarded-for"), networks)), 0)
        scheme = "".join(_entries(scope, b"x-forwarded-proto")[-1:])
        scope["scheme"] = scheme if scheme in _SCHEMES else scope["scheme"]


def _entries(scope: HTTPScope, name: bytes) -> list[str]:
    """The last entries of a header that is a list (RFC 9110, 5.3), in order."""
    lines = (value.decode("latin-1") for key, value in reversed(list(scope["headers"])) if key == name)
    entries = (entry.strip() for line in lines for entry in reversed(line.rsplit(",", MAX_PROXIES)))
    return list(islice(entries, MAX_PROXIES))[::-1]
