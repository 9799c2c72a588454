"""The page from a provider's name to working settings. It keeps nothing."""

from typing import Any

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from msgspec import Struct
from msgspec.structs import asdict

from romm.api.diagnosis.oidc_page import PATIENCE_SECONDS, findings_of
from romm.api.http.requests import Request, body, other_address
from romm.api.openapi.operations import needs
from romm.api.pages.renderer import PageRenderer, explained
from romm.credentials.principal import Principal, actor
from romm.diagnosis.candidates import Candidates
from romm.domain.providers.register import PRESETS, preset
from romm.settings.candidate import (
    ProviderCandidate,
    compose,
    env_file,
    environment,
    registration,
    without_secret,
)

PAGE = "/admin/connect"

_LOOKS = needs("users.read", browser=True, error_page=PAGE)
_CHECKS = needs("users.write", browser=True, error_page=PAGE)


class ChoiceForm(Struct, frozen=True):
    """Never in a URL: a link could name another address of RomM to register. Without a provider: one without a preset."""

    base_url: str
    provider: str = ""


class CandidateForm(Struct, frozen=True):
    base_url: str
    address: str
    client_id: str
    provider: str = ""
    client_secret: str = ""


@get("/", **_LOOKS)
async def choose(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Template:
    own = renderer.settings.server.base_url
    elsewhere = other_address(request, own)
    return renderer.page(
        "connect.html",
        who=principal,
        base_url=f"{request.url.scheme}://{elsewhere}" if elsewhere else own,
        providers={name: known.label for name, known in PRESETS.items()},
        confirm_url=renderer.confirm_first(principal, PAGE),
        works=bool(renderer.settings.working_providers),
        error=explained(error, ref),
    )


@post("/", **_LOOKS, status_code=200)
async def register(
    request: Request, renderer: NamedDependency[PageRenderer], principal: NamedDependency[Principal]
) -> Template:
    form = await body(request, ChoiceForm)
    return _page(renderer, principal, ProviderCandidate(**asdict(form)))


@post("/check", **_CHECKS, status_code=200)
async def check(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    candidates: NamedDependency[Candidates],
) -> Template:
    """The secret is in no response, and stored nowhere."""
    form = await body(request, CandidateForm)
    candidate = ProviderCandidate(**asdict(form))
    findings = await candidates.check(actor(principal), candidate, PATIENCE_SECONDS)
    kept = environment(without_secret(candidate))
    blocks = {"env_file": env_file(kept), "compose": compose(kept)}
    return _page(renderer, principal, candidate, **blocks, **findings_of(findings))


def _page(renderer: PageRenderer, who: Principal, candidate: ProviderCandidate, **parts: Any) -> Template:
    known = candidate.provider in PRESETS
    return renderer.page(
        "connect_provider.html",
        who=who,
        candidate=without_secret(candidate),
        label=preset(candidate.provider).label if known else "your provider",
        picture=candidate.provider if known else "oidc",
        registration=registration(candidate),
        confirm_url=renderer.confirm_first(who, PAGE),
        **parts,
    )


router = Router(PAGE, route_handlers=[choose, register, check], include_in_schema=False)
