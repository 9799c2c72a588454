"""From a request's credential to its principal. After an invalid credential the next one is not tried."""

from dataclasses import dataclass

from romm.api.http import cross_site
from romm.api.http.cookies import Cookies
from romm.api.http.requests import FORM_TYPES, WHO, Request, basic_credentials, readable, visitor
from romm.credentials.bearers import Bearers
from romm.credentials.principal import Principal, require
from romm.credentials.sessions import Sessions
from romm.domain.errors import Code, Refused
from romm.sign_in.password import PasswordCredentials, PasswordSignIn


@dataclass(frozen=True)
class Authentication:
    """Holds its dependencies: Litestar would resolve sub-dependencies in a task each, which took as long as the rest of
    `GET /api/users/me`.
    """

    sessions: Sessions
    bearers: Bearers
    password_sign_in: PasswordSignIn
    our_cookies: Cookies

    def was_tried(self, request: Request) -> bool:
        return "authorization" in request.headers or self.our_cookies.session(request) is not None

    async def principal(self, request: Request) -> Principal:
        """The `Authorization` header if there is one, else the session cookie. Pages accept the cookie only.

        Raises `Refused(NOT_SIGNED_IN)`, the refusals of `PasswordSignIn.who`, `Refused(FORBIDDEN)` without the route's
        scope, `Refused(TOKEN_MISPLACED)`, or `Refused(REQUEST_INVALID)` for an unreadable form.
        """
        await _refuse_elsewhere(request)
        options, header = request.route_handler.opt, request.headers.get("authorization")
        by_cookie = header is None or options.get("browser")
        who = await (self.browser(request) if by_cookie else self._by_header(request, header or ""))
        if who is None:
            raise Refused(Code.NOT_SIGNED_IN)
        if scope := options.get("scope"):
            require(who, scope)
        return who

    async def browser(self, request: Request) -> Principal | None:
        """Ignores the header, which may be meant for a proxy in front of us."""
        who = await self.sessions.who(self.our_cookies.session(request))
        request.scope["state"][WHO] = who
        return who

    async def _by_header(self, request: Request, header: str) -> Principal | None:
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "bearer":
            return await self.bearers.who(value.strip())
        if scheme.lower() != "basic":
            return None
        named = basic_credentials(header)
        if named is None:
            raise Refused(Code.CREDENTIALS_WRONG, reason="the Authorization header cannot be read")
        forwarded = request.route_handler.opt.get("forwarded")
        if not forwarded and cross_site.is_from_website(request, self.our_cookies.base_url):
            raise cross_site.refused(request, self.our_cookies.base_url)  # a remembered or invented password
        door = "forward" if forwarded else ""  # the header may be meant for the application behind the proxy
        return await self.password_sign_in.who(PasswordCredentials(*named, visitor(request), door=door))


async def _refuse_elsewhere(request: Request) -> None:
    """RFC 6750, 2.2 and 2.3, are optional and not supported."""
    if "access_token" in request.query_params:
        raise Refused(Code.TOKEN_MISPLACED, place="query")
    if request.method == "GET" or request.content_type[0] not in FORM_TYPES:
        return
    with readable(Code.REQUEST_INVALID):
        fields = await request.form()
    if "access_token" in fields:
        raise Refused(Code.TOKEN_MISPLACED, place="body")
