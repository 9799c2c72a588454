"""Our authorization endpoint for native apps."""

from typing import Annotated, Literal

from litestar import MediaType, Router, get, post
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from romm.api.http.authentication import Authentication
from romm.api.http.requests import Request, body, visitor
from romm.api.http.responses import see_other
from romm.api.openapi.fields import ScopeText, Secret
from romm.api.openapi.operations import FORM, asks, gives, refuses, sends_on, takes
from romm.api.pages.renderer import Page, PageRenderer, confirm_url
from romm.api.pages.scope_words import described
from romm.credentials.native_apps import NativeApps
from romm.credentials.principal import Principal
from romm.domain.credentials.native_apps import AppError, AppRequest, form_target
from romm.domain.errors import Code, Refused
from romm.domain.scopes import beyond

_PAGE = {"message_page": True, "browser": True}
_EXAMPLE = {
    "response_type": "code",
    "client_id": "Shelf",
    "redirect_uri": "org.example.shelf:/signed-in",
    "scope": "me.read roms.read",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
    "account": "1",
    "decision": "allow",
}
_SESSION: list[dict[str, list[str]]] = [{"session": []}]
_REFUSALS = refuses(Code.APP_UNKNOWN, Code.APP_ADDRESS_UNKNOWN, Code.NOT_SIGNED_IN)


class AuthorizationParameters(Struct, frozen=True, kw_only=True):
    response_type: Literal["code"]
    client_id: Secret
    redirect_uri: Secret
    scope: ScopeText
    state: str = ""
    code_challenge: Annotated[str, Meta(min_length=43, max_length=43)]
    code_challenge_method: Literal["S256"]


class ConsentForm(AuthorizationParameters, frozen=True, kw_only=True):
    """`account` is the id of the account that the page showed."""

    account: str
    decision: Literal["allow", "deny"]


@get(
    "/authorize",
    opt=_PAGE,
    media_type=MediaType.HTML,
    summary="Ask a person to let an app in",
    operation_class=asks(AuthorizationParameters),
    responses=gives(200, str, "The page of consent.", media_type=MediaType.HTML)
    | sends_on("To sign in; or to the app, when its request is wrong.")
    | _REFUSALS,
    security=_SESSION,
)
async def ask(
    request: Request,
    native_apps: NamedDependency[NativeApps],
    authentication: NamedDependency[Authentication],
    renderer: NamedDependency[PageRenderer],
) -> Page:
    """An authorization request with PKCE (RFC 6749, 4.1.1; RFC 7636, 4.3). GET decides nothing."""
    app_request = native_apps.parse_request(request.query_params.multi_items())
    if isinstance(app_request, AppError):
        return see_other(native_apps.error_redirect(app_request))
    who = await authentication.browser(request)
    if who is None:
        return see_other(renderer.sign_in_url(app_request.address))
    return _consent(renderer, app_request, who, native_apps.available_scopes(app_request, who))


@post(
    "/authorize",
    opt=_PAGE,
    status_code=303,
    operation_class=takes(ConsentForm, _EXAMPLE, [FORM]),
    summary="Let an app in, or not",
    responses=sends_on("To the app, with a code or an error; or back to the page, if another account is signed in.")
    | _REFUSALS,
    security=_SESSION,
)
async def decide(
    request: Request,
    native_apps: NamedDependency[NativeApps],
    authentication: NamedDependency[Authentication],
) -> Page:
    """Consent or denial. The request is validated again, because the page's fields come from the browser."""
    fields = await body(request, dict[str, str])
    app_request = native_apps.parse_request(fields.items())
    if isinstance(app_request, AppError):
        return see_other(native_apps.error_redirect(app_request))
    who = await authentication.browser(request)
    if who is None or fields.get("account") != str(who.account.id):
        return see_other(app_request.address)
    match fields.get("decision"):
        case "allow":
            return await _allow(request, native_apps, app_request, who)
        case "deny":
            return see_other(native_apps.deny(app_request, who))
        case _:
            raise Refused(Code.REQUEST_INVALID, problem="decision is neither allow nor deny")


async def _allow(request: Request, native_apps: NativeApps, app_request: AppRequest, who: Principal) -> Page:
    """After a confirmation the person decides anew."""
    try:
        return see_other(await native_apps.allow(app_request, who, visitor(request)))
    except Refused as refused:
        if refused.code is not Code.CONFIRMATION_REQUIRED:
            raise
        return see_other(confirm_url(app_request.address))


def _consent(renderer: PageRenderer, app_request: AppRequest, who: Principal, offered: tuple[str, ...]) -> Page:
    return renderer.page(
        "authorize.html",
        form_target=form_target(app_request.redirect_uri),
        app=app_request.app,
        target=app_request.redirect_uri,
        account=who.account,
        scopes=described(offered),
        beyond=described(beyond(app_request.scopes, offered)),
        parameters=app_request.parameters,
        confirm_first=renderer.confirm_first(who, app_request.address),
    )


router = Router("/api", route_handlers=[ask, decide], tags=["Native apps"])
