"""Pages behind one-time links. GET never uses a link up: previews and virus scanners fetch it too."""

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from romm.accounts.invitations import Invitations
from romm.accounts.recovery import Recovery
from romm.api.pages.renderer import NO_PATH, PageRenderer, explained
from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code, Refused


@get("/register")
async def register(
    renderer: NamedDependency[PageRenderer],
    invitations: NamedDependency[Invitations],
    token: FromQuery[str] = "",
    username: FromQuery[str] = "",
    email: FromQuery[str] = "",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Template:
    invitation = await invitations.open(token)
    return renderer.page(
        "register.html",
        referrer=NO_PATH,
        token=token,
        invitation=invitation,
        username=username,
        email=email,
        links_by_email=renderer.links_by_email,
        error=explained(error, ref),
    )


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


router = Router("/", route_handlers=[register, reset_password, forgot_password, recover], include_in_schema=False)
