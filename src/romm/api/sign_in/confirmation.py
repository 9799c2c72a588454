"""The page “Is this your account?”, between callback and session."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from msgspec import Struct

from romm.api.http.cookies import Cookies
from romm.api.http.requests import Request, body, visitor
from romm.api.http.responses import see_other
from romm.api.pages.renderer import PageRenderer, explained
from romm.api.sign_in.openid import landing
from romm.sign_in.destinations import QUESTION_PAGE, Finished
from romm.sign_in.openid.confirmation import BrowserCookies, Confirmation

_BROWSER = {"browser": True, "error_page": QUESTION_PAGE}


class MineForm(Struct, frozen=True):
    """No password is needed with the account's device cookie."""

    current_password: str = ""


@get("/", opt=_BROWSER)
async def question(
    request: Request,
    renderer: NamedDependency[PageRenderer],
    confirmation: NamedDependency[Confirmation],
    our_cookies: NamedDependency[Cookies],
    error: FromQuery[str] = "",
    ref: FromQuery[str] = "",
) -> Template:
    asked = await confirmation.question(_browser_cookies(request, our_cookies))
    return renderer.page(
        "whose_account.html",
        asked=asked,
        passwords=not renderer.settings.accounts.disable_userpass_login,
        registration=asked.registration,
        asked_at=renderer.name_of(asked.issuer),
        error=explained(error, ref),
    )


@post("/mine", opt=_BROWSER)
async def mine(
    request: Request, confirmation: NamedDependency[Confirmation], our_cookies: NamedDependency[Cookies]
) -> Response[bytes]:
    form = await body(request, MineForm)
    finished = await confirmation.mine(_browser_cookies(request, our_cookies), form.current_password, visitor(request))
    return _on(request, finished, our_cookies)


@post("/not-mine", opt=_BROWSER)
async def not_mine(
    request: Request, confirmation: NamedDependency[Confirmation], our_cookies: NamedDependency[Cookies]
) -> Response[bytes]:
    return _on(
        request, await confirmation.not_mine(_browser_cookies(request, our_cookies), visitor(request)), our_cookies
    )


def _browser_cookies(request: Request, cookies: Cookies) -> BrowserCookies:
    return BrowserCookies(
        pending=cookies.pending(request), device_cookie=visitor(request).device_cookie, session=cookies.session(request)
    )


def _on(request: Request, finished: Finished, cookies: Cookies) -> Response[bytes]:
    """To the callback's target, or the next question."""
    if finished.session is None:
        return see_other(finished.return_to, cookies.sign_in_pending(request, finished.pending or ""))
    return see_other(landing(finished), cookies.signed_in(request, finished.session))


router = Router(QUESTION_PAGE, route_handlers=[question, mine, not_mine], include_in_schema=False)
