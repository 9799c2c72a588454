"""Explanations: of claims, a test sign-in, and the sign-in log."""

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from romm.api.diagnosis.explanation_schemas import (
    EXPLANATION_EXAMPLE,
    SIGN_IN_EXAMPLE,
    ExplanationSchema,
    SignInSchema,
    explanation_schema,
    sign_in_schema,
)
from romm.api.http.cookies import Cookies
from romm.api.http.requests import ProviderId, Request
from romm.api.http.responses import to_provider
from romm.api.openapi.fields import within
from romm.api.openapi.operations import JSON, UNAUTHORIZED, gives, needs, refuses, sends_on, takes
from romm.api.pages.renderer import PageRenderer
from romm.credentials.principal import Principal, actor
from romm.diagnosis.explanation import Explainers
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.log_search import term
from romm.ports.sign_in import SignInFilter
from romm.sign_in.journal import SignInJournal
from romm.sign_in.openid.providers import SignIns

MOST_LINES = 200
_SEARCH = "A reference, the beginning of a user name or of an e-mail address, part of a code, or a visitor's address."


def pasted(text: str | bytes) -> Any:
    """Raises `Refused(CLAIMS_UNREADABLE)`."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Refused(Code.CLAIMS_UNREADABLE, problem=str(error)) from error


@post(
    "/oidc/explain",
    **needs("users.read"),
    status_code=200,
    summary="What would happen with these claims",
    operation_class=takes(dict[str, Any], {"sub": "b7c1…", "email": "alice@example.org"}, [JSON]),
    responses=gives(200, ExplanationSchema, "Decided as a sign-in would be; nothing was written.", EXPLANATION_EXAMPLE)
    | refuses(Code.CLAIMS_UNREADABLE, Code.OIDC_OFF, *UNAUTHORIZED),
)
async def explain(
    request: Request,
    principal: NamedDependency[Principal],
    explainers: NamedDependency[Explainers],
    provider: ProviderId = None,
) -> ExplanationSchema:
    """Takes a claim set as JSON: flat, or an object with `id_token` and `userinfo`. By the rules of `provider`, else of the
    provider that `iss` names.
    """
    return explanation_schema(await explainers.explain(actor(principal), pasted(await request.body()), provider))


@get(
    "/oidc/trial",
    **needs("users.read", browser=True, error_page="/admin/oidc", own_site=True, own_navigation=True),
    status_code=303,
    summary="Try a sign-in",
    responses=sends_on("To the provider, and from there to /admin/oidc with a report; it starts no session."),
)
async def preview(
    request: Request,
    principal: NamedDependency[Principal],
    sign_ins: NamedDependency[SignIns],
    our_cookies: NamedDependency[Cookies],
    provider: ProviderId = None,
) -> Response[bytes]:
    """A full round trip through the provider that ends in a report instead of a session."""
    return to_provider(request, our_cookies, await sign_ins.at(provider).begin_preview(actor(principal)))


@get(
    "/sign-ins",
    **needs("logs.read"),
    summary="The log of sign-ins",
    responses=gives(200, list[SignInSchema], "The newest first.", [SIGN_IN_EXAMPLE]) | refuses(*UNAUTHORIZED),
)
async def sign_ins(
    principal: NamedDependency[Principal],
    journal: NamedDependency[SignInJournal],
    renderer: NamedDependency[PageRenderer],
    search: Annotated[str, QueryParameter(description=_SEARCH)] = "",
    outcome: FromQuery[str] = "",
    code: FromQuery[str] = "",
    correlation_id: FromQuery[str] = "",
    user_id: FromQuery[int | None] = None,
    before: FromQuery[int | None] = None,
    limit: FromQuery[int] = 50,
) -> list[SignInSchema]:
    """Account, outcome and rule of each sign-in. `correlation_id` is the reference on the person's error page."""
    criteria = SignInFilter(
        term=term(search),
        outcome=outcome,
        code=code,
        correlation_id=correlation_id.strip(),
        account_id=within(user_id),
        before=within(before),
    )
    found = await journal.search(actor(principal), criteria, min(max(limit, 0), MOST_LINES))
    providers = renderer.configured
    return [sign_in_schema(each, providers.id_of_issuer(each.issuer)) for each in found]


router = Router("/api", route_handlers=[explain, preview, sign_ins], tags=["Diagnosis"])
