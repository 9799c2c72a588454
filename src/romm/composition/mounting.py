"""The sign-in in another Litestar application."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.exceptions import ImproperlyConfiguredException
from litestar.types import ASGIApp, Receive, Scope, Send

from romm.adapters import log as logs
from romm.api.http.cookies import Cookies
from romm.api.mounting.admission import Needed, admitted, checker
from romm.composition import start
from romm.composition.adapters import ports
from romm.composition.app import Service, service, with_middleware
from romm.credentials.principal import Principal
from romm.domain.catalogue import operator_text
from romm.domain.errors import Refused
from romm.settings.load import load


class Mounted:
    """One for each application object, which may start and stop more than once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Raises SettingsError."""
        self._loaded = load(environ)
        self._log = logs.beside_others(self._loaded.settings.log.level, self._loaded.settings.log.format)
        self._service, self._check = self._made()
        self._is_used = False

    @property
    def routes(self) -> Litestar:
        return self._service.routes

    @property
    def session_cookie(self) -> str:
        return Cookies(self._loaded.settings.server.base_url, session_lifetime=timedelta()).session_cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._service.app(scope, receive, send)

    async def admitted(self, connection: ASGIConnection[Any, Any, Any, Any], needed: Needed) -> Principal | None:
        return await admitted(self._check, connection, needed)

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Raises ImproperlyConfiguredException for a database that cannot be used."""
        if self._is_used:  # the clients for the providers are closed for good
            self._service, self._check = self._made()
        self._is_used = True
        try:
            await asyncio.to_thread(start.prepare, self._loaded, self._log)
        except Refused as refused:
            raise ImproperlyConfiguredException(operator_text(refused)) from refused
        async with self._service.routes.lifespan():
            yield

    def _made(self) -> tuple[Service, ASGIApp]:
        settings = self._loaded.settings
        made = service(settings, ports(settings, self._log), self._loaded.warnings, self._loaded.origins)
        return made, with_middleware(checker(made.dependencies, made.routes), settings, self._log)
