"""The composition root: makes the adapters that the settings ask for and hands them to the use cases and routes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

from granian.utils.proxies import wrap_asgi_with_proxy_headers
from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from romm import examination
from romm.adapters import log as logs
from romm.adapters.accounts import SQLAccounts
from romm.adapters.attempts import SQLAttempts
from romm.adapters.credentials import SQLCredentials
from romm.adapters.database import Database
from romm.adapters.devices import SQLDeviceAuthorizations, SQLDevices
from romm.adapters.directory import SQLDirectory
from romm.adapters.logouts import SQLLogouts
from romm.adapters.passwords import Argon2Passwords
from romm.adapters.provider import OpenIDProvider, ProviderSettings
from romm.adapters.signin_log import SQLSignInLog
from romm.adapters.throttle import SQLThrottles
from romm.api import health, pages
from romm.api.authentication import Authentication
from romm.api.cookies import Cookies
from romm.api.cross_site import CrossSiteCheck
from romm.api.envelope import envelope
from romm.api.errors import Errors
from romm.api.proxies import Proxies, remember_peer
from romm.api.routes import Wiring, routes
from romm.composition.outside import Ports
from romm.composition.use_cases import use_cases
from romm.domain import discovery, provider_hints
from romm.domain.authorization import Client
from romm.domain.errors import Refused
from romm.domain.presets import DEFAULT_SCOPES, preset
from romm.domain.provider_hints import Hints
from romm.ports import Log
from romm.settings import Loaded, Settings

VERSION = version("romm-sign-in")


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def ports(settings: Settings, log: Log) -> Ports:
    """The real adapters. Nothing is connected to before the first request needs it."""
    database = Database(settings.database.url)
    provider = None if settings.oidc_off else OpenIDProvider(provider_settings(settings), client(settings), log=log)
    instruments = examination.instruments(settings, provider_settings(settings), client(settings), log, now)

    async def close() -> None:
        await database.close()
        for each in (provider, instruments.probe):
            if each is not None:
                await each.aclose()

    return Ports(
        provider=provider,
        instruments=instruments,
        accounts=SQLAccounts(database),
        directory=SQLDirectory(database),
        attempts=SQLAttempts(database, now),
        credentials=SQLCredentials(database, now),
        device_authorizations=SQLDeviceAuthorizations(database, now),
        devices=SQLDevices(database, now),
        throttles=SQLThrottles(database, now),
        logouts=SQLLogouts(database, now),
        sign_in_log=SQLSignInLog(database, timedelta(days=settings.log.sign_in_retention_days)),
        passwords=Argon2Passwords(),
        log=log,
        clock=now,
        is_ready=database.ready,
        close=close,
    )


def client(settings: Settings) -> Client:
    """Us, as the provider sees us."""
    oidc, known = settings.oidc, preset(settings.oidc.provider)
    wanted = f"{DEFAULT_SCOPES} {known.roles_scope}" if oidc.claim_roles else DEFAULT_SCOPES
    return Client(client_id=oidc.client_id, redirect_uri=oidc.redirect_uri, scope=oidc.scopes or wanted.strip())


def provider_settings(settings: Settings) -> ProviderSettings:
    """Where the provider is and how to speak to it."""
    oidc = settings.oidc
    return ProviderSettings(
        location=discovery.location(oidc.server_application_url, oidc.server_metadata_url),
        client_secret=oidc.client_secret,
        token_endpoint_auth_method=oidc.token_endpoint_auth_method,
        signing_algorithms=oidc.id_token_signed_response_algs,
        tls_cacertfile=oidc.tls_cacertfile,
    )


def create_app(settings: Settings, ports: Ports, remarks: Sequence[str] = ()) -> ASGIApp:
    """The whole service as one ASGI app. `remarks` are the warnings that reading the settings gave."""
    return around(routes(wiring(settings, ports, remarks), VERSION), settings, ports.log)


def wiring(settings: Settings, ports: Ports, remarks: Sequence[str] = ()) -> Wiring:
    """What the operator wants and what is outside, as the routes need it. `remarks` are as in `create_app`."""
    lifetime = timedelta(seconds=settings.session.absolute_age_seconds)
    jar = Cookies(secure=_https(settings), session_lifetime=lifetime)
    site = pages.Site(settings=settings, provider=ports.provider, version=VERSION)
    hints = preset(settings.oidc.provider).hints
    errors = Errors(jar, site, ports.log, hints)
    doctor = examination.doctor(settings, remarks, client(settings), ports.instruments, ports.clock)
    return Wiring(
        dependencies=_dependencies(settings, ports, jar) | {"site": _always(site), "doctor": _always(doctor)},
        before_request=CrossSiteCheck(settings.server.base_url),
        exception_handlers={Refused: errors.refused, HTTPException: errors.http, Exception: errors.unexpected},
        lifespan=_lifespan(settings, ports, hints),
    )


def around(app: ASGIApp, settings: Settings, log: Log) -> ASGIApp:
    """What happens to every request before and after the routes."""
    enveloped = envelope(app, log, logs.bound, https=_https(settings))
    behind_proxy: ASGIApp = wrap_asgi_with_proxy_headers(enveloped, list(settings.server.trusted_proxies))
    return remember_peer(behind_proxy)


def serve(loaded: Loaded) -> ASGIApp:
    """What each worker of the server runs."""
    log = logs.configure(loaded.settings.log.level, loaded.settings.log.format)
    return create_app(loaded.settings, ports(loaded.settings, log), loaded.warnings)


def _https(settings: Settings) -> bool:
    return settings.server.base_url.startswith("https://")


def _dependencies(settings: Settings, ports: Ports, jar: Cookies) -> dict[str, Provide]:
    made = use_cases(settings, ports)
    named = {field.name: getattr(made, field.name) for field in fields(made)}
    authentication = Authentication(made.sessions, made.bearers, made.password_sign_in, jar)
    named |= {"authentication": authentication, "jar": jar, "settings": settings}
    named |= {"proxies": Proxies(settings.server.trusted_proxies), "version": VERSION, "is_ready": ports.is_ready}
    always = {name: _always(made_once) for name, made_once in named.items()}
    return always | {"principal": Provide(authentication.principal)}


def _always(made_once: Any) -> Provide:
    return Provide(lambda: made_once, use_cache=True, sync_to_thread=False)


def _lifespan(
    settings: Settings, ports: Ports, hints: Hints
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        meeting = asyncio.create_task(_meet(ports, hints))
        looking = asyncio.create_task(_look_at_database(settings, ports))
        yield
        meeting.cancel()
        await looking  # which takes seconds at most; what it opens, it closes
        await ports.close()

    return lifespan


async def _meet(ports: Ports, hints: Hints) -> None:
    """Ask the provider for its metadata at start, so that a wrong address is in the log before anybody signs in."""
    if ports.provider is None:
        return
    try:
        await ports.provider.metadata()
    except Refused as refused:
        more = provider_hints.fact(hints, refused.code)
        ports.log.warning("provider.not_ready", code=refused.code, hint=refused.operator_text, **more)


async def _look_at_database(settings: Settings, ports: Ports) -> None:
    """It may be away, or wait for `romm db upgrade`: said before anybody comes. The embedded one was just migrated."""
    if settings.database.is_embedded:
        return
    try:
        await health.check(ports.is_ready)
    except Refused as refused:
        ports.log.warning("database.not_ready", code=refused.code, hint=refused.operator_text)
