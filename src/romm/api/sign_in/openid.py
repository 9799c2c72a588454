"""Sign-in with the provider: redirect and callback."""

from typing import Annotated
from urllib.parse import urlencode

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from romm.api.http.cookies import Cookies
from romm.api.http.navigation import OWN_NAVIGATION
from romm.api.http.requests import ProviderId, Request, visitor
from romm.api.http.responses import see_other, to_provider
from romm.api.openapi.operations import OPEN, asks, refuses, sends_on
from romm.api.sign_in import posted
from romm.api.sign_in.backchannel_logout import backchannel_logout
from romm.api.sign_in.client_keys import client_keys, client_keys_at
from romm.domain import urls
from romm.domain.errors import Code, required
from romm.domain.sign_in import authorization
from romm.domain.sign_in.authorization import AuthorizationResponse, Initiation
from romm.domain.sign_in.providers import FIRST
from romm.settings.model import Settings
from romm.sign_in.destinations import LINKED_PAGE, CallbackCookies, Finished
from romm.sign_in.openid.flow import OpenIDSignIn, attempt_id
from romm.sign_in.openid.providers import SignIns

_BROWSER = {"browser": True, "error_page": "/login", OWN_NAVIGATION: True}


@get(
    "/login/openid",
    opt=_BROWSER,
    status_code=303,
    summary="Sign in with the provider",
    responses=sends_on("To the provider; after a failure to /login?error=<code>."),
    security=OPEN,
)
async def begin(
    request: Request,
    sign_ins: NamedDependency[SignIns],
    our_cookies: NamedDependency[Cookies],
    target: Annotated[str | None, QueryParameter(name="next", description="a path of RomM to return to")] = None,
    provider: ProviderId = None,
) -> Response[bytes]:
    """Redirects to the provider, after a failure to `/login?error=<code>`."""
    return to_provider(request, our_cookies, await sign_ins.at(provider).begin(target, visitor(request)))


@get(
    "/login/initiate",
    opt=_BROWSER,
    status_code=303,
    summary="Sign in from the provider's portal",
    responses=sends_on("To the provider; after a failure to /login?error=<code>.") | refuses(Code.INITIATION_ISSUER),
    security=OPEN,
)
async def initiate(
    request: Request,
    sign_ins: NamedDependency[SignIns],
    our_cookies: NamedDependency[Cookies],
    settings: NamedDependency[Settings],
    iss: FromQuery[str] = "",
    target_link_uri: FromQuery[str] = "",
    login_hint: FromQuery[str] = "",
) -> Response[bytes]:
    """Third-party initiated login: like `/api/login/openid`, at the provider of ours that `iss` names."""
    initiation = Initiation(iss=iss, target_link_uri=target_link_uri, login_hint=login_hint)
    target = urls.own_target(initiation.target_link_uri, settings.server.base_url)
    begun = await sign_ins.initiated_by(initiation).begin(target, visitor(request), initiation)
    return to_provider(request, our_cookies, begun)


@get(
    "/oauth/openid",
    opt=_BROWSER,
    status_code=303,
    summary="The redirect URI, for the provider's response",
    operation_class=asks(AuthorizationResponse),
    responses=sends_on("To the requested page, with a session; or to /login?error=<code>."),
    security=OPEN,
)
async def finish(
    request: Request, sign_ins: NamedDependency[SignIns], our_cookies: NamedDependency[Cookies]
) -> Response[bytes]:
    """Signs the person in and redirects to the requested page, or to `/login?error=<code>`."""
    return await _finished(request, sign_ins.at(FIRST), our_cookies, are_several=sign_ins.providers.are_several)


@get(
    "/oauth/openid/{provider_id:str}",
    opt=_BROWSER,
    status_code=303,
    summary="The redirect URI of a further provider",
    responses=sends_on("To the requested page, with a session; or to /login?error=<code>."),
    security=OPEN,
)
async def finish_at(
    request: Request,
    provider_id: FromPath[str],
    sign_ins: NamedDependency[SignIns],
    our_cookies: NamedDependency[Cookies],
) -> Response[bytes]:
    """As `/api/oauth/openid`. An answer that comes by another provider's redirect URI is refused (RFC 9700, 4.4)."""
    return await _finished(
        request, sign_ins.further(provider_id), our_cookies, are_several=sign_ins.providers.are_several
    )


async def _finished(
    request: Request, signin: OpenIDSignIn, our_cookies: Cookies, *, are_several: bool
) -> Response[bytes]:
    """The browser remembers one of several providers."""
    response = required(authorization.response(list(request.query_params.multi_items())))
    attempt = attempt_id(response.state or "")
    cookies = CallbackCookies(
        sealed=our_cookies.attempt(request, attempt),
        session=our_cookies.session(request),
        pending=our_cookies.pending(request),
    )
    finished = await signin.finish(response, cookies, visitor(request))
    used = [our_cookies.use_of(signin.id)] if are_several else []
    if finished.pending is not None:
        return see_other(finished.return_to, our_cookies.sign_in_pending(request, finished.pending, attempt) + used)
    if finished.session is None:
        return see_other(finished.return_to, [])
    return see_other(landing(finished), our_cookies.signed_in(request, finished.session, attempt) + used)


def landing(finished: Finished) -> str:
    """The requested page; first the notice of a link to an existing account."""
    if not finished.linked or finished.return_to == LINKED_PAGE:
        return finished.return_to
    return f"/me?{urlencode({'notice': 'linked', 'next': finished.return_to})}"


router = Router(
    "/api",
    route_handlers=[
        begin, initiate, posted.initiation, finish, finish_at, posted.response, posted.response_at, backchannel_logout,
        client_keys, client_keys_at,
    ],
    tags=["Single sign-on"],
)  # fmt: skip
