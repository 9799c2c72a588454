"""Every route of RomM, and their shared dependencies."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from litestar import Litestar
from litestar.di import Provide
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.routes import HTTPRoute
from litestar.template.config import TemplateConfig
from litestar.types import BeforeRequestHookHandler, ExceptionHandlersMap

from romm.api import library
from romm.api.accounts import (
    confirm_page,
    identities,
    issuer_moves_page,
    link_pages,
    links,
    own_page,
    people_page,
    person_page,
    users,
)
from romm.api.credentials import (
    client_token_pages,
    client_tokens,
    device_list,
    device_pages,
    devices,
    metadata,
    native_apps,
    sessions,
    tokens,
)
from romm.api.diagnosis import connect_page, doctor, explanation, health, help_pages, oidc_page, sign_ins_page
from romm.api.documentation import pages as documentation
from romm.api.frequent import FrequentAnswers
from romm.api.openapi import docs
from romm.api.openapi import operations as openapi
from romm.api.openapi.shared_refusals import describe_routes
from romm.api.pages import languages
from romm.api.pages.document_links import with_links
from romm.api.pages.static_files import static_file
from romm.api.sign_in import confirmation, forward_auth, forward_hosts, openid, pages, password

MAX_BODY_BYTES = 65_536  # more than the largest form

ROUTERS = (
    openid.router,
    confirmation.router,
    password.router,
    users.router,
    links.router,
    sessions.router,
    identities.router,
    explanation.router,
    doctor.router,
    tokens.router,
    metadata.router,
    client_tokens.router,
    devices.router,
    device_list.router,
    native_apps.router,
    forward_auth.router,
    forward_hosts.router,
    health.router,
    docs.router,
    pages.router,
    confirm_page.router,
    own_page.router,
    link_pages.router,
    people_page.router,
    person_page.router,
    oidc_page.router,
    connect_page.router,
    help_pages.router,
    documentation.router,
    issuer_moves_page.router,
    sign_ins_page.router,
    client_token_pages.router,
    device_pages.router,
    library.router,
)

_HERE = Path(__file__).parent / "pages"


@dataclass(frozen=True, kw_only=True)
class AppDependencies:
    """For routes, under Litestar's names, and answers before them. Derived only from settings and ports."""

    dependencies: Mapping[str, Provide]
    before_request: BeforeRequestHookHandler
    exception_handlers: ExceptionHandlersMap
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]]
    frequent: FrequentAnswers


def routes(wired: AppDependencies, version: str) -> Litestar:
    app = Litestar(
        route_handlers=[*ROUTERS, static_file],
        dependencies=wired.dependencies,
        before_request=wired.before_request,
        exception_handlers=wired.exception_handlers,
        lifespan=[wired.lifespan],
        openapi_config=openapi.config(version),
        template_config=TemplateConfig(
            directory=_HERE / "templates", engine=JinjaTemplateEngine, engine_callback=_translated
        ),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        debug=False,
    )
    take_turns(app)
    describe_routes(app)
    return app


def _translated(engine: JinjaTemplateEngine) -> None:
    languages.install(engine.engine)
    engine.engine.filters["with_links"] = with_links


def take_turns(app: Litestar) -> None:
    """Resolve a handler's dependencies in turn.

    Ours are in memory: Litestar's task for each takes longer than the rest of a small handler.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, arguments in route.route_handler_map.values():
                batches = arguments.dependency_batches
                arguments.dependency_batches = [{each} for batch in batches for each in batch]
