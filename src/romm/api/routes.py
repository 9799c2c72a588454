"""Every route of RomM, and what all of them work with."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.datastructures import CacheControlHeader
from litestar.di import Provide
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig
from litestar.types import BeforeRequestHookHandler, ExceptionHandlersMap

from romm.api import (
    account_links,
    account_page,
    admin_account_page,
    admin_pages,
    client_token_pages,
    client_tokens,
    device_pages,
    devices,
    diagnosis,
    docs,
    explanation,
    forward_auth,
    health,
    identities,
    link_pages,
    login,
    metadata,
    native_apps,
    oidc_page,
    openapi,
    openid,
    pages,
    sessions,
    sign_ins_page,
    tokens,
    users,
)
from romm.api.dependencies import take_turns

MAX_BODY_BYTES = 65_536  # no route takes more than a form
STATIC_SECONDS = 31_536_000  # the address of a static file changes with the version
ROUTERS = (
    openid.router,
    login.router,
    users.router,
    account_links.router,
    sessions.router,
    identities.router,
    explanation.router,
    diagnosis.router,
    tokens.router,
    metadata.router,
    client_tokens.router,
    devices.router,
    native_apps.router,
    forward_auth.router,
    health.router,
    docs.router,
    pages.router,
    account_page.router,
    link_pages.router,
    admin_pages.router,
    admin_account_page.router,
    oidc_page.router,
    sign_ins_page.router,
    client_token_pages.router,
    device_pages.router,
)
_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What the routes of one RomM work with, under Litestar's names; it alone depends on the settings and the ports."""

    dependencies: Mapping[str, Provide]
    before_request: BeforeRequestHookHandler
    exception_handlers: ExceptionHandlersMap
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]]


def routes(wired: Wiring, version: str) -> Litestar:
    """All of them, wired."""
    app = Litestar(
        route_handlers=[*ROUTERS, _static_files()],
        dependencies=wired.dependencies,
        before_request=wired.before_request,
        exception_handlers=wired.exception_handlers,
        lifespan=[wired.lifespan],
        openapi_config=openapi.config(version),
        template_config=TemplateConfig(directory=_HERE / "templates", engine=JinjaTemplateEngine),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        debug=False,
    )
    take_turns(app)
    return app


def _static_files() -> Any:
    cache = CacheControlHeader(max_age=STATIC_SECONDS, public=True, immutable=True)
    return create_static_files_router("/static", [_HERE / "static"], cache_control=cache)
