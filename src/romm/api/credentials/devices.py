"""Device authorization (RFC 8628 and the older format) and its approval."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from romm.api.credentials.device_schemas import (
    ApprovedDevice,
    DeviceApprovalForm,
    DeviceAuthorizationAnswer,
    DeviceAuthorizationForm,
    DeviceCode,
    DeviceInit,
    DeviceInitAnswer,
    DeviceToken,
    NotYet,
    PendingDevice,
    UserCode,
    older_answer,
    older_request,
    pending,
    standard_answer,
    token,
)
from romm.api.credentials.tokens import OPEN_TO_APPS, token_request
from romm.api.http.requests import Request, body, visitor
from romm.api.http.responses import NO_STORE
from romm.api.openapi.operations import (
    FOR_APPS,
    FORM,
    JSON,
    OPEN,
    UNAUTHORIZED,
    answer,
    gives,
    needs,
    refuses,
    refuses_as_oauth,
    takes,
)
from romm.credentials.devices import DeviceApproval, DeviceSignIn
from romm.credentials.principal import Principal
from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.client_tokens import Lifetime
from romm.domain.credentials.devices import Choice, DeviceAuthorizationRequest, Flavor
from romm.domain.errors import Code, Refuse
from romm.settings.model import Settings

_EXPIRED = "expired_token"
"""Also for unknown codes: apps of the older format know only four error codes."""

_CODE_TYPED = (*UNAUTHORIZED, Code.DEVICE_CODE_UNKNOWN, Code.DEVICE_CODE_DECIDED, Code.TOO_MANY_REQUESTS)
_CHOICE = {
    "user_code": "BCDF-GHJK",
    "approved_scopes": ["roms.read", "assets.write"],
    "device_name": "Handheld in the kitchen",
    "expires_in": "1y",
}


@post(
    "/device_authorization",
    opt=OPEN_TO_APPS,
    status_code=200,
    summary="A device asks to be let in (RFC 8628)",
    operation_class=takes(DeviceAuthorizationForm, {"client_id": "Argosy", "scope": "roms.read assets.write"}, [FORM]),
    responses=gives(200, DeviceAuthorizationAnswer, "Show the code, and poll `/api/token`.")
    | refuses_as_oauth(
        Code.TOKEN_REQUEST_INVALID,
        Code.SCOPE_UNKNOWN,
        Code.CLIENT_UNKNOWN,
        Code.TOO_MANY_REQUESTS,
    ),
    security=OPEN,
)
async def ask(
    request: Request, device_sign_in: NamedDependency[DeviceSignIn], settings: NamedDependency[Settings]
) -> Response[DeviceAuthorizationAnswer]:
    """The device shows `user_code` and the address; a signed-in person enters the code there and decides."""
    app = await token_request(request)
    authorization = DeviceAuthorizationRequest(client=app.client, scopes=app.scopes)
    started = await device_sign_in.begin(Flavor.STANDARD, authorization, app.visitor.address)
    return Response(standard_answer(started, settings.server.base_url), headers=NO_STORE)


@post(
    "/auth/device/init",
    opt=FOR_APPS,
    status_code=201,
    summary="A device asks to be let in (older shape)",
    operation_class=takes(
        DeviceInit,
        {
            "client_device_identifier": "b7c1d0",
            "name": "Handheld",
            "client": "Argosy",
            "platform": "android",
            "requested_scopes": ["roms.read", "assets.write"],
        },
        [JSON],
    ),
    responses=gives(201, DeviceInitAnswer, "Show the code, and poll `/api/auth/device/token`.")
    | refuses(Code.SCOPE_UNKNOWN, Code.TOO_MANY_REQUESTS),
    security=OPEN,
)
async def init(request: Request, device_sign_in: NamedDependency[DeviceSignIn]) -> DeviceInitAnswer:
    """As `/api/device_authorization`, for apps that use a client token bound to a device."""
    form = await body(request, DeviceInit)
    return older_answer(await device_sign_in.begin(Flavor.LEGACY, older_request(form), visitor(request).address))


@get(
    "/auth/device/pending/{user_code:str}",
    **needs("me.read"),
    summary="Who waits with this code?",
    responses=gives(200, PendingDevice, "The device, and what you may give it.") | refuses(*_CODE_TYPED),
)
async def look(
    request: Request,
    user_code: FromPath[str],
    principal: NamedDependency[Principal],
    device_approval: NamedDependency[DeviceApproval],
) -> PendingDevice:
    """The code in any case, with or without hyphens."""
    return pending(await device_approval.look(principal, user_code, visitor(request).address))


@post(
    "/auth/device/approve",
    **needs("me.write"),
    status_code=200,
    summary="Let a device in",
    operation_class=takes(DeviceApprovalForm, _CHOICE),
    responses=gives(200, ApprovedDevice, "Let in.", {"device_id": "7", "device_name": "Handheld in the kitchen"})
    | refuses(
        *_CODE_TYPED,
        Code.DEVICE_SCOPES_EXCEEDED,
        Code.DEVICE_SCOPES_MISSING,
        Code.LIFETIME_EXCEEDED,
        Code.CONFIRMATION_REQUIRED,
        Code.NAME_INVALID,
        Code.TOKENS_FULL,
    ),
)
async def approve(
    request: Request, principal: NamedDependency[Principal], device_approval: NamedDependency[DeviceApproval]
) -> ApprovedDevice:
    """Grants at most the scopes that the device requested, that you have, and that this request's credential has."""
    form = await body(request, DeviceApprovalForm)
    choice = Choice(
        scopes=tuple(form.approved_scopes),
        device_name=form.device_name or "",
        lifetime=form.expires_in or Lifetime.NEVER,
    )
    paired = await device_approval.approve(principal, form.user_code, choice, visitor(request).address)
    return ApprovedDevice(str(paired.id), paired.name)


@post(
    "/auth/device/deny",
    **needs("me.write"),
    status_code=200,
    summary="Turn a device away",
    operation_class=takes(UserCode, {"user_code": "BCDF-GHJK"}),
    responses=gives(200, None, "Turned away.") | refuses(*_CODE_TYPED),
)
async def deny(
    request: Request, principal: NamedDependency[Principal], device_approval: NamedDependency[DeviceApproval]
) -> None:
    """The device gets `access_denied` on its next request."""
    form = await body(request, UserCode)
    await device_approval.deny(principal, form.user_code, visitor(request).address)


@post(
    "/auth/device/token",
    opt=FOR_APPS,
    status_code=200,
    summary="A device asks what was decided (older shape)",
    operation_class=takes(
        DeviceCode, {"device_code": "6f…"}, also={400: answer(NotYet, {"detail": "authorization_pending"})}
    ),
    responses=gives(200, DeviceToken, "A client token, this once.") | refuses(Code.TOO_MANY_REQUESTS),
    security=OPEN,
)
async def redeem(
    request: Request, device_sign_in: NamedDependency[DeviceSignIn]
) -> Response[DeviceToken] | Response[NotYet]:
    """The token replaces this device's former token."""
    form = await body(request, DeviceCode)
    given = await device_sign_in.client_token(form.device_code, visitor(request).address)
    if isinstance(given, Refuse):
        unknown = given.code is Code.DEVICE_CODE_INVALID
        return Response(NotYet(_EXPIRED if unknown else CATALOGUE[given.code].oauth), status_code=400)
    return Response(token(given), status_code=200)


router = Router("/api", route_handlers=[ask, init, look, approve, deny, redeem], tags=["Devices"])
