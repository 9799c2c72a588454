"""The routes of all worlds in one process: making them takes longer than what most tests do with them.

They know no world. Each request brings the wiring of the world that it is for, which lasts as long as the request and
holds everything that is a world's own, so two worlds share nothing but code. What is the same in every RomM (the
routes, their parameters, the templates, the description of the API) comes from `api.routes`, as in `app.create_app`.
Its `Provide`s are called as Litestar would, so what they keep by mistake is kept in tests, too.
Starting and stopping is not for them: Litestar keeps what it does meanwhile on the app itself.
"""

from collections.abc import Callable
from contextlib import nullcontext
from contextvars import ContextVar
from functools import cache
from typing import Any, cast

from litestar import Litestar, Response
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from romm.api.http.requests import Request
from romm.api.routes import AppDependencies, routes
from romm.composition import app
from romm.composition.ports import Ports
from romm.settings.model import Settings

_brought: ContextVar[AppDependencies] = ContextVar("_brought")


def service(
    settings: Settings, ports: Ports, wire: Callable[[Settings, Ports], AppDependencies] = app.app_dependencies
) -> ASGIApp:
    """What `app.create_app` makes, except that its routes are those of everybody."""
    own = wire(settings, ports)
    shared = _routes(tuple(own.dependencies), tuple(own.exception_handlers))

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == ScopeType.HTTP, "for what starts and stops, make a whole app with `app.create_app`"
        token = _brought.set(own)
        try:
            await shared(scope, receive, send)
        finally:
            _brought.reset(token)
        left = shared.state.dict()
        shared.state.clear()
        assert left == {}, "the next world would find there what this one left"

    return app.with_middleware(routed, settings, ports.log, own.frequent)


@cache
def _routes(names: tuple[str, ...], errors: tuple[type[Exception], ...]) -> Litestar:
    return routes(
        AppDependencies(
            dependencies={name: _found(name) for name in names} | {"principal": Provide(_principal)},
            before_request=_before_request,
            exception_handlers={error: _answered(error) for error in errors},
            lifespan=lambda _: nullcontext(),
            frequent=cast("Any", None),  # each world's own is before these routes
        ),
        app.VERSION,
    )


def _found(name: str) -> Provide:
    """What the world's own `Provide` gives, kept for later requests if that keeps it."""

    async def found() -> Any:
        return await _brought.get().dependencies[name]()

    return Provide(found)


async def _principal(request: Request) -> Any:
    return await _brought.get().dependencies["principal"](request=request)


async def _before_request(request: Request) -> Any:
    return await _brought.get().before_request(request)


def _answered(error: type[Exception]) -> Callable[[Request, Any], Response[Any]]:
    def answered(request: Request, raised: Any) -> Response[Any]:
        return _brought.get().exception_handlers[error](request, raised)

    return answered
