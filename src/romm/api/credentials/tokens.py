"""Tokens of apps."""

from urllib.parse import unquote_plus

from litestar import Response, Router, post
from litestar.di import NamedDependency

from romm.api.credentials.token_schemas import (
    TOKEN_EXAMPLE,
    IntrospectedToken,
    Introspection,
    OneToken,
    TokenAnswer,
    TokenForm,
    introspection,
    token_answer,
)
from romm.api.http.authentication import CLIENT_AUTHENTICATION
from romm.api.http.requests import Request, basic_credentials, form, is_basic, visitor
from romm.api.http.responses import NO_STORE
from romm.api.openapi.operations import (
    FOR_APPS,
    FORM,
    OPEN,
    UNAUTHORIZED,
    gives,
    needs,
    refuses,
    refuses_as_oauth,
    takes,
)
from romm.credentials.grants import Grants
from romm.credentials.principal import Principal
from romm.credentials.tokens import TokenRequest, Tokens
from romm.domain.errors import Code, Refused
from romm.settings.model import Settings

MAX_CLIENT_LENGTH = 255
OPEN_TO_APPS = {"errors": "oauth"} | FOR_APPS


@post(
    "/",
    opt=OPEN_TO_APPS,
    status_code=200,
    summary="Get tokens",
    operation_class=takes(TokenForm, {"username": "alice", "password": "…", "scope": "me.read roms.read"}, [FORM]),
    responses=gives(200, TokenAnswer, "An access token and a refresh token.", TOKEN_EXAMPLE)
    | refuses_as_oauth(
        Code.TOKEN_REQUEST_INVALID,
        Code.GRANT_TYPE_UNSUPPORTED,
        Code.PASSWORD_GRANT_OFF,
        Code.CREDENTIALS_WRONG,
        Code.REFRESH_TOKEN_INVALID,
        Code.REFRESH_TOKEN_REUSED,
        Code.AUTHORIZATION_PENDING,
        Code.SLOW_DOWN,
        Code.DEVICE_DENIED,
        Code.DEVICE_CODE_EXPIRED,
        Code.DEVICE_CODE_INVALID,
        Code.APP_CODE_INVALID,
        Code.APP_CODE_REUSED,
        Code.SCOPE_UNKNOWN,
        Code.SCOPE_EXCEEDED,
        Code.CLIENT_UNKNOWN,
        Code.TOO_MANY_ATTEMPTS,
    ),
    security=OPEN,
)
async def token(request: Request, grants: NamedDependency[Grants]) -> Response[TokenAnswer]:
    """Grants: name and password, a refresh token, an app's authorization code (RFC 6749), or a device code (RFC 8628).

    The older `expires` is sent beside `expires_in`.
    """
    granted = await grants.grant(await token_request(request))
    return Response(token_answer(granted), headers=NO_STORE)


@post(
    "/revoke",
    opt=OPEN_TO_APPS,
    status_code=200,
    summary="Give a token back",
    operation_class=takes(OneToken, {"token": "f41b…", "token_type_hint": "refresh_token"}, [FORM]),
    responses=gives(200, None, "The token is over, if it ever was one.")
    | refuses_as_oauth(Code.TOKEN_REQUEST_INVALID, Code.CLIENT_UNKNOWN),
    security=OPEN,
)
async def revoke(request: Request, tokens: NamedDependency[Tokens]) -> Response[None]:
    """Ends an access or client token, or a refresh token with all tokens of the same sign-in (RFC 7009)."""
    await tokens.revoke((await token_request(request)).required("token"))
    return Response(None, headers=NO_STORE, status_code=200)


@post(
    "/introspect",
    **needs("me.read", **{CLIENT_AUTHENTICATION: True}),
    status_code=200,
    summary="Is a token valid",
    operation_class=takes(IntrospectedToken, {"token": "6d0c…"}, [FORM]),
    responses=gives(200, Introspection, "What the token is.", {"active": False})
    | refuses(
        Code.TOKEN_REQUEST_INVALID,
        *UNAUTHORIZED,
        Code.TOKEN_MISPLACED,
    ),
)
async def introspect(
    request: Request,
    principal: NamedDependency[Principal],
    tokens: NamedDependency[Tokens],
    settings: NamedDependency[Settings],
) -> Response[Introspection]:
    """Describes your own tokens, and with `users.read` those of any account (RFC 7662). A resource server sends its client token
    as a bearer, as the password of Basic beside any name, or as `client_secret`.
    """
    question = TokenRequest(parameters=await form(request), client="", visitor=visitor(request))
    found = await tokens.introspect(question.required("token"), principal)
    return Response(introspection(found, settings.server.base_url), headers=NO_STORE)


async def token_request(request: Request) -> TokenRequest:
    """Raises `Refused`: TOKEN_REQUEST_INVALID, CLIENT_UNKNOWN."""
    parameters = await form(request)
    return TokenRequest(parameters=parameters, client=_client(request, parameters), visitor=visitor(request))


def _client(request: Request, parameters: dict[str, str]) -> str:
    """A public client's name. Refuses one that claims a secret.

    A Basic header with only a name equals `client_id` (RFC 6749, 2.3.1): many libraries send it. Other schemes do not
    authenticate clients: some apps send an expired token with every request.
    """
    client, header = parameters.get("client_id", ""), request.headers.get("authorization", "")
    if is_basic(header):
        name, secret = basic_credentials(header) or ("", "unreadable")
        name = unquote_plus(name)
        if secret or client not in ("", name):
            raise Refused(Code.CLIENT_UNKNOWN, client=name or client)
        client = name
    if "client_secret" in parameters:
        raise Refused(Code.CLIENT_UNKNOWN, client=client)
    if len(client) > MAX_CLIENT_LENGTH or not client.isprintable():
        raise Refused(
            Code.TOKEN_REQUEST_INVALID, problem="client_id is too long or has characters that cannot be shown"
        )
    return client


router = Router("/api/token", route_handlers=[token, revoke, introspect], tags=["Tokens"])
