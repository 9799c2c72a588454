"""Carries a sign-in over to another host, whose proxy hands all of `/romm-forward/` to RomM.

begin (there) -> hand-over (at RomM's host, after signing in) -> finish (there) -> the page.
"""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from romm.api.http.authentication import Authentication
from romm.api.http.cookies import Cookies
from romm.api.http.navigation import OWN_NAVIGATION
from romm.api.http.requests import Request, visitor
from romm.api.http.responses import see_other
from romm.api.pages.renderer import NextPath
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.forward_hosts import BEGIN, FINISH, HAND_OVER
from romm.sign_in.forward_hosts import ForwardHosts

_THERE = {"forwarded": True}
"""The browser sees another host, without RomM's styles."""

_Host = Annotated[str, QueryParameter(name="host")]


@get(BEGIN, opt=_THERE, status_code=303)
async def begin(
    request: Request,
    forward_hosts: NamedDependency[ForwardHosts],
    our_cookies: NamedDependency[Cookies],
    next_path: NextPath = "/",
) -> Response[bytes]:
    begun = forward_hosts.begin(request.headers.get("host", ""), next_path, our_cookies.forward_key(request))
    return see_other(begun.url, [our_cookies.hand_over_begun(begun.key)])


@get(HAND_OVER, opt={"browser": True, "error_page": HAND_OVER}, status_code=303)
async def hand_over(
    request: Request,
    forward_hosts: NamedDependency[ForwardHosts],
    authentication: NamedDependency[Authentication],
    to_host: _Host = "",
    challenge: FromQuery[str] = "",
    next_path: NextPath = "/",
) -> Response[bytes]:
    who = await authentication.browser(request)
    if who is None:
        raise Refused(Code.NOT_SIGNED_IN)
    return see_other(await forward_hosts.hand_over(who, to_host, challenge, next_path, visitor(request)))


@get(FINISH, opt=_THERE, status_code=303)
async def finish(
    request: Request,
    forward_hosts: NamedDependency[ForwardHosts],
    our_cookies: NamedDependency[Cookies],
    code: FromQuery[str] = "",
    next_path: NextPath = "/",
) -> Response[bytes]:
    host = request.headers.get("host", "")
    secret = await forward_hosts.finish(host, code, our_cookies.forward_key(request), visitor(request))
    return see_other(forward_hosts.page_after(host, next_path), [our_cookies.forward_opened(secret)])


router = Router("/", route_handlers=[begin, hand_over, finish], opt={OWN_NAVIGATION: True}, include_in_schema=False)
