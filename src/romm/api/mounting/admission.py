"""Who requests one of the application's own routes, and whether they may."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

from litestar import Litestar, Response
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import WebSocketException
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send

from romm.api.http.authentication import OF_APPLICATION
from romm.api.http.requests import Request, credential_header
from romm.api.mounting.forwarding import bare
from romm.api.routes import AppDependencies
from romm.credentials.principal import Principal, require
from romm.domain.errors import Code, Refused

_NEEDED, _FOUND = "needed", "found"


@dataclass(frozen=True, kw_only=True)
class Needed:
    """`known`: the principal of an earlier check. `optional`: no credential is needed."""

    scope: str = ""
    known: Principal | None = None
    optional: bool = False


class SignInRefused(Exception):
    """The sign-in's answer to a request for one of the application's routes.

    `status` is 303 to the sign-in page for a browser; else 401, 403, 429 with `Retry-After`, or 503, with a page or
    problem (RFC 9457) as the body. An exception handler of the application may answer otherwise.
    """

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        super().__init__(status)
        self.status, self.headers, self.body = status, headers, body


class _Answer(Response[bytes]):
    """Without what the application adds to its own."""

    def __init__(self, refused: SignInRefused) -> None:
        super().__init__(refused.body, status_code=refused.status)
        self._refused = refused

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        return ASGIResponse(body=self._refused.body, status_code=self._refused.status, headers=self._refused.headers)


def answer(_: Any, refused: SignInRefused) -> Response[bytes]:
    return _Answer(refused)


def checker(dependencies: AppDependencies, ours: Litestar) -> ASGIApp:
    """Refuses, or leaves the principal in the request's state."""

    async def check(scope: Scope, receive: Receive, send: Send) -> None:
        needed, route = scope["state"][_NEEDED], _Route(scope["state"][_NEEDED])
        cast("dict[str, Any]", scope).update(app=ours, litestar_app=ours, path_params={}, route_handler=route)
        request: Request = Request(cast("Any", scope), receive, send)
        try:
            scope["state"][_FOUND] = await _found(request, needed, dependencies)
        except Refused as refused:
            route.answers(refused.code)
            refusal = cast("Any", dependencies.exception_handlers[Refused])(request, refused)
            await refusal.to_asgi_response(app=None, request=request)(scope, receive, send)

    return check


async def admitted(check: ASGIApp, connection: ASGIConnection[Any, Any, Any, Any], needed: Needed) -> Principal | None:
    """None only where `needed` is optional.

    Raises `SignInRefused`; for a WebSocket Litestar's `WebSocketException`, which closes it with 4401 or 4403.
    """
    is_http = connection.scope["type"] == ScopeType.HTTP
    # A page of another site can open a WebSocket, with our cookies: check it like a request that changes something.
    scope = bare(connection.scope) | ({} if is_http else {"type": "http", "method": "POST", "scheme": "http"})
    scope["path"] = _whole_path(connection.scope)
    scope["state"][_NEEDED] = needed
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    await check(cast("Any", scope), _no_body, keep)
    if sent:
        raise _refusal(sent, is_http=is_http)
    return cast("Principal | None", scope["state"][_FOUND])


class _Route:
    """Stands for the application's route, whose own options may mean anything."""

    def __init__(self, needed: Needed) -> None:
        self.opt: dict[str, Any] = {OF_APPLICATION: True, "message_page": True}
        self.opt |= {"scope": needed.scope} if needed.scope else {}

    def answers(self, code: Code) -> None:
        self.opt |= {"error_page": "/"} if code is Code.NOT_SIGNED_IN else {}


async def _found(request: Request, needed: Needed, dependencies: AppDependencies) -> Principal | None:
    if needed.known is not None:
        if needed.scope:
            require(needed.known, needed.scope)
        return needed.known
    await cast("Any", dependencies.before_request)(request)
    try:
        return cast("Principal", await dependencies.dependencies["principal"].dependency(request=request))
    except Refused as refused:
        if needed.optional and refused.code is Code.NOT_SIGNED_IN and credential_header(request) is None:
            return None
        raise


def _refusal(sent: list[Message], *, is_http: bool) -> Exception:
    start = cast("Mapping[str, Any]", sent[0])
    body = b"".join(cast("Mapping[str, Any]", each).get("body", b"") for each in sent[1:])
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    if is_http:
        return SignInRefused(start["status"], headers, body)
    return WebSocketException(detail="refused by the sign-in", code=4000 + start["status"])


def _whole_path(scope: Scope) -> str:
    """Litestar strips a mount from `path`. Some servers add the query to `raw_path`."""
    raw = (scope.get("raw_path") or b"").partition(b"?")[0]
    return unquote(raw.decode("latin-1")) if raw else scope["path"]


async def _no_body() -> HTTPReceiveMessage:
    """The application reads it."""
    return {"type": "http.request", "body": b"", "more_body": False}
