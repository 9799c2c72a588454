"""Wraps every request: correlation id, client address, and security headers."""

import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from romm.api.http.cookies import without_disguised
from romm.api.http.requests import DEVICE_COOKIE, logged_path
from romm.api.pages.languages import Asked, Languages, remember
from romm.ports.process import Log

Header = tuple[bytes, bytes]
Bind = Callable[..., AbstractContextManager[Any]]

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")
UNLESS_SAID = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)


def always(*, https: bool) -> tuple[Header, ...]:
    """HSTS only with an https base URL."""
    return (*_ALWAYS, _HSTS) if https else _ALWAYS


def new_correlation_id() -> str:
    return secrets.token_hex(8)


def middleware(
    app: ASGIApp, log: Log, bind: Bind, *, https: bool, device_cookie: str, languages: Languages, access: bool = False
) -> ASGIApp:
    """`access`: log each request, not only with DEBUG. `bind` adds facts to its log lines. `device_cookie`: a name."""
    extra = always(https=https)
    write = log.info if access else log.debug

    async def enveloped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        correlation_id, started, status = new_correlation_id(), time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _headers(list(message["headers"]), correlation_id, extra)
            elif asks_for_head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        asks_for_head = scope["method"] == "HEAD"
        if asks_for_head:  # health checks send HEAD; every GET route can answer it (RFC 9110, 9.3.2)
            scope["method"] = HttpMethod.GET
        scope["path"] = scope["path"].replace("\x00", "%00")  # no file has such a name, and opening it raises
        scope["headers"] = without_disguised(list(scope["headers"]))
        scope.setdefault("state", {}).update({"correlation_id": correlation_id, DEVICE_COOKIE: device_cookie})
        remember(Asked(languages, scope))
        with bind(correlation_id=correlation_id):
            await app(scope, receive, send_with_headers)
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            write(
                "request",
                method=scope["method"],
                path=logged_path(scope),
                status=status,
                milliseconds=milliseconds,
            )

    return enveloped


def _headers(headers: list[Header], correlation_id: str, extra: tuple[Header, ...]) -> list[Header]:
    present = [name for name, _ in headers]
    headers.extend(extra)
    headers.extend([header for header in UNLESS_SAID if header[0] not in present])
    headers.append((b"x-correlation-id", correlation_id.encode()))
    return headers
