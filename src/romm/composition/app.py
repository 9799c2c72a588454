"""The composition root: from the settings to the routes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from romm.adapters import log as logs
from romm.api.diagnosis import health
from romm.api.frequent import FrequentAnswers
from romm.api.http.authentication import Authentication
from romm.api.http.cookies import Cookies
from romm.api.http.cross_site import CrossSiteCheck
from romm.api.http.measured import measured
from romm.api.http.middleware import UNLESS_SAID, always, middleware
from romm.api.http.navigation import check_navigation
from romm.api.http.paths import check_numbers
from romm.api.http.proxies import behind_proxies
from romm.api.http.query import check_query
from romm.api.http.request_limits import limited
from romm.api.http.requests import FAILED, Request
from romm.api.http.traced import traced
from romm.api.pages.languages import Languages
from romm.api.pages.renderer import PageRenderer
from romm.api.refusals.errors import Errors
from romm.api.refusals.refused_forms import RefusedForms
from romm.api.routes import AppDependencies, routes
from romm.composition import diagnosis
from romm.composition.adapters import ports
from romm.composition.observers import observers
from romm.composition.ports import Ports
from romm.composition.provider import configured_providers
from romm.composition.use_cases import UseCases, use_cases
from romm.diagnosis.checkups import Checkups
from romm.domain.catalogue import operator_text
from romm.domain.errors import Refused
from romm.domain.providers.preset import Hints, hint_fact
from romm.domain.providers.register import preset
from romm.domain.sign_in.providers import in_words_of
from romm.ports.process import Log
from romm.settings.model import Loaded, Settings

VERSION = version("romm-sign-in")
SAMPLE_SECONDS = 1.0


def create_app(
    settings: Settings, ports: Ports, remarks: Sequence[str] = (), origins: Mapping[str, str] | None = None
) -> ASGIApp:
    """`remarks` are the warnings of reading the settings, `origins` where each came from."""
    return service(settings, ports, remarks, origins).app


@dataclass(frozen=True, kw_only=True)
class Service:
    """`app` is `routes` with middleware."""

    dependencies: AppDependencies
    routes: Litestar
    app: ASGIApp


def service(
    settings: Settings, ports: Ports, remarks: Sequence[str] = (), origins: Mapping[str, str] | None = None
) -> Service:
    dependencies = app_dependencies(settings, ports, remarks, origins)
    ours = routes(dependencies, VERSION)
    app = with_middleware(ours, settings, ports.log, dependencies.frequent)
    return Service(dependencies=dependencies, routes=ours, app=app)


def app_dependencies(
    settings: Settings, ports: Ports, remarks: Sequence[str] = (), origins: Mapping[str, str] | None = None
) -> AppDependencies:
    lifetime = timedelta(seconds=settings.session.absolute_age_seconds)
    our_cookies = Cookies(settings.server.base_url, session_lifetime=lifetime)
    configured = configured_providers(settings)
    renderer = PageRenderer(
        settings=settings, providers=ports.providers, configured=configured, version=VERSION, clock=ports.clock
    )
    hints = {each.id: preset(each.oidc.provider).hints for each in settings.all_providers}
    errors = Errors(our_cookies, renderer, ports.log, hints, configured.default.id)
    doctors = diagnosis.doctors(settings, remarks, ports.instruments, ports.clock)
    every = timedelta(seconds=settings.server.doctor_every_seconds)
    checkups = Checkups(doctors=doctors, store=ports.checkups, every=every, log=ports.log, clock=ports.clock)
    reports = diagnosis.reports(settings, doctors, ports.instruments, ports.clock, origins or {})
    made = use_cases(settings, ports)
    authentication = Authentication(made.sessions, made.bearers, made.password_sign_in, our_cookies)
    return AppDependencies(
        dependencies=_dependencies(settings, ports, made, authentication)
        | {
            "renderer": _always(renderer),
            "doctors": _always(doctors),
            "checkups": _always(checkups),
            "reports": _always(reports),
            "refused_forms": _always(RefusedForms(seal=ports.seal, our_cookies=our_cookies)),
            "candidates": _always(diagnosis.candidates(settings, ports)),
        },
        before_request=_before_request(CrossSiteCheck(settings.server.base_url)),
        exception_handlers={Refused: errors.refused, HTTPException: errors.http, Exception: errors.unexpected},
        lifespan=_lifespan(settings, ports, hints, checkups),
        frequent=FrequentAnswers(
            authentication=authentication,
            forward_hosts=made.forward_hosts,
            always=(*always(https=_https(settings)), *UNLESS_SAID),
        ),
    )


def with_middleware(app: ASGIApp, settings: Settings, log: Log, frequent: FrequentAnswers | None = None) -> ASGIApp:
    our_cookies = Cookies(settings.server.base_url, session_lifetime=timedelta())
    enveloped = middleware(
        limited(app, log),
        log,
        logs.bound,
        https=_https(settings),
        device_cookie=our_cookies.device_cookie,
        languages=Languages(settings.server.language, our_cookies.language_cookie),
        access=settings.log.access,
    )
    has_lines = settings.log.access or settings.log.level == "DEBUG"  # one for each request
    first = enveloped if frequent is None or has_lines else frequent.before(enveloped)
    return behind_proxies(first, settings.server.trusted_proxies)


def serve(loaded: Loaded) -> ASGIApp:
    """What each worker runs."""
    log = logs.configure(loaded.settings.log.level, loaded.settings.log.format)
    watched = observers(loaded.settings, VERSION)
    app = create_app(loaded.settings, ports(loaded.settings, log, watched), loaded.warnings, loaded.origins)
    if watched.spans is not None:
        app = traced(app, watched.spans)
    return app if watched.meter is None else measured(app, watched.meter)


def _before_request(cross_site: CrossSiteCheck) -> Callable[[Request], Awaitable[None]]:
    async def check(request: Request) -> None:
        if (failed := request.scope["state"].get(FAILED)) is not None:
            raise failed
        check_navigation(request)
        check_numbers(request)
        await cross_site(request)
        check_query(request)

    return check


def _https(settings: Settings) -> bool:
    return settings.server.base_url.startswith("https://")


def _dependencies(
    settings: Settings, ports: Ports, made: UseCases, authentication: Authentication
) -> dict[str, Provide]:
    named = {field.name: getattr(made, field.name) for field in fields(made)}
    named |= {"authentication": authentication, "our_cookies": authentication.our_cookies, "settings": settings}
    named |= {"version": VERSION, "is_ready": ports.is_ready}
    named["client_jwks"] = {each: provider.client_jwks() for each, provider in ports.providers.items()}
    always = {name: _always(made_once) for name, made_once in named.items()}
    return always | {"principal": Provide(authentication.principal)}


class _Always(Provide):
    """Equal to itself only: Litestar compares all dependencies for every route."""

    __eq__, __hash__ = object.__eq__, object.__hash__


def _always(made_once: Any) -> Provide:
    return _Always(lambda: made_once, use_cache=True, sync_to_thread=False)


def _lifespan(
    settings: Settings, ports: Ports, hints: Mapping[str, Hints], checkups: Checkups
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        meetings = [asyncio.create_task(_check_provider(each, ports, hints[each])) for each in ports.providers]
        watch = [asyncio.create_task(checkups.keep_watch())] if checkups.every else []
        sampling = [asyncio.create_task(_keep_sampling(ports.sample))] if ports.sample else []
        looking = asyncio.create_task(_check_database(settings, ports))
        yield
        for background in (*meetings, *watch, *sampling):
            background.cancel()
        await asyncio.gather(*watch, return_exceptions=True)  # it may be writing
        await looking  # takes seconds at most, and closes what it opens
        await ports.close()

    return lifespan


async def _keep_sampling(sample: Callable[[], None]) -> None:
    while True:
        sample()
        await asyncio.sleep(SAMPLE_SECONDS)


async def _check_provider(provider_id: str, ports: Ports, hints: Hints) -> None:
    """Logs a wrong address before the first sign-in."""
    try:
        await ports.providers[provider_id].metadata()
    except Refused as refused:
        texts = {"hint": operator_text(refused)} | hint_fact(hints, refused.code)
        in_words = {name: in_words_of(provider_id, text) for name, text in texts.items()}
        ports.log.warning("provider.not_ready", provider=provider_id, code=refused.code, **in_words)


async def _check_database(settings: Settings, ports: Ports) -> None:
    """The embedded one was just migrated."""
    if settings.database.is_embedded:
        return
    try:
        await health.check(ports.is_ready)
    except Refused as refused:
        ports.log.warning("database.not_ready", code=refused.code, hint=operator_text(refused))
