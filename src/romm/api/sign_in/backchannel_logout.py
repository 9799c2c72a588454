"""The provider ends sessions (OpenID Connect Back-Channel Logout 1.0)."""

from litestar import Response, post
from litestar.di import NamedDependency

from romm.api.http.requests import Request, form, visitor
from romm.api.http.responses import NO_STORE
from romm.api.openapi.operations import FORM, OPEN, gives, refuses_as_oauth, takes
from romm.api.sign_in.schemas import LogoutForm
from romm.domain.errors import Code, Refused
from romm.sign_in.openid.backchannel_logout import BackchannelLogouts


@post(
    "/oauth/openid/backchannel-logout",
    opt={"errors": "oauth", "cross_site": True},  # the provider sends no cookie, and its token is signed
    status_code=200,
    summary="The provider signs a person out",
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
async def backchannel_logout(request: Request, backchannel: NamedDependency[BackchannelLogouts]) -> Response[None]:
    """For providers (OpenID Connect Back-Channel Logout 1.0). 400: invalid token. 502 or 503: cannot be checked now, retry."""
    await backchannel.log_out(await _logout_token(request), visitor(request))
    return Response(None, headers=NO_STORE, status_code=200)


async def _logout_token(request: Request) -> str:
    """The only parameter of the form (2.5)."""
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
