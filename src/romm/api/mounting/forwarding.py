"""The sign-in's paths in another application, forwarded to the sign-in's own service.

Neither touches the other's dependencies, hooks, templates or exception handlers. A mount of Litestar would take a whole
prefix, such as `/api`.
"""

import re
from collections.abc import Sequence
from typing import Any, cast

from litestar import HttpMethod, Litestar, Router, route
from litestar.exceptions import ImproperlyConfiguredException
from litestar.routes import ASGIRoute, BaseRoute
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send

MARK = "romm_sign_in"
"""The option of the routes that forward."""

GIVE_WAY = frozenset({"/", "/api/platforms"})
"""The application may have these itself: its start page, and what a library has."""

_OPTIONS = {MARK: True, "exclude_from_auth": True, "exclude_from_csrf": True}
"""Litestar's authentication and its CSRF protection then pass by: the sign-in has its own."""

_OF_THE_SERVER = (
    "type", "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string", "headers", "client", "server",
    "extensions",
)  # fmt: skip

_PARAMETER = re.compile(r"\{[^}]*\}")


def forwarders(ours: Litestar, service: ASGIApp, theirs: Sequence[ControllerRouterHandler]) -> Router:
    """Raises ImproperlyConfiguredException if `theirs` have a path of `ours`."""
    taken = Router("/", route_handlers=theirs).routes
    for each in taken:
        refuse_clash(each, ours)
    replaced = {own.path for own in ours.routes for each in taken if _clash(own, each)}
    paths = [own.path for own in ours.routes if own.path not in replaced]

    async def forwarded(scope: Scope, receive: Receive, send: Send) -> None:
        await service(cast("Any", bare(scope)), receive, send)

    @route(
        paths,
        http_method=list(HttpMethod),
        include_in_schema=False,
        opt=_OPTIONS,
        before_request=_pass,
        after_request=_pass_back,
        after_response=_pass,
    )
    async def forward() -> ASGIApp:
        return forwarded

    return Router("/", route_handlers=[forward])


def refuse_clash(theirs: BaseRoute, ours: Litestar) -> None:
    """Raises ImproperlyConfiguredException."""
    for own in ours.routes:
        if own.path not in GIVE_WAY and _clash(own, theirs):
            raise ImproperlyConfiguredException(
                f"The application has a route {theirs.path}, and the sign-in has {own.path}: give the application's another "
                f"path. It can replace only {' and '.join(sorted(GIVE_WAY))} of the sign-in's."
            )


def bare(scope: Scope) -> dict[str, Any]:
    """The server's part, without what the application added."""
    found: dict[str, Any] = {name: value for name, value in scope.items() if name in _OF_THE_SERVER}
    return found | {"root_path": "", "state": {}}


def _clash(own: BaseRoute, theirs: BaseRoute) -> bool:
    """Litestar matches paths without parameters first, then mounts, then the others."""
    if isinstance(theirs, ASGIRoute) and theirs.route_handler.is_mount and own.path_parameters:
        return own.path.startswith(theirs.path)
    return _shape(own) == _shape(theirs)


def _shape(of: BaseRoute) -> str:
    """Without names and types of parameters."""
    return _PARAMETER.sub("{}", of.path_format)


async def _pass(_: Any) -> None:
    """In place of the application's hook."""


async def _pass_back(response: Any) -> Any:
    return response
