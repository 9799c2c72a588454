"""The usual answer of forward authentication, before the router: a proxy waits for it with every request.

Only permissions. Whatever ends otherwise goes on to the route, the only place of its refusals.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from litestar import HttpMethod
from litestar import Request as LitestarRequest
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from romm.api.http.authentication import Authentication
from romm.api.http.requests import Request, credential_header
from romm.api.sign_in.forward_auth import forward, permission, router
from romm.domain.errors import Refuse
from romm.domain.sign_in import forward_auth
from romm.sign_in.forward_hosts import ForwardHosts

PATH = f"{router.path}/forward"

_PLAIN_HOST = re.compile(rb"[0-9A-Za-z._:\[\]-]+")

_required = lru_cache(64)(forward_auth.required)


@dataclass(frozen=True)
class ForwardPermission:
    authentication: Authentication
    forward_hosts: ForwardHosts

    def before(self, app: ASGIApp) -> ASGIApp:
        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            headers = None
            if scope["type"] == ScopeType.HTTP and scope["path"] == PATH:
                headers = await self._headers(scope)
            if headers is None:
                await app(scope, receive, send)
                return
            raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": 204, "headers": raw})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        return answered

    async def _headers(self, scope: HTTPScope) -> dict[str, str] | None:
        if scope["method"] != HttpMethod.GET or scope.get("root_path") or not _has_plain_host(scope):
            return None
        # What the router would say: metrics and traces read the template, the rules the route's options.
        cast("dict[str, object]", scope).update(route_handler=forward, path_template=PATH)
        request: Request = LitestarRequest(scope)
        needed = _needed(request)
        if isinstance(needed, Refuse) or _is_basic(request):
            return None
        try:
            return await permission(request, self.authentication, self.forward_hosts, needed)
        except Exception:  # noqa: BLE001  (the route meets it again: there it is logged, and gets a reference)
            return None


def _needed(request: Request) -> frozenset[str] | Refuse:
    if not request.scope["query_string"]:
        return _required("", "", ())
    query = request.query_params
    return _required(query.get("level", ""), query.get("scope", ""), tuple(name for name, _ in query.multi_items()))


def _is_basic(request: Request) -> bool:
    """A password is checked and counted once."""
    return (credential_header(request) or "").lower().startswith("basic")


def _has_plain_host(scope: HTTPScope) -> bool:
    """One, as `request_limits` wants it, of which the router refuses none."""
    sent = [value for name, value in scope["headers"] if name == b"host"]
    return len(sent) == 1 and _PLAIN_HOST.fullmatch(sent[0]) is not None
