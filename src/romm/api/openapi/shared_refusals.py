"""A route's implied refusals, for the OpenAPI document and `Allow`.

Routes list those of their own work; those of reading the request are the same everywhere.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Operation
from litestar.routes import HTTPRoute

from romm.api.http.navigation import OWN_NAVIGATION
from romm.api.http.query import note_what_is_read, takes_no_more
from romm.api.http.responses import allow_header
from romm.api.openapi.operations import JSON, Described, also_refuses, content_types
from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code


class _NothingToRefuse(Described):
    """Without the 400 that Litestar documents for every route with a parameter."""

    def __post_init__(self) -> None:
        (self.responses or {}).pop(str(HTTPStatus.BAD_REQUEST.value), None)
        super().__post_init__()


_SAFE = {"GET", "HEAD", "OPTIONS"}
_REDIRECTS = {Code.CROSS_SITE, Code.NOT_SIGNED_IN, Code.REQUEST_INVALID, Code.TOKEN_MISPLACED}
"""Where a browser comes back to a page with the refusal."""


def describe_routes(app: Litestar) -> None:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler, _ in route.route_handler_map.values():
                _describe(handler, route)


def _describe(handler: HTTPRouteHandler, route: HTTPRoute) -> None:
    if "OPTIONS" in handler.http_methods:
        handler.after_request = _naming(allow_header(route.methods))
        return
    note_what_is_read(handler, route)
    responses, oauth = dict(handler.responses or {}), handler.opt.get("errors") == "oauth"
    for status, code in _refusals(handler, route):
        responses[status] = also_refuses(responses.get(status), status, code, oauth=oauth)
    handler.responses = dict(sorted(responses.items()))
    if handler.operation_class is Operation:
        handler.operation_class = Described if HTTPStatus.BAD_REQUEST in responses else _NothingToRefuse


def _naming(methods: str) -> Any:
    """Litestar's own handler names one handler's methods only."""

    async def name_methods(response: Response[Any]) -> Response[Any]:
        response.headers["Allow"] = methods
        return response

    return name_methods


def _refusals(handler: HTTPRouteHandler, route: HTTPRoute) -> Iterator[tuple[int, Code]]:
    codes = set(_codes(handler, route))
    if handler.opt.get("browser") and handler.opt.get("error_page"):
        codes -= _REDIRECTS
    for code in sorted(codes):
        row = CATALOGUE[code]
        yield (row.oauth_status if handler.opt.get("errors") == "oauth" else row.status), code
    if body := content_types(handler.operation_class):
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Code.REQUEST_INVALID
        if JSON in body:
            yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Code.REQUEST_INVALID


def _codes(handler: HTTPRouteHandler, route: HTTPRoute) -> Iterator[Code]:
    _, arguments = route.route_handler_map[next(iter(handler.http_methods))]
    changes = not _SAFE & handler.http_methods
    if handler.opt.get(OWN_NAVIGATION):
        yield Code.NAVIGATION_REQUIRED
    if handler.opt.get("apps") or (changes and not handler.opt.get("cross_site")):
        yield Code.CROSS_SITE
    has_body = bool(content_types(handler.operation_class))
    if handler.opt.get("scope"):
        yield Code.TOKEN_MISPLACED
    if handler.opt.get("scope") or (has_body and not handler.opt.get("browser")) or route.path_parameters:
        yield Code.STORAGE_UNAVAILABLE
    if has_body or arguments.expected_query_params or takes_no_more(handler):
        yield Code.REQUEST_INVALID
    if any(parameter.type is int for parameter in route.path_parameters.values()):
        yield from (Code.NOT_FOUND, Code.REQUEST_INVALID)
