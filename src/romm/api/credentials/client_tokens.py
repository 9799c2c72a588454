"""Client tokens and pairing codes."""

from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from romm.api.credentials.client_token_schemas import (
    CODE_EXAMPLE,
    MINTED_EXAMPLE,
    OFFER_EXAMPLE,
    OWNED_EXAMPLE,
    REQUEST_EXAMPLE,
    TOKEN_EXAMPLE,
    ClientTokenForm,
    ClientTokenSchema,
    MintedTokenSchema,
    OwnedTokenSchema,
    PairingCodeForm,
    PairingCodeSchema,
    PairingStatusSchema,
    client_token,
    minted_token,
    owned_token,
)
from romm.api.http.requests import Request, body, visitor
from romm.api.openapi.fields import MOST_AT_ONCE, IdInPath, at_most, within
from romm.api.openapi.operations import FOR_APPS, OPEN, UNAUTHORIZED, gives, needs, refuses, takes
from romm.credentials.client_tokens import ClientTokens
from romm.credentials.pairing import Pairing
from romm.credentials.principal import Principal, actor
from romm.domain.errors import Code

_WRITES = (*UNAUTHORIZED, Code.ACCOUNT_CHANGED)
_LASTING = (Code.LIFETIME_EXCEEDED, Code.CONFIRMATION_REQUIRED)
_GUESSED = (Code.PAIRING_CODE_INVALID, Code.TOO_MANY_REQUESTS)


@get(
    "/",
    **needs("me.read"),
    summary="My client tokens",
    responses=gives(200, list[ClientTokenSchema], "The newest first, without their secrets.", [TOKEN_EXAMPLE])
    | refuses(*UNAUTHORIZED),
)
async def own_tokens(
    principal: NamedDependency[Principal], client_tokens: NamedDependency[ClientTokens]
) -> list[ClientTokenSchema]:
    """Your client tokens that have not ended."""
    return [client_token(token) for token in await client_tokens.own(principal)]


@get(
    "/all",
    **needs("users.read"),
    summary="Client tokens of all accounts",
    responses=gives(200, list[OwnedTokenSchema], "The newest first.", [OWNED_EXAMPLE]) | refuses(*UNAUTHORIZED),
)
async def all_tokens(
    principal: NamedDependency[Principal],
    client_tokens: NamedDependency[ClientTokens],
    limit: FromQuery[int] = MOST_AT_ONCE,
    before: FromQuery[int | None] = None,
) -> list[OwnedTokenSchema]:
    """The client tokens of all accounts, without their secrets: at most `limit`, older than the one with the id `before`."""
    listed = await client_tokens.all_tokens(actor(principal), at_most(limit), within(before))
    return [owned_token(token, owner) for token, owner in listed]


@post(
    "/",
    **needs("me.write"),
    status_code=201,
    summary="Make a client token",
    operation_class=takes(ClientTokenForm, REQUEST_EXAMPLE),
    responses=gives(201, MintedTokenSchema, "Made. `raw_token` is shown this once.", MINTED_EXAMPLE)
    | refuses(
        *_WRITES,
        Code.NAME_INVALID,
        Code.SCOPES_INVALID,
        Code.SCOPES_EXCEEDED,
        Code.CONFIRMATION_REQUIRED,
        Code.TOKENS_FULL,
    ),
)
async def create_token(
    request: Request, principal: NamedDependency[Principal], client_tokens: NamedDependency[ClientTokens]
) -> MintedTokenSchema:
    """Its scopes are limited to those of the request's credential, except `access.grant`, which a person may add. `expires_in` is
    `30d`, `90d`, `1y` or `never`.
    """
    form = await body(request, ClientTokenForm)
    return minted_token(await client_tokens.create(principal, form.request))


