"""RomM's sign-in in a Litestar application of your own, as docs/building-on-it.md shows it.

```python
@get("/games", guards=[needs("roms.read")])
async def games(principal: NamedDependency[Principal]) -> str:
    return f"The games of {principal.account.username}"

app = Litestar([games], plugins=[SignIn()])
```
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast, final

from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.plugins import InitPlugin, ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import Guard, Scope

from romm.api.mounting import description
from romm.api.mounting.admission import Needed, SignInRefused, answer
from romm.api.mounting.forwarding import MARK, forwarders, refuse_clash
from romm.composition.mounting import Mounted
from romm.credentials.principal import Principal
from romm.domain import scopes

__all__ = ["Principal", "SignIn", "SignInRefused", "needs"]

_STATE = "romm_sign_in"
"""Where a request's state keeps its principal, for a guard and a dependency of the same request."""


def needs(scope: str) -> Guard:
    """A guard: the request's account or token has this scope, such as `roms.read` (docs/roles.md lists them).

    A browser that is not signed in is sent to the sign-in page and comes back. Others get 401, without the scope 403, whose
    `WWW-Authenticate` names it. On a router or the application it leaves the sign-in's own routes open.

    Raises ValueError for a scope that RomM does not have.
    """
    if scope not in scopes.ALL:
        raise ValueError(f"RomM has no scope {scope!r}. Its scopes: {', '.join(scopes.ALL)}.")
    return _Needs(scope)


@final
class SignIn(InitPlugin, ReceiveRoutePlugin):
    """Adds the sign-in's routes and pages and the dependency `principal` to an application.

    `environ` has the settings, by default the process's environment; `ROMM_BASE_URL` is the application's address, without
    a path. `principal` names the dependency: a handler's parameter annotated `Principal` needs a signed-in account or a
    token, and `Principal | None` is None without one.

    An application may have its own `/` and `/api/platforms`. Raises ImproperlyConfiguredException at start for any other
    path that both have, an application with a `path`, and an unusable database; SettingsError for the settings.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, *, principal: str = "principal") -> None:
        self._environ, self._name = environ, principal
        self._mounted: Mounted | None = None

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        self._refuse_settings(app_config)
        mounted = self._mounted = Mounted(os.environ if self._environ is None else self._environ)
        app_config.route_handlers.append(forwarders(mounted.routes, mounted, app_config.route_handlers))
        app_config.dependencies[self._name] = Provide(self._principal)
        app_config.exception_handlers = {SignInRefused: answer, **app_config.exception_handlers}
        app_config.lifespan.append(mounted.lifespan)
        if app_config.openapi_config is not None:
            app_config.openapi_config = description.described(app_config.openapi_config, mounted.session_cookie)
        return app_config

    def receive_route(self, route: BaseRoute) -> None:
        """Describe what a route needs. Raises ImproperlyConfiguredException for a path of the sign-in's own."""
        handlers = route.route_handlers if isinstance(route, HTTPRoute) else [cast("Any", route).route_handler]
        if any(MARK in handler.opt for handler in handlers):
            return
        refuse_clash(route, self.mounted.routes)
        for handler in handlers:
            if isinstance(handler, HTTPRouteHandler):
                self._describe(handler)

    @property
    def mounted(self) -> Mounted:
        if self._mounted is None:
            raise ImproperlyConfiguredException("This SignIn() is in no application: pass it in `plugins`.")
        return self._mounted

    async def check(self, connection: ASGIConnection[Any, Any, Any, Any], scope: str) -> None:
        """For guards. Raises `SignInRefused`; for a WebSocket `WebSocketException`, which closes it with 4401 or 4403."""
        await self._found(connection, scope, optional=False)

    async def _principal(self, scope: Scope) -> Principal | None:
        parameter = cast("Any", scope)["route_handler"].parsed_fn_signature.parameters.get(self._name)
        optional = parameter is not None and parameter.is_optional
        return await self._found(ASGIConnection(scope), "", optional=optional)

    async def _found(
        self, connection: ASGIConnection[Any, Any, Any, Any], scope: str, *, optional: bool
    ) -> Principal | None:
        state = connection.scope["state"]
        needed = Needed(scope=scope, known=state.get(_STATE), optional=optional)
        found = state[_STATE] = await self.mounted.admitted(connection, needed)
        return found

    def _refuse_settings(self, app_config: AppConfig) -> None:
        if self._mounted is not None:
            raise ImproperlyConfiguredException("Each application needs a SignIn() of its own.")
        if app_config.path.strip("/"):
            raise ImproperlyConfiguredException(
                f"The application has the path {app_config.path}: the sign-in's pages cannot live below a path. Give the path "
                "to a router of your own, and leave it out of Litestar(path=…)."
            )
        if self._name in app_config.dependencies:
            raise ImproperlyConfiguredException(
                f"The application has a dependency {self._name!r}: name the sign-in's otherwise, as in SignIn(principal='who')."
            )

    def _describe(self, handler: HTTPRouteHandler) -> None:
        needed = {guard.scope for guard in _guards(handler)}
        parameter = handler.parsed_fn_signature.parameters.get(self._name)
        if parameter is not None and handler.cache:
            raise ImproperlyConfiguredException(
                f"{handler} has `cache` and the parameter {self._name!r}: each person would get the answer of the first. Leave out "
                "one of the two."
            )
        if needed or parameter is not None:
            optional = not needed and parameter is not None and parameter.is_optional
            description.demand(handler, sorted(needed), optional=optional)


@dataclass(frozen=True)
class _Needs:
    scope: str

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        if MARK in handler.opt:
            return
        try:
            sign_in = connection.app.plugins.get(SignIn)
        except KeyError:
            raise ImproperlyConfiguredException(
                "needs() works only with SignIn() in the application's plugins."
            ) from None
        await sign_in.check(connection, self.scope)


def _guards(handler: HTTPRouteHandler) -> Iterator[_Needs]:
    for layer in handler.ownership_layers:
        yield from (guard for guard in layer.guards or () if isinstance(guard, _Needs))
