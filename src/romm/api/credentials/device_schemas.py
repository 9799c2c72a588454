"""Device authorization: RFC 8628's format and the older one of existing apps."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from romm.api.openapi.fields import Scopes, ScopeTextNeeded, Secret, ShortCode
from romm.credentials.devices import IssuedClientToken, StartedAuthorization, Waiting
from romm.domain import scopes
from romm.domain.credentials import short_codes
from romm.domain.credentials.client_tokens import Lifetime
from romm.domain.credentials.credential import NEVER
from romm.domain.credentials.device_registry import REGISTERED
from romm.domain.credentials.devices import UNNAMED, DeviceAuthorizationRequest

Short = Annotated[str, Meta(max_length=50)]
Long = Annotated[str, Meta(max_length=255)]


class DeviceAuthorizationForm(Struct, frozen=True):
    """RFC 8628, 3.1. `client_id` is the app's name, as formatted to the person."""

    client_id: Annotated[str, Meta(min_length=1, max_length=255)]
    scope: ScopeTextNeeded


class DeviceAuthorizationAnswer(Struct, frozen=True, kw_only=True):
    """RFC 8628, 3.2."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class DeviceInit(Struct, frozen=True, kw_only=True):
    """The older format."""

    client_device_identifier: Annotated[str, Meta(min_length=1, max_length=255)]
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    client: Annotated[str, Meta(min_length=1, max_length=50)]
    requested_scopes: Annotated[Scopes, Meta(min_length=1, max_length=len(scopes.ALL))]
    platform: Short | None = None
    client_version: Short | None = None


class DeviceInitAnswer(Struct, frozen=True, kw_only=True):
    """The older format."""

    device_code: str
    user_code: str
    verification_path: str
    verification_path_complete: str
    expires_in: int
    interval: int


class PendingDevice(Struct, frozen=True, kw_only=True):
    """You may grant `allowed_scopes`."""

    client_device_identifier: str | None
    name: str
    client: str
    platform: str | None
    client_version: str | None
    requested_scopes: tuple[str, ...]
    allowed_scopes: tuple[str, ...]
    expires_at: datetime


class DeviceApprovalForm(Struct, frozen=True, kw_only=True):
    user_code: ShortCode
    approved_scopes: Scopes
    device_name: Long | None = None
    expires_in: Lifetime | None = None


class ApprovedDevice(Struct, frozen=True):
    device_id: str
    device_name: str


class UserCode(Struct, frozen=True):
    """In any case, with or without hyphens."""

    user_code: ShortCode


class DeviceCode(Struct, frozen=True):
    device_code: Secret


class DeviceToken(Struct, frozen=True, kw_only=True):
    """Returned only once. `expires_at` is null if it never expires."""

    access_token: str
    device_id: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


class NotYet(Struct, frozen=True):
    """`authorization_pending`, `slow_down`, `access_denied` or `expired_token`."""

    detail: str


def older_request(form: DeviceInit) -> DeviceAuthorizationRequest:
    return DeviceAuthorizationRequest(
        client=form.client,
        scopes=tuple(dict.fromkeys(form.requested_scopes)),
        name=form.name,
        client_device_identifier=form.client_device_identifier,
        platform=form.platform or "",
        client_version=form.client_version or "",
    )


def standard_answer(started: StartedAuthorization, base_url: str) -> DeviceAuthorizationAnswer:
    """The user code is in two halves, as the device should display it."""
    formatted, address = short_codes.format_code(started.user_code), f"{base_url}/pair"
    return DeviceAuthorizationAnswer(
        device_code=started.device_code,
        user_code=formatted,
        verification_uri=address,
        verification_uri_complete=f"{address}?user_code={formatted}",
        expires_in=started.expires_in,
        interval=started.interval,
    )


def older_answer(started: StartedAuthorization) -> DeviceInitAnswer:
    """Paths below the address that the device knows."""
    return DeviceInitAnswer(
        device_code=started.device_code,
        user_code=started.user_code,
        verification_path="/pair/device",
        verification_path_complete=f"/pair/device?user_code={started.user_code}",
        expires_in=started.expires_in,
        interval=started.interval,
    )


def pending(waiting: Waiting) -> PendingDevice:
    request = waiting.authorization
    return PendingDevice(
        client_device_identifier=identifier(request.client_device_identifier),
        name=request.name,
        client=request.client,
        platform=request.platform or None,
        client_version=request.client_version or None,
        requested_scopes=request.requested_scopes,
        allowed_scopes=waiting.allowed,
        expires_at=request.expires_at,
    )


def token(given: IssuedClientToken) -> DeviceToken:
    credential = given.credential
    return DeviceToken(
        access_token=given.secret,
        device_id=str(credential.device_id),
        scopes=credential.scopes,
        expires_at=None if credential.expires_at == NEVER else credential.expires_at,
    )


def identifier(stored: str) -> str | None:
    """None for a generated one."""
    return None if stored.startswith((UNNAMED, REGISTERED)) else stored
