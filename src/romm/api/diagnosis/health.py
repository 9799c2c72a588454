"""Liveness, readiness, and what this RomM offers. Public."""

from collections.abc import Awaitable, Callable

from litestar import Router, get
from litestar.di import NamedDependency
from msgspec import UNSET, UnsetType

from romm.accounts.setup import Setup
from romm.api.diagnosis.schemas import (
    HEARTBEAT_EXAMPLE,
    FrontendStatus,
    Heartbeat,
    OIDCStatus,
    ProviderStatus,
    SystemStatus,
)
from romm.api.openapi.operations import OPEN, gives, refuses
from romm.domain.errors import Code, Refused
from romm.settings.model import Settings

Ready = Callable[[], Awaitable[bool]]


@get(
    "/heartbeat",
    summary="What an app asks first",
    responses=gives(200, Heartbeat, "How people sign in here.", HEARTBEAT_EXAMPLE),
    security=OPEN,
)
async def heartbeat(
    settings: NamedDependency[Settings], version: NamedDependency[str], setup: NamedDependency[Setup]
) -> Heartbeat:
    """The version of RomM's API that is spoken here, whether the first administrator is missing, and the sign-in methods."""
    first = settings.default_provider
    on = not first.off
    return Heartbeat(
        system=SystemStatus(settings.server.api_version, await setup.is_open(), sign_in_version=version),
        frontend=FrontendStatus(disable_userpass_login=settings.accounts.disable_userpass_login),
        oidc=OIDCStatus(
            enabled=on,
            autologin=on and first.oidc.autologin,
            provider=first.oidc.provider if on else "",
            rp_initiated_logout=on and first.oidc.rp_initiated_logout,
        ),
        providers=_providers(settings),
    )


def _providers(settings: Settings) -> list[ProviderStatus] | UnsetType:
    """RomM's own fields describe a single one."""
    working, first = settings.working_providers, settings.default_provider.id
    if len(working) < 2:
        return UNSET
    return [ProviderStatus(id=each.id, name=each.label, login_path=_login_path(each.id, first)) for each in working]


def _login_path(provider_id: str, first: str) -> str:
    return "/api/login/openid" if provider_id == first else f"/api/login/openid?provider={provider_id}"


@get(
    "/health/live",
    summary="Is the process alive",
    responses=gives(200, dict[str, str], "It is.", {"status": "ok"}),
    security=OPEN,
)
async def live() -> dict[str, str]:
    """200 as long as requests are answered."""
    return {"status": "ok"}


@get(
    "/health/ready",
    summary="Is the database reachable, writable and migrated",
    responses=gives(200, dict[str, str], "It is.", {"status": "ok"}) | refuses(Code.STORAGE_UNAVAILABLE),
    security=OPEN,
)
async def ready(is_ready: NamedDependency[Ready]) -> dict[str, str]:
    """200, or 503 `storage_unavailable`."""
    await check(is_ready)
    return {"status": "ok"}


async def check(is_ready: Ready) -> None:
    """Raises `Refused(STORAGE_UNAVAILABLE)`, also for a read-only database or another version's schema."""
    if not await is_ready():
        problem, fix = "its schema is not this version's", "Run `romm db upgrade`; `romm doctor` prints both revisions"
        raise Refused(Code.STORAGE_UNAVAILABLE, problem=problem, fix=fix)


router = Router("/api", route_handlers=[heartbeat, live, ready], tags=["Health"])
