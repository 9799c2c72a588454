"""The ways in, and each route's scope, in the application's OpenAPI document."""

from collections.abc import Iterable
from copy import copy

from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components

from romm.api.openapi.operations import SIGNED_IN, security_schemes

PREFIX = "romm_"
"""The application may have a scheme `bearer` of its own."""


def described(config: OpenAPIConfig, session_cookie: str) -> OpenAPIConfig:
    """A copy: applications without a configuration share Litestar's."""
    own = Components(
        security_schemes={PREFIX + name: scheme for name, scheme in security_schemes(session_cookie).items()}
    )
    theirs = config.components if isinstance(config.components, list) else [config.components]
    found = copy(config)  # not `replace`, which would warn of defaults that Litestar itself has deprecated
    found.components = [*theirs, own]
    return found


def demand(handler: HTTPRouteHandler, scopes: Iterable[str], *, optional: bool) -> None:
    """`optional`: no credential is needed."""
    listed = list(scopes)
    ways = [{PREFIX + way: listed for way in required} for required in SIGNED_IN]
    if ways[0] not in (handler.security or ()):  # a handler of several paths comes with each
        handler.security = [*(handler.security or ()), *([{}] if optional else []), *ways]
