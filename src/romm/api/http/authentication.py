"""From a request's credential to its principal. After an invalid credential no other is tried."""

from dataclasses import dataclass
from urllib.parse import unquote_plus

from romm.api.http import cross_site
from romm.api.http.cookies import Cookies
from romm.api.http.requests import FORM_TYPES, WHO, Request, basic_credentials, credential_header, readable, visitor
from romm.credentials.bearers import Bearers
from romm.credentials.principal import Principal, require
from romm.credentials.sessions import Sessions
from romm.domain.credentials.credential import CLIENT_TOKEN_PREFIX
from romm.domain.errors import Code, Refused
from romm.sign_in.password import PasswordCredentials, PasswordSignIn

CLIENT_AUTHENTICATION = "client_authentication"
"""A route's option: a client token also counts as the secret of a client, as libraries of resource servers send it."""

OF_APPLICATION = "of_application"
"""The option of a route that is not ours: its query and its body are the application's to read."""


@dataclass(frozen=True)
class Authentication:
    """Holds its dependencies: Litestar would resolve each in a task, doubling a small request's time."""

    sessions: Sessions
    bearers: Bearers
    password_sign_in: PasswordSignIn
    our_cookies: Cookies

    def was_tried(self, request: Request) -> bool:
        return credential_header(request) is not None or self.our_cookies.session(request) is not None

    async def principal(self, request: Request) -> Principal:
        """`Authorization` if it is `Basic` or `Bearer`, else the session cookie; for pages the cookie only.

        Raises `Refused`: NOT_SIGNED_IN, those of `PasswordSignIn.who`, FORBIDDEN without the route's scope,
        TOKEN_MISPLACED, or REQUEST_INVALID for an unreadable form.
        """
        await _refuse_elsewhere(request)
        options, header = request.route_handler.opt, credential_header(request)
        if header is None and (secret := await _client_secret(request)):
            who = await self._of_client(secret)
        elif header is None or options.get("browser"):
            who = await self.browser(request)
        else:
            who = await self._by_header(request, header)
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
        named = basic_credentials(header)
        if named is None:
            raise Refused(Code.CREDENTIALS_WRONG, reason="the Authorization header cannot be read")
        forwarded = request.route_handler.opt.get("forwarded")
        if not forwarded and cross_site.is_from_website(request, self.our_cookies.base_url):
            raise cross_site.refused(request, self.our_cookies.base_url)  # a remembered or invented password
        secret = unquote_plus(named[1])  # RFC 6749, 2.3.1
        if request.route_handler.opt.get(CLIENT_AUTHENTICATION) and secret.startswith(CLIENT_TOKEN_PREFIX):
            if who := await self._of_client(secret):
                return who
            raise Refused(Code.CREDENTIALS_WRONG, reason="no live client token is the password of the Basic header")
        door = "forward" if forwarded else ""  # the header may be meant for the application behind the proxy
        return await self.password_sign_in.who(PasswordCredentials(*named, visitor(request), door=door))

    async def _of_client(self, secret: str) -> Principal | None:
        """Only client tokens: an access token is a person's."""
        return await self.bearers.who(secret) if secret.startswith(CLIENT_TOKEN_PREFIX) else None


async def _client_secret(request: Request) -> str:
    """Of the form (RFC 6749, 2.3.1), where a resource server may come as a client."""
    if not request.route_handler.opt.get(CLIENT_AUTHENTICATION) or request.content_type[0] not in FORM_TYPES:
        return ""
    sent = (await request.form()).get("client_secret")
    return sent if isinstance(sent, str) else ""


async def _refuse_elsewhere(request: Request) -> None:
    """RFC 6750, 2.2 and 2.3, are not supported."""
    if "access_token" in request.query_params:
        raise Refused(Code.TOKEN_MISPLACED, place="query")
    is_unread = request.method == "GET" or request.route_handler.opt.get(OF_APPLICATION)
    if is_unread or request.content_type[0] not in FORM_TYPES:
        return
    with readable(Code.REQUEST_INVALID):
        fields = await request.form()
    if "access_token" in fields:
        raise Refused(Code.TOKEN_MISPLACED, place="body")
