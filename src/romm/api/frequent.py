"""Quick answers to the most frequent requests, before router and middleware.

Permissions of forward authentication, and the account of a session or token. A request that is not plainly readable or
does not end well goes on to the route, the only place of refusals, passwords and log lines.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qsl

import msgspec
from litestar import HttpMethod
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from romm.api.accounts import users
from romm.api.accounts.schemas import own_schema
from romm.api.http.authentication import Authentication
from romm.api.http.cookies import without_disguised
from romm.api.http.middleware import Header, new_correlation_id
from romm.api.http.requests import FAILED, JSON_TYPE
from romm.api.sign_in import forward_auth as forwarding
from romm.credentials.principal import Principal
from romm.domain.errors import Refuse
from romm.domain.sign_in import forward_auth, forward_hosts
from romm.sign_in.forward_hosts import ForwardHosts

FORWARD = f"{forwarding.router.path}/forward"
ME = f"{users.router.path}/me"

Headers = Mapping[bytes, bytes]
Answer = tuple[int, list[Header], bytes]

_PLAIN_HOST = re.compile(rb"[0-9A-Za-z._:\[\]-]+")


@dataclass(frozen=True, kw_only=True)
class FrequentAnswers:
    """`always`: the headers of every answer."""

    authentication: Authentication
    forward_hosts: ForwardHosts
    always: tuple[Header, ...]

    def before(self, app: ASGIApp) -> ASGIApp:
        made = {FORWARD: self._permission, ME: self._account}

        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            answer = None
            if scope["type"] == ScopeType.HTTP and scope["path"] in made and (headers := _read(scope)) is not None:
                try:
                    answer = await made[scope["path"]](scope, headers)
                except Exception as error:  # noqa: BLE001  (the route raises it: there it is logged, and gets a reference)
                    scope.setdefault("state", {})[FAILED] = error
            if answer is None:
                await app(scope, receive, send)
                return
            status, own, body = answer
            correlation_id = new_correlation_id()
            cast("dict[str, object]", scope)["path_template"] = scope["path"]  # metrics and traces read both
            scope.setdefault("state", {})["correlation_id"] = correlation_id
            own += (*self.always, (b"x-correlation-id", correlation_id.encode()))
            await send({"type": "http.response.start", "status": status, "headers": own})
            await send({"type": "http.response.body", "body": body, "more_body": False})

        return answered

    async def _permission(self, scope: HTTPScope, headers: Headers) -> Answer | None:
        """A cookie decides first, as in the route."""
        needed = _needed(scope["query_string"])
        if needed is None:
            return None
        host = headers.get(b"x-forwarded-host", b"") if scope.get("state", {}).get("from_proxy") else b""
        elsewhere = self.forward_hosts.origin_of(host.decode("latin-1")) if host else None
        who = await self._visitor(headers, elsewhere)
        if who is None or forward_auth.allow(needed, who.scopes):
            return None
        named = forward_auth.headers(who.account, who.scopes)
        if elsewhere is not None:
            sent = (headers.get(name, b"").decode("latin-1") for name in (b"cookie", b"authorization"))
            named |= forward_hosts.for_application(*sent, by_header=forwarding.is_by_header(who))
        return HTTPStatus.NO_CONTENT, [(name.encode(), value.encode("latin-1")) for name, value in named.items()], b""

    async def _visitor(self, headers: Headers, elsewhere: str | None) -> Principal | None:
        cookies, ours = headers.get(b"cookie", b""), self.authentication.our_cookies
        if elsewhere is None:
            return await (self._of_session(cookies) if _has_session(cookies) else self._of_bearer(headers))
        name = ours.forward_session_cookie.encode()
        if name not in cookies:
            return await self._of_bearer(headers)
        return await self.forward_hosts.who(elsewhere, _only(name, cookies))

    async def _account(self, scope: HTTPScope, headers: Headers) -> Answer | None:
        """The header decides first, as in the route."""
        if scope["query_string"]:
            return None
        has_header = b"authorization" in headers
        who = await (self._of_bearer(headers) if has_header else self._of_session(headers.get(b"cookie", b"")))
        if who is None or forward_auth.LEAST not in who.scopes:
            return None
        body = msgspec.json.encode(own_schema(who))
        return HTTPStatus.OK, [(b"content-type", JSON_TYPE.encode()), (b"content-length", b"%d" % len(body))], body

    async def _of_session(self, cookies: bytes) -> Principal | None:
        name = self.authentication.our_cookies.session_cookie.encode()
        return await self.authentication.sessions.who(_only(name, cookies))

    async def _of_bearer(self, headers: Headers) -> Principal | None:
        scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        return await self.authentication.bearers.who(secret.strip()) if scheme.lower() == "bearer" else None


def _read(scope: HTTPScope) -> dict[bytes, bytes] | None:
    """Of a plain GET: each once, with a host that the router takes, and cookies as the middleware leaves them."""
    sent = without_disguised(list(scope["headers"]))
    headers = dict(sent)
    is_whole = scope["method"] == HttpMethod.GET and not scope.get("root_path") and len(headers) == len(sent)
    return headers if is_whole and _PLAIN_HOST.fullmatch(headers.get(b"host", b"")) else None


def _has_session(cookies: bytes) -> bool:
    """Of a browser, or under the name for programs. Without `=`: the router drops spaces before it."""
    return b"_session" in cookies


def _only(name: bytes, cookies: bytes) -> str | None:
    """The cookie's value, if it is there once and plainly written."""
    found = _plainly(name).search(cookies) if cookies.count(name) == 1 else None
    return None if found is None else found[1].decode()


@lru_cache(8)
def _plainly(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:^|; )" + re.escape(name) + rb"=([0-9A-Za-z_-]+)(?:;|$)")


@lru_cache(64)
def _needed(query: bytes) -> frozenset[str] | None:
    """Scopes; None for a query that the route refuses."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    named = dict(pairs)
    found = forward_auth.required(named.get("level", ""), named.get("scope", ""), [name for name, _ in pairs])
    return None if isinstance(found, Refuse) else found
