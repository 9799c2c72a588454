"""Linking and unlinking."""

from litestar import Response, Router, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from romm.accounts.profile import Profile
from romm.api.http.cookies import Cookies
from romm.api.http.requests import ProviderId, Request, visitor
from romm.api.http.responses import to_provider
from romm.api.openapi.operations import UNAUTHORIZED, gives, needs, refuses, sends_on
from romm.credentials.principal import Principal
from romm.domain.errors import Code
from romm.sign_in.openid.providers import SignIns


@get(
    "/link",
    **needs("me.write", browser=True, error_page="/account", own_site=True, own_navigation=True),
    status_code=303,
    summary="Link one's account with the provider",
    responses=sends_on("To the provider; when that cannot be, to /account?error=<code>."),
)
async def link(
    request: Request,
    principal: NamedDependency[Principal],
    sign_ins: NamedDependency[SignIns],
    our_cookies: NamedDependency[Cookies],
    provider: ProviderId = None,
) -> Response[bytes]:
    """Redirects to the provider. The session's sign-in may be at most five minutes old."""
    return to_provider(request, our_cookies, await sign_ins.at(provider).begin_link(principal))


@delete(
    "/{identity_id:str}",
    **needs("me.write"),
    status_code=204,
    summary="Unlink an identity",
    responses=gives(204, None, "Unlinked.")
    | refuses(
        Code.CREDENTIAL_UNKNOWN,
        Code.CONFIRMATION_REQUIRED,
        Code.LAST_WAY_IN,
        *UNAUTHORIZED,
    ),
)
async def unlink(
    request: Request,
    identity_id: FromPath[str],
    principal: NamedDependency[Principal],
    profile: NamedDependency[Profile],
) -> None:
    """Unlinks one of your identities, unless it is your last way to sign in."""
    await profile.unlink(principal, identity_id, "", visitor(request))


router = Router("/api/identities", route_handlers=[link, unlink], tags=["Identities"])
