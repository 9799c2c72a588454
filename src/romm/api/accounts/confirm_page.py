"""The page that asks for a proof before a lasting step, and leads back to it."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from romm.accounts.profile import Profile
from romm.api.accounts.forms import ConfirmForm
from romm.api.http.cookies import Cookies
from romm.api.http.requests import Request, body, visitor
from romm.api.http.responses import see_other, to_provider
from romm.api.openapi.operations import needs
from romm.api.pages.described_links import describe_links
from romm.api.pages.renderer import NextPath, Page, PageRenderer, explained
from romm.credentials.principal import Principal
from romm.domain import urls
from romm.domain.credentials.step_up import CONFIRM_PAGE
from romm.domain.errors import Refused
from romm.sign_in.openid.providers import SignIns
from romm.sign_in.password import PasswordCredentials

_NEEDS = needs("me.write", browser=True, error_page=CONFIRM_PAGE)


@get("/", **_NEEDS)
async def confirm_page(
    renderer: NamedDependency[PageRenderer],
    principal: NamedDependency[Principal],
    profile: NamedDependency[Profile],
    return_to: NextPath = "/account",
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Page:
    """A session with a proof goes on at once."""
    target = urls.return_to(return_to)
    if renderer.is_proven(principal):
        return see_other(target)
    account, ways = principal.account, profile.ways_in()
    links = describe_links(account, ways.issuers, renderer)
    return renderer.page(
        "confirm.html",
        who=principal,
        account=account,
        has_password=ways.passwords and account.password_set_at is not None,
        linked_here=any(each.opens for each in links),
        blocked=any(each.blocks for each in links),
        **renderer.confirming(principal, target),
        next=target,
        error=explained(error, ref),
    )


@post("/", **_NEEDS)
async def by_password(
    request: Request,
    principal: NamedDependency[Principal],
    profile: NamedDependency[Profile],
    our_cookies: NamedDependency[Cookies],
) -> Response[bytes]:
    form, own_name = await body(request, ConfirmForm), principal.account.username
    target = urls.return_to(form.next)
    session = our_cookies.session(request)
    typed = PasswordCredentials(own_name, form.current_password, visitor(request), session, on_page=True)
    try:
        again = await profile.sign_in_again(principal, typed)
    except Refused as refused:
        refused.return_to = target
        raise
    return see_other(target, our_cookies.opened(request, again.session, again.device_cookie))


@post("/provider", **_NEEDS)
async def by_provider(
    request: Request,
    principal: NamedDependency[Principal],
    sign_ins: NamedDependency[SignIns],
    our_cookies: NamedDependency[Cookies],
) -> Response[bytes]:
    """The provider that the session came from is asked to authenticate the person anew."""
    form = await body(request, ConfirmForm)
    signin = sign_ins.confirming(principal)
    return to_provider(request, our_cookies, await signin.begin_confirmation(principal, form.next, visitor(request)))


router = Router(CONFIRM_PAGE, route_handlers=[confirm_page, by_password, by_provider], include_in_schema=False)
