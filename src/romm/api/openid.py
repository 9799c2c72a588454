"""Sign-in through the provider: the way there, and the callback."""

from typing import Annotated
from urllib.parse import urlencode

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from romm.api.cookies import Cookies
from romm.api.openapi import FORM, OPEN, gives, refuses, refuses_as_oauth, sends_on, takes
from romm.api.requests import Asking, form, visitor
from romm.api.responses import NO_STORE, see_other, to_provider
from romm.api.schemas import LogoutForm
from romm.backchannel import BackchannelLogout
from romm.domain import authorization
from romm.domain.authorization import Initiation
from romm.domain.errors import Code, Refused, required
from romm.domain.linking import Attach
from romm.settings import Settings
from romm.signin import LINKED_PAGE, Finished, OpenIDSignIn, attempt_id

_BROWSER = {"browser": True, "error_page": "/login"}


@get(
    "/login/openid",
    opt=_BROWSER,
    status_code=303,
    summary="Sign in with the provider",
    responses=sends_on("To the provider; when that cannot be, to /login?error=<code>."),
    security=OPEN,
)
async def begin(
    request: Asking,
    signin: NamedDependency[OpenIDSignIn],
    jar: NamedDependency[Cookies],
    target: Annotated[str | None, QueryParameter(name="next", description="a path of RomM to return to")] = None,
) -> Response[bytes]:
    """Sends the browser to the provider. When that cannot be, to `/login?error=<code>`."""
    return to_provider(request, jar, await signin.begin(target, visitor(request)))


@get(
    "/login/initiate",
    opt=_BROWSER,
    status_code=303,
    summary="Sign in from the provider's portal",
    responses=sends_on("To the provider; when that cannot be, to /login?error=<code>.")
    | refuses(Code.INITIATION_ISSUER),
    security=OPEN,
)
async def initiate(
    request: Asking,
    signin: NamedDependency[OpenIDSignIn],
    jar: NamedDependency[Cookies],
    settings: NamedDependency[Settings],
    iss: FromQuery[str] = "",
    target_link_uri: FromQuery[str] = "",
    login_hint: FromQuery[str] = "",
) -> Response[bytes]:
    """Third-party initiated login: like `/api/login/openid`, when `iss` is our provider."""
    said = Initiation(iss=iss, target_link_uri=target_link_uri, login_hint=login_hint)
    target = authorization.own_target(said.target_link_uri, settings.server.base_url)
    return to_provider(request, jar, await signin.begin(target, visitor(request), said))


@get(
    "/oauth/openid",
    opt=_BROWSER,
    status_code=303,
    summary="The redirect URI: the provider's answer",
    responses=sends_on("To where the person wanted to go, with a session; or to /login?error=<code>."),
    security=OPEN,
)
async def finish(
    request: Asking, signin: NamedDependency[OpenIDSignIn], jar: NamedDependency[Cookies]
) -> Response[bytes]:
    """Signs the person in and goes to where they wanted to go, or to `/login?error=<code>`."""
    response = required(authorization.response(list(request.query_params.multi_items())))
    attempt = attempt_id(response.state or "")
    finished = await signin.finish(response, jar.attempt(request, attempt), jar.session(request), visitor(request))
    if finished.session is None:
        return see_other(finished.return_to, [])
    return see_other(_landing(finished), jar.signed_in(request, finished.session, attempt))


@post(
    "/oauth/openid/backchannel-logout",
    opt={"errors": "oauth", "cross_site": True},  # the provider has no cookie, and what it sends is signed
    status_code=200,
    summary="The provider signs somebody out",
    operation_class=takes(LogoutForm, {"logout_token": "eyJ0eXAiOiJsb2dvdXQrand0Ii…"}, [FORM]),
    responses=gives(200, None, "Their sessions have ended, if there were any.")
    | refuses_as_oauth(
        Code.LOGOUT_TOKEN_INVALID,
        Code.LOGOUT_TOKEN_USED,
        Code.OIDC_OFF,
        Code.TOO_MANY_REQUESTS,
        Code.PROVIDER_UNAVAILABLE,
    ),
    security=OPEN,
)
async def backchannel_logout(request: Asking, backchannel: NamedDependency[BackchannelLogout]) -> Response[None]:
    """For providers alone (OpenID Connect Back-Channel Logout 1.0). 400 is for a token that is wrong and stays so; when its
    signature cannot be checked just now, 502 or 503 ask for another try.
    """
    await backchannel.log_out(await _logout_token(request), visitor(request))
    return Response(None, headers=NO_STORE, status_code=200)


async def _logout_token(request: Asking) -> str:
    """The one parameter of the form, which is of the one type that the specification knows (2.5)."""
    media_type = request.content_type[0]
    if media_type != FORM:
        raise _not_in_form(f"of the type {media_type}")
    try:
        token = (await form(request)).get("logout_token")
    except Refused as refused:
        raise _not_in_form(refused.facts["problem"]) from refused
    if token is None:
        raise _not_in_form("without a logout_token")
    return token


def _not_in_form(found: object) -> Refused:
    return Refused(Code.LOGOUT_TOKEN_INVALID, claim="the body", found=found, expected=f"a logout_token in {FORM}")


def _landing(finished: Finished) -> str:
    """Where to: the page asked for, but first the news that an existing account was linked."""
    if not isinstance(finished.decision, Attach) or finished.return_to == LINKED_PAGE:
        return finished.return_to
    return f"/?{urlencode({'notice': 'linked', 'next': finished.return_to})}"


router = Router("/api", route_handlers=[begin, initiate, finish, backchannel_logout], tags=["Single sign-on"])
