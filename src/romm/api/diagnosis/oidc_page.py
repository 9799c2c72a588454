"""The page of single sign-on, for administrators: is it well, what does it send, and what would become of it here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from msgspec import Struct

from romm.accounts.administration import Administration
from romm.accounts.issuer_moves import IssuerMoves
from romm.api.diagnosis.explanation import pasted
from romm.api.http.cookies import Cookies
from romm.api.http.openapi import needs
from romm.api.http.requests import Request, body
from romm.api.http.responses import to_provider
from romm.api.pages.described_sign_ins import describe_entries
from romm.api.pages.renderer import PageRenderer, describe, explained
from romm.credentials.principal import Principal
from romm.diagnosis.doctor import Doctor
from romm.diagnosis.explanation import Explainer
from romm.diagnosis.preview import Previews, Report
from romm.domain.catalogue import CATALOGUE, operator_text
from romm.domain.diagnosis.findings import Finding, Outcome, has_failed, summary
from romm.domain.errors import Code, Refused
from romm.ports.sign_in import SignInFilter
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid import OpenIDSignIn

PAGE = "/admin/oidc"
PATIENCE_SECONDS = (
    10.0  # the doctor's steps end by themselves; this is for a provider that is slow at every one of them
)
LAST_REFUSED = 10

_LOOKS = needs("users.read", browser=True, error_page=PAGE)


class ClaimsForm(Struct, frozen=True):
    """What somebody pasted."""

    claims: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim as the provider sent it, as JSON; None where it was not. `note` says when that deserves attention."""

    name: str
    signed: str | None
    userinfo: str | None
    note: str


@get("/", **_LOOKS)
async def oidc(
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    doctor: NamedDependency[Doctor],
    previews: NamedDependency[Previews],
    journal: NamedDependency[SignInJournal],
    administration: NamedDependency[Administration],
    issuer_moves: NamedDependency[IssuerMoves],
    report: FromQuery[str] = "",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Template:
    """What the doctor finds now, or the report of a trial; who was refused of late."""
    found = await previews.read(report) if report else None
    wanted = SignInFilter(outcome="refused")
    refused = await journal.search(wanted, LAST_REFUSED)
    return _page(
        renderer,
        principal,
        **_diagnosed([] if found else await doctor.within(PATIENCE_SECONDS)),
        **_reported(found),
        gone=bool(report) and found is None,
        error=explained(error, ref),
        told=describe(Code(error), renderer) if error in set(Code) else None,
        elsewhere=await issuer_moves.elsewhere(),
        writes="users.write" in principal.scopes,
        refused=await describe_entries(refused, renderer, principal, administration),
    )


@post("/try", **_LOOKS)
async def try_sign_in(
    request: Request,
    principal: NamedDependency[Principal],  # noqa: ARG001  (asking for it is what guards the route)
    signin: NamedDependency[OpenIDSignIn],
    our_cookies: NamedDependency[Cookies],
) -> Response[bytes]:
    """To the provider, as `GET /api/oidc/trial`; a form also says where it comes from on a plain http address."""
    return to_provider(request, our_cookies, await signin.begin_preview())


@post("/explain", **_LOOKS, status_code=200)
async def explain(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    explainer: NamedDependency[Explainer],
) -> Template:
    """What would happen with the pasted claims, on the page itself: they stand in no address and are kept nowhere."""
    form = await body(request, ClaimsForm)
    try:
        explanation = await explainer.explain(pasted(form.claims))
    except Refused as refused:
        status, problem = CATALOGUE[refused.code].status, {"person": operator_text(refused), "code": refused.code}
        return _page(renderer, principal, claims=form.claims, problem=problem, status_code=status)
    return _page(renderer, principal, claims=form.claims, explanation=explanation)


def _page(renderer: PageRenderer, who: Principal, **parts: Any) -> Template:
    """The page with whatever was found out; what was not asked for is left out."""
    return renderer.page(
        "oidc.html", who=who, off=renderer.settings.oidc_off, provider_name=renderer.provider_name, **parts
    )


def _diagnosed(findings: Sequence[Finding]) -> dict[str, Any]:
    if not findings:
        return {}
    well = all(finding.outcome is Outcome.OK for finding in findings)
    state = "bad" if has_failed(findings) else "good" if well else ""
    return {"findings": findings, "summary": summary(findings), "state": state}


def _reported(report: Report | None) -> dict[str, Any]:
    if report is None:
        return {}
    whole = "iss" in report.id_token  # the claims of a very long report were left out
    return {"report": report, "explanation": report.explanation, "sent": _claims(report) if whole else []}


def _claims(report: Report) -> list[Claim]:
    """All claims, those of the ID token first, each as the two documents have it."""
    notes = dict.fromkeys(report.only_in_userinfo, "only in UserInfo") | dict.fromkeys(report.different, "different")
    userinfo = report.userinfo or {}
    return [
        Claim(name=name, signed=_json(report.id_token, name), userinfo=_json(userinfo, name), note=notes.get(name, ""))
        for name in dict.fromkeys([*report.id_token, *userinfo])
    ]


def _json(document: Mapping[str, Any], name: str) -> str | None:
    return msgspec.json.encode(document[name]).decode() if name in document else None


router = Router(PAGE, route_handlers=[oidc, try_sign_in, explain], include_in_schema=False)
