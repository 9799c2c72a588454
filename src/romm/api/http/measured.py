"""Measures every answer."""

import time
from typing import Protocol

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
NO_ROUTE = "none"


class RequestMeter(Protocol):
    def begun(self) -> None: ...

    def answered(self, method: str, route: str, status: str, seconds: float) -> None:
        """`route` with its parameters' names; `status` is `none` if the client hung up before."""


def measured(app: ASGIApp, meter: RequestMeter) -> ASGIApp:
    async def metered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        started, status, method = time.perf_counter(), "none", scope["method"]
        route = NO_ROUTE

        async def noted(message: Message) -> None:
            nonlocal status, route
            if message["type"] == "http.response.start":
                status = str(message["status"])
                route = str(scope.get("path_template") or NO_ROUTE)
            await send(message)

        meter.begun()
        try:
            await app(scope, receive, noted)
        finally:
            known = method if method in METHODS else "other"
            meter.answered(known, route, status, time.perf_counter() - started)

    return metered
