"""The page of single sign-on, for administrators."""

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
from romm.api.http.requests import ProviderId, Request, body
from romm.api.http.responses import to_provider
from romm.api.openapi.operations import needs
from romm.api.pages.described_sign_ins import SignInView, describe_entries
from romm.api.pages.renderer import PageRenderer, describe, explained
from romm.credentials.principal import Principal, actor
from romm.diagnosis.checkups import Checkups
from romm.diagnosis.doctors import Doctors, together
from romm.diagnosis.explanation import Explainers
from romm.diagnosis.preview import Previews, Report
from romm.diagnosis.reports import Reports
from romm.domain.catalogue import CATALOGUE, operator_text
from romm.domain.diagnosis.findings import Finding, Outcome, has_failed, summary
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.providers import ConfiguredProvider
from romm.ports.sign_in import SignInFilter
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid.providers import SignIns

PAGE = "/admin/oidc"
PATIENCE_SECONDS = 10.0  # each step has its own limit; this one is for a provider that is slow at every step
LAST_REFUSED = 10
_PROBLEMS = (Outcome.FAILED, Outcome.WARNING, Outcome.UNKNOWN)  # the worst first

_LOOKS = needs("users.read", browser=True, error_page=PAGE)


class ProviderForm(Struct, frozen=True):
    """Without an id: the default provider."""

    provider: str = ""


class ClaimsForm(Struct, frozen=True):
    """Without an id: by the rules of the provider that `iss` names."""

    claims: str = ""
    provider: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim's value in each document, None where absent. `note` explains a value that needs attention."""

    name: str
    signed: str | None
    userinfo: str | None
    note: str


@get("/", **_LOOKS)
async def oidc(
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    doctors: NamedDependency[Doctors],
    checkups: NamedDependency[Checkups],
    previews: NamedDependency[Previews],
    journal: NamedDependency[SignInJournal],
    administration: NamedDependency[Administration],
    issuer_moves: NamedDependency[IssuerMoves],
    report: FromQuery[str] = "",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
    provider: ProviderId = None,
) -> Template:
    by, shown = actor(principal), _shown(renderer, provider)
    found = await previews.read(by, report) if report else None
    diagnosed = {} if found else await doctors.within(by, PATIENCE_SECONDS, shown.id)
    if diagnosed:
        await checkups.renew(by, together(doctors, diagnosed, shown.id))
    refusals = SignInFilter(outcome="refused")
    entries = await journal.search(by, refusals, LAST_REFUSED) if "logs.read" in principal.scopes else []
    refused = await describe_entries(entries, renderer, principal, administration)
    return _page(
        renderer,
        principal,
        shown,
        **findings_of(diagnosed.get(shown.id, [])),
        states={each: _state(of_it) for each, of_it in diagnosed.items()},
        **_reported(found),
        gone=bool(report) and found is None,
        error=explained(error, ref, renderer.of_several(shown.id)),
        reason=_of_reference(refused, error, ref)
        or (describe(Code(error), renderer, shown) if error in set(Code) else None),
        elsewhere=await issuer_moves.elsewhere(by),
        writes="users.write" in principal.scopes,
        refused=refused,
    )


@get("/report", **needs("logs.read", browser=True, error_page=PAGE))
async def shareable_report(principal: NamedDependency[Principal], reports: NamedDependency[Reports]) -> Response[str]:
    saved = {"content-disposition": "attachment; filename=romm-report.md", "cache-control": "no-store"}
    text = await reports.report(actor(principal), PATIENCE_SECONDS)
    return Response(text, media_type="text/markdown; charset=utf-8", headers=saved)


@post("/try", **_LOOKS)
async def try_sign_in(
    request: Request,
    principal: NamedDependency[Principal],
    sign_ins: NamedDependency[SignIns],
    our_cookies: NamedDependency[Cookies],
) -> Response[bytes]:
    """Unlike a link, a form sends its origin on plain http too."""
    form = await body(request, ProviderForm)
    return to_provider(request, our_cookies, await sign_ins.at(form.provider).begin_preview(actor(principal)))


@post("/explain", **_LOOKS, status_code=200)
async def explain(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    explainers: NamedDependency[Explainers],
) -> Template:
    """The claims are in the response only: in no URL, and not stored."""
    form = await body(request, ClaimsForm)
    shown = _shown(renderer, form.provider)
    try:
        explanation = await explainers.explain(actor(principal), pasted(form.claims), form.provider)
    except Refused as refused:
        status, problem = CATALOGUE[refused.code].status, {"person": operator_text(refused), "code": refused.code}
        return _page(renderer, principal, shown, claims=form.claims, problem=problem, status_code=status)
    return _page(renderer, principal, shown, claims=form.claims, explanation=explanation)


def _of_reference(refused: Sequence[SignInView], error: str, reference: str) -> Mapping[str, Any] | None:
    own = (each for each in refused if (each.entry.correlation_id, each.entry.code) == (reference, error))
    return next((each.described for each in own), None)


def _shown(renderer: PageRenderer, provider_id: str | None) -> ConfiguredProvider:
    return renderer.configured.named(provider_id) or renderer.configured.default


def _page(renderer: PageRenderer, who: Principal, shown: ConfiguredProvider, **parts: Any) -> Template:
    declared = renderer.declared(shown.id)
    tabs = [each for each in renderer.configured.declared if renderer.declared(each.id).oidc.enabled or each is shown]
    return renderer.page(
        "oidc.html",
        who=who,
        shown=shown,
        off=declared.off,
        redirect_uri=declared.oidc.redirect_uri,
        former_issuers=renderer.settings.former_issuers,
        tabs=tabs if len(tabs) > 1 else [],
        **parts,
    )


def _state(findings: Sequence[Finding]) -> str:
    if has_failed(findings):
        return "bad"
    return "good" if all(finding.outcome is Outcome.OK for finding in findings) else ""


def findings_of(findings: Sequence[Finding]) -> dict[str, Any]:
    if not findings:
        return {}
    problems = [each for outcome in _PROBLEMS for each in findings if each.outcome is outcome]
    others = [each for each in findings if each.outcome not in _PROBLEMS]
    return {"problems": problems, "others": others, "summary": summary(findings), "state": _state(findings)}


def _reported(report: Report | None) -> dict[str, Any]:
    if report is None:
        return {}
    whole = "iss" in report.id_token  # a very long report has no claims
    return {"report": report, "explanation": report.explanation, "sent": _claims(report) if whole else []}


def _claims(report: Report) -> list[Claim]:
    notes = dict.fromkeys(report.only_in_userinfo, "only in UserInfo") | dict.fromkeys(report.different, "different")
    userinfo = report.userinfo or {}
    return [
        Claim(name=name, signed=_json(report.id_token, name), userinfo=_json(userinfo, name), note=notes.get(name, ""))
        for name in dict.fromkeys([*report.id_token, *userinfo])
    ]


def _json(document: Mapping[str, Any], name: str) -> str | None:
    return msgspec.json.encode(document[name]).decode() if name in document else None


router = Router(PAGE, route_handlers=[oidc, shareable_report, try_sign_in, explain], include_in_schema=False)
