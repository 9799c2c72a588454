"""Forward authentication: a reverse proxy asks RomM to authenticate a request."""

from typing import Annotated

from litestar import HttpMethod, Response, Router, get, route
from litestar.di import NamedDependency
from litestar.exceptions import MethodNotAllowedException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from romm.api.http.authentication import Authentication
from romm.api.http.proxies import forwarded_host, forwarded_request, forwarded_uri, is_from_untrusted_proxy
from romm.api.http.requests import Request, credential_header
from romm.api.openapi.operations import UNAUTHORIZED, needs, refuses
from romm.credentials.principal import Principal
from romm.domain import scopes
from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code, Refused, required
from romm.domain.model import LEVEL_NAMES
from romm.domain.sign_in import forward_auth
from romm.domain.sign_in import forward_hosts as hosts_rules
from romm.settings.model import Settings
from romm.sign_in.forward_hosts import ForwardHosts

_GIVES = {
    204: ResponseSpec(
        None,
        generate_examples=False,
        description="Allowed. `Remote-User`, `Remote-Name`, `Remote-Email` and `Remote-Groups` name the account. At a host of "
        "ROMM_FORWARD_HOSTS, `Cookie` and `Authorization` are those of the request without RomM's.",
    ),
    303: ResponseSpec(
        None,
        generate_examples=False,
        description="To the sign-in page, for a browser, if a trusted proxy sends `X-Forwarded-Uri`.",
    ),
}


_LEVEL = QueryParameter(description="the lowest role allowed", schema_extra={"enum": ["", *LEVEL_NAMES]})
_SCOPE = QueryParameter(
    name="scope", description="a scope that the credential must have", schema_extra={"enum": ["", *scopes.ALL]}
)


@get(
    "/forward",
    **needs(forward_auth.LEAST, forwarded=True, message_page=True),
    status_code=204,
    summary="Authenticate a request for a reverse proxy",
    responses=_GIVES
    | refuses(
        *UNAUTHORIZED,
        Code.FORWARDED_ELSEWHERE,
        Code.PROXY_UNTRUSTED,
    ),
)
async def forward(
    request: Request,
    authentication: NamedDependency[Authentication],
    forward_hosts: NamedDependency[ForwardHosts],
    settings: NamedDependency[Settings],
    level: Annotated[str, _LEVEL] = "",
    needed_scope: Annotated[str, _SCOPE] = "",
) -> Response[None]:
    """For nginx `auth_request`, and forward authentication of Caddy and Traefik; see docs/forward-auth.md."""
    names = [name for name, _ in request.query_params.multi_items()]
    needed = required(forward_auth.required(level, needed_scope, names))
    asked = forwarded_request(request)
    elsewhere = forward_hosts.origin_of(asked.host)
    try:
        headers = await _permission(request, authentication, forward_hosts, needed)
    except Refused as refused:
        if refused.code is Code.NOT_SIGNED_IN:
            _name_untrusted_proxy(request)
            refused.page = required(forward_auth.sign_in_url(asked, settings.server.base_url, elsewhere))
        raise
    return Response(None, status_code=204, headers=headers)


async def _permission(
    request: Request, authentication: Authentication, forward_hosts: ForwardHosts, needed: frozenset[str]
) -> dict[str, str]:
    """Response headers. Raises `Refused`."""
    elsewhere = forward_hosts.origin_of(forwarded_host(request))
    who = await _who(request, authentication, forward_hosts, elsewhere)
    if refuse := forward_auth.allow(needed, who.scopes):
        raise Refused.by(refuse)
    identity = forward_auth.headers(who.account, who.scopes)
    return identity | (_handed_on(request, who) if elsewhere else {})


async def _who(
    request: Request, authentication: Authentication, forward_hosts: ForwardHosts, elsewhere: str | None
) -> Principal:
    """A cookie decides first: `Authorization` may be meant for the application. Each host has its own cookie."""
    if elsewhere is None:
        return await authentication.browser(request) or await authentication.principal(request)
    who = await forward_hosts.who(elsewhere, authentication.our_cookies.forward_session(request))
    if who is None and credential_header(request) is None:
        raise Refused(Code.NOT_SIGNED_IN)
    return who or await authentication.principal(request)


@route("/forward", http_method=HttpMethod.OPTIONS, include_in_schema=False)
async def options() -> None:
    """Litestar's own answer is 204: a proxy that asks with the visitor's method would take it for a permission."""
    raise MethodNotAllowedException(headers={"allow": HttpMethod.GET})


def _name_untrusted_proxy(request: Request) -> None:
    """An operator who forgot it needs its address."""
    if is_from_untrusted_proxy(request):
        peer = request.client.host if request.client else "a Unix socket"
        raise Refused(Code.PROXY_UNTRUSTED, address=peer, uri=forwarded_uri(request))


def _handed_on(request: Request, who: Principal) -> dict[str, str]:
    cookies = "; ".join(request.headers.getall("cookie", []))
    return hosts_rules.for_application(cookies, request.headers.get("authorization", ""), by_header=is_by_header(who))


def is_by_header(who: Principal) -> bool:
    """At another host."""
    return who.credential is None or who.credential.kind is not Kind.FORWARD_SESSION


router = Router("/api/auth", route_handlers=[options, forward], tags=["Forward authentication"])
"""In this order: Litestar adds its own OPTIONS to a route that has none yet."""