@delete(
    "/{token_id:int}",
    **needs("me.write"),
    status_code=204,
    summary="End my client token",
    responses=refuses(*_WRITES, Code.CREDENTIAL_UNKNOWN),
)
async def end_token(
    token_id: IdInPath, principal: NamedDependency[Principal], client_tokens: NamedDependency[ClientTokens]
) -> None:
    """The token is refused from the next request on."""
    await client_tokens.end(principal, token_id)


@delete(
    "/{token_id:int}/admin",
    **needs("users.write"),
    status_code=204,
    summary="End a client token of any account",
    responses=refuses(*_WRITES, Code.CREDENTIAL_UNKNOWN, Code.ADMIN_REQUIRED),
)
async def end_anybodys_token(
    token_id: IdInPath, principal: NamedDependency[Principal], client_tokens: NamedDependency[ClientTokens]
) -> None:
    """Ending an administrator's token needs a credential with all scopes of an administrator."""
    await client_tokens.end_any(principal, token_id)


@put(
    "/{token_id:int}/regenerate",
    **needs("me.write"),
    summary="Give my client token another secret",
    responses=gives(200, MintedTokenSchema, "`raw_token` is the new secret, shown this once.", MINTED_EXAMPLE)
    | refuses(*_WRITES, Code.CREDENTIAL_UNKNOWN, Code.SCOPES_EXCEEDED, *_LASTING),
)
async def regenerate_token(
    token_id: IdInPath, principal: NamedDependency[Principal], client_tokens: NamedDependency[ClientTokens]
) -> MintedTokenSchema:
    """Name, scopes and expiry stay; the old secret is refused from the next request on."""
    return minted_token(await client_tokens.regenerate(principal, token_id))


@post(
    "/{token_id:int}/pair",
    **needs("me.write"),
    status_code=200,
    summary="Make a pairing code",
    responses=gives(200, PairingCodeSchema, "A code of five minutes, used once.", OFFER_EXAMPLE)
    | refuses(*_WRITES, Code.CREDENTIAL_UNKNOWN, Code.SCOPES_EXCEEDED, *_LASTING),
)
async def offer_code(
    token_id: IdInPath, principal: NamedDependency[Principal], pairing: NamedDependency[Pairing]
) -> PairingCodeSchema:
    """A device exchanges the code for this token, which then gets a new secret. A new code for a token replaces the
    older one.
    """
    offer = await pairing.offer(principal, token_id)
    return PairingCodeSchema(offer.code, offer.expires_in)


@get(
    "/pair/{code:str}/status",
    opt=FOR_APPS,
    summary="Is a pairing code still unused?",
    responses=gives(200, PairingStatusSchema, "The code is not used yet.", {"expires_in": 240}) | refuses(*_GUESSED),
    security=OPEN,
)
async def code_status(code: FromPath[str], request: Request, pairing: NamedDependency[Pairing]) -> PairingStatusSchema:
    """For the app that displays a code and waits; 404 once the code is used or expired."""
    return PairingStatusSchema(await pairing.waiting(code, visitor(request)))


@post(
    "/exchange",
    opt=FOR_APPS,
    status_code=200,
    summary="Trade a pairing code for its token",
    operation_class=takes(PairingCodeForm, CODE_EXAMPLE),
    responses=gives(200, MintedTokenSchema, "`raw_token` is a fresh secret, shown this once.", MINTED_EXAMPLE)
    | refuses(*_GUESSED, Code.ACCOUNT_DISABLED),
    security=OPEN,
)
async def exchange_code(request: Request, pairing: NamedDependency[Pairing]) -> MintedTokenSchema:
    """The code in any case, with or without hyphens; five attempts a minute. The token's former secret stops working."""
    form = await body(request, PairingCodeForm)
    return minted_token(await pairing.exchange(form.code, visitor(request)))


router = Router(
    "/api/client-tokens",
    route_handlers=[
        own_tokens,
        all_tokens,
        create_token,
        end_token,
        end_anybodys_token,
        regenerate_token,
        offer_code,
        code_status,
        exchange_code,
    ],
    tags=["Client tokens"],
)
