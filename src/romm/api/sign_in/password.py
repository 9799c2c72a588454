"""Password sign-in, and sign-out."""

from urllib.parse import urlencode

from litestar import Response, Router, post
from litestar.di import NamedDependency

from romm.api.http.cookies import Cookies
from romm.api.http.requests import Request, basic_credentials, body, is_basic, visitor, wants_page
from romm.api.http.responses import see_other
from romm.api.openapi.operations import gives, refuses, takes
from romm.api.sign_in.schemas import LogoutAnswer, SignInForm
from romm.domain import urls
from romm.domain.errors import Code, Refused
from romm.domain.hosts import is_readable_on_the_way
from romm.settings.model import Settings
from romm.sign_in.password import PasswordCredentials, PasswordSignIn
from romm.sign_in.sign_out import SignOut


@post(
    "/login",
    opt={"error_page": "/login"},
    status_code=200,
    summary="Sign in with a password",
    operation_class=takes(SignInForm, {"username": "alice", "password": "a lantern in the attic"}),
    responses=gives(200, None, "Signed in: the session cookie is set.")
    | refuses(
        Code.CREDENTIALS_WRONG,
        Code.TOO_MANY_ATTEMPTS,
        Code.PASSWORDS_OFF,
    ),
    security=[{}, {"basic": []}],
)
async def sign_in(
    request: Request,
    password_sign_in: NamedDependency[PasswordSignIn],
    our_cookies: NamedDependency[Cookies],
    settings: NamedDependency[Settings],
) -> Response[None] | Response[bytes]:
    """Name and password as HTTP Basic, JSON or form. Sets the session cookie. Returns `null` (HTML form: 303)."""
    form = await _form(request)
    _check_kept(request, settings.server.base_url)
    return_to = urls.return_to(form.next)
    session, on_page = our_cookies.session(request), wants_page(request)
    typed = PasswordCredentials(form.username, form.password, visitor(request), session, on_page=on_page)
    try:
        signed_in = await password_sign_in.sign_in(typed)
    except Refused as refused:
        refused.return_to = return_to
        raise
    cookies = our_cookies.opened(request, signed_in.session, signed_in.device_cookie)
    if on_page:
        return see_other(return_to, cookies)
    return Response(None, cookies=[*cookies, *our_cookies.also_for_program(request, signed_in.session)])


@post(
    "/logout",
    opt={"error_page": "/login", "signs_out": True},
    status_code=200,
    summary="Sign out",
    responses=gives(
        200,
        LogoutAnswer | None,
        "Signed out here; continue at the URL, if there is one.",
        {"oidc_logout_url": "https://auth.example.org/end-session?id_token_hint=…&client_id=romm"},
    )
    | refuses(Code.SESSION_NOT_ENDED),
    security=[{}, {"session": []}],
)
async def sign_out(
    request: Request, signing_out: NamedDependency[SignOut], our_cookies: NamedDependency[Cookies]
) -> Response[LogoutAnswer | None] | Response[bytes]:
    """Ends the session here. Returns `null`, or the URL that ends the provider's session too (HTML form: 303 there)."""
    done = await signing_out.sign_out(our_cookies.session(request))
    cookies = [*our_cookies.signed_out(done.state_digest), *our_cookies.program_signed_out(request)]
    if wants_page(request):
        return see_other(done.url or f"/login?{urlencode({'notice': 'signed_out'})}", cookies)
    return Response(LogoutAnswer(done.url) if done.url else None, cookies=cookies)


def _check_kept(request: Request, base_url: str) -> None:
    """Over plain http browsers silently drop `Secure` cookies."""
    origin = request.headers.get("origin", "")
    # Browsers store the `Secure` cookies of loopback hosts over http too.
    if wants_page(request) and base_url.startswith("https://") and is_readable_on_the_way(origin):
        raise Refused(Code.BROWSER_WITHOUT_TLS, origin=origin, base_url=base_url)


async def _form(request: Request) -> SignInForm:
    header = request.headers.get("authorization")
    # On pages the header may be meant for a proxy, and a token in it may be an older one of the program.
    if header is None or wants_page(request) or (request.content_type[0] and not is_basic(header)):
        return await body(request, SignInForm)
    named = basic_credentials(header)
    if named is None:
        raise Refused(Code.CREDENTIALS_WRONG, reason="the Authorization header is not HTTP Basic")
    return SignInForm(*named)


router = Router("/api", route_handlers=[sign_in, sign_out], tags=["Sign-in"])
