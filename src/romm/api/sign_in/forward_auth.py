"""Forward authentication: a reverse proxy asks RomM to authenticate a request."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from romm.api.http.authentication import Authentication
from romm.api.http.openapi import UNAUTHORIZED, needs, refuses
from romm.api.http.proxies import forwarded_request
from romm.api.http.requests import Request
from romm.credentials.principal import Principal
from romm.domain import scopes
from romm.domain.errors import Code, Refused, required
from romm.domain.model import LEVEL_NAMES
from romm.domain.sign_in import forward_auth
from romm.settings.model import Settings

_GIVES = {
    204: ResponseSpec(
        None,
        generate_examples=False,
        description="Allowed. `Remote-User`, `Remote-Name`, `Remote-Email` and `Remote-Groups` name the account.",
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
    ),
)
async def forward(
    request: Request,
    authentication: NamedDependency[Authentication],
    settings: NamedDependency[Settings],
    level: Annotated[str, _LEVEL] = "",
    needed_scope: Annotated[str, _SCOPE] = "",
) -> Response[None]:
    """For nginx `auth_request`, and forward authentication of Caddy and Traefik; see docs/forward-auth.md."""
    names = [name for name, _ in request.query_params.multi_items()]
    needed = required(forward_auth.required(level, needed_scope, names))
    who = await _who(request, authentication, settings.server.base_url)
    if refuse := forward_auth.allow(needed, who.scopes):
        raise Refused.by(refuse)
    return Response(None, status_code=204, headers=forward_auth.headers(who.account, who.scopes))


async def _who(request: Request, authentication: Authentication, base_url: str) -> Principal:
    """A session decides first: the `Authorization` header may be meant for the application."""
    try:
        return await authentication.browser(request) or await authentication.principal(request)
    except Refused as refused:
        if refused.code is Code.NOT_SIGNED_IN:
            refused.return_to = required(forward_auth.sign_in_target(forwarded_request(request), base_url))
        raise


router = Router("/api/auth", route_handlers=[forward], tags=["Forward authentication"])
