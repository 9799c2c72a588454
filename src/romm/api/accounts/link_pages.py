"""Pages behind one-time links. GET uses none up: previews and virus scanners fetch them."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from msgspec import Struct

from romm.accounts.invitations import Invitations
from romm.accounts.recovery import Recovery
from romm.api.http.cookies import Cookies
from romm.api.http.requests import Request, body, visitor
from romm.api.http.responses import to_provider
from romm.api.pages.renderer import NO_PATH, PageRenderer, explained
from romm.api.refusals.refused_forms import RefusedForms
from romm.domain.credentials.credential import Kind, link_url
from romm.domain.errors import Code, Refused
from romm.sign_in.openid.providers import SignIns


@get("/register")
async def register(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    refused_forms: NamedDependency[RefusedForms],
    invitations: NamedDependency[Invitations],
    token: FromQuery[str] = "",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Template:
    invitation = await invitations.open(token)
    typed = await refused_forms.typed(request, link_url("", "/register", token))
    return renderer.page(
        "register.html",
        referrer=NO_PATH,
        token=token,
        invitation=invitation,
        typed=typed.values,
        cookies=typed.cookies,
        links_by_email=renderer.links_by_email,
        passwords=not renderer.settings.accounts.disable_userpass_login,
        providers=renderer.buttons("/"),
        error=explained(error, ref),
    )


class InvitedForm(Struct, frozen=True):
    """Without an id: the default provider."""

    token: str
    provider: str = ""


@post("/register/provider", opt={"browser": True, "error_page": "/login"}, status_code=303)
async def register_by_provider(
    request: Request, sign_ins: NamedDependency[SignIns], our_cookies: NamedDependency[Cookies]
) -> Response[bytes]:
    """The link stays until the account exists."""
    form = await body(request, InvitedForm)
    begun = await sign_ins.at(form.provider).begin_invited(form.token, visitor(request))
    return to_provider(request, our_cookies, begun)


@get("/reset-password")
async def reset_password(
    renderer: NamedDependency[PageRenderer],
    recovery: NamedDependency[Recovery],
    token: FromQuery[str] = "",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Template:
    account = await recovery.open(Kind.PASSWORD_RESET, token)
    return renderer.page(
        "reset_password.html", referrer=NO_PATH, token=token, username=account.username, error=explained(error, ref)
    )


@get("/forgot-password")
async def forgot_password(
    renderer: NamedDependency[PageRenderer], error: FromQuery[str] = "", ref: FromQuery[str] = ""
) -> Template:
    if renderer.settings.accounts.disable_userpass_login:
        raise Refused(Code.PASSWORDS_OFF)
    return renderer.page("forgot_password.html", error=explained(error, ref))


@get("/recover")
async def recover(
    renderer: NamedDependency[PageRenderer], recovery: NamedDependency[Recovery], token: FromQuery[str] = ""
) -> Template:
    account = await recovery.open(Kind.RECOVERY, token)
    return renderer.page("recover.html", referrer=NO_PATH, token=token, username=account.username)


router = Router(
    "/",
    route_handlers=[register, register_by_provider, reset_password, forgot_password, recover],
    include_in_schema=False,
)
