"""A span for every request, if traces are on."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from romm.api.http.measured import METHODS, NO_ROUTE
from romm.ports.process import Spans


def traced(app: ASGIApp, spans: Spans) -> ASGIApp:
    """Names the route, never path or query: they have codes."""

    async def spanned(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        with spans.span(method, "server", http__request__method=method) as note:

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    note("http.response.status_code", int(message["status"]))
                    note("http.route", str(scope.get("path_template") or NO_ROUTE))
                    note("romm.correlation_id", str(scope.get("state", {}).get("correlation_id", "")))
                await send(message)

            await app(scope, receive, noted)

    return spanned
