"""A parameter in the wrong place must not be ignored: a role in the query would make a viewer of an editor."""

from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from romm.api.http.authentication import OF_APPLICATION
from romm.api.http.requests import Request
from romm.domain.errors import Code, Refused

READ = "query"
"""The option with the names that a route reads there, set by `note_what_is_read`."""

_SAFE = {"GET", "HEAD", "OPTIONS"}  # caches and browsers add parameters to what they only read


def takes_no_more(handler: HTTPRouteHandler) -> bool:
    """Exempt are OAuth's endpoints (RFC 6749, 3.2: unknown parameters are ignored), those that providers call, and
    signing out.
    """
    options = handler.opt
    exempt = options.get("errors") == "oauth" or options.get("cross_site") or options.get("signs_out")
    return not (_SAFE & handler.http_methods or exempt)


def note_what_is_read(handler: HTTPRouteHandler, route: HTTPRoute) -> None:
    _, arguments = route.route_handler_map[next(iter(handler.http_methods))]
    handler.opt[READ] = tuple(parameter.field_alias for parameter in arguments.expected_query_params)


def check_query(request: Request) -> None:
    """Before every handler. Raises `Refused(REQUEST_INVALID)`."""
    handler = request.route_handler
    if not request.scope["query_string"] or handler.opt.get(OF_APPLICATION) or not takes_no_more(handler):
        return
    read = {*handler.opt[READ], *(("access_token",) if handler.opt.get("scope") else ())}  # that is refused by name
    if unread := sorted(set(request.query_params) - read):
        raise Refused(Code.REQUEST_INVALID, problem=f"the query has {unread}: send them in the body")
