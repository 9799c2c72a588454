"""What devices and the people who let them in send and get, in the standard's shape and in the older one."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from romm.credentials.devices import IssuedClientToken, StartedAuthorization, Waiting
from romm.domain.credentials import short_codes
from romm.domain.credentials.client_tokens import Lifetime
from romm.domain.credentials.credential import NEVER
from romm.domain.credentials.devices import UNNAMED, Device, DeviceAuthorizationRequest

Short = Annotated[str, Meta(max_length=50)]
Long = Annotated[str, Meta(max_length=255)]


class DeviceAuthorizationForm(Struct, frozen=True):
    """RFC 8628, 3.1. `client_id` is the app's name, as the person will read it."""

    client_id: Annotated[str, Meta(min_length=1, max_length=50)]
    scope: str = ""


class DeviceAuthorizationAnswer(Struct, frozen=True, kw_only=True):
    """RFC 8628, 3.2."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class DeviceInit(Struct, frozen=True, kw_only=True):
    """The older shape: what a device says of itself."""

    client_device_identifier: Annotated[str, Meta(min_length=1, max_length=255)]
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    client: Annotated[str, Meta(min_length=1, max_length=50)]
    requested_scopes: Annotated[list[str], Meta(min_length=1, max_length=22)]
    platform: Short | None = None
    client_version: Short | None = None


class DeviceInitAnswer(Struct, frozen=True, kw_only=True):
    """The older shape: the device's own secret, and what it shows to the person."""

    device_code: str
    user_code: str
    verification_path: str
    verification_path_complete: str
    expires_in: int
    interval: int


class PendingDevice(Struct, frozen=True, kw_only=True):
    """A device that waits, and what the asking person may give it."""

    client_device_identifier: str | None
    name: str
    client: str
    platform: str | None
    client_version: str | None
    requested_scopes: tuple[str, ...]
    allowed_scopes: tuple[str, ...]
    expires_at: datetime


class DeviceApprovalForm(Struct, frozen=True, kw_only=True):
    """What a person gives to the device that shows this code."""

    user_code: str
    approved_scopes: list[str]
    device_name: Long | None = None
    expires_in: Lifetime | None = None


class ApprovedDevice(Struct, frozen=True):
    """A device that was let in."""

    device_id: str
    device_name: str


class UserCode(Struct, frozen=True):
    """The code that a device shows, in any case, with hyphens or without."""

    user_code: str


class DeviceCode(Struct, frozen=True):
    """The secret of a device that waits."""

    device_code: str


class DeviceToken(Struct, frozen=True, kw_only=True):
    """A client token for a device, this once. `expires_at` is null when it has no end."""

    access_token: str
    device_id: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


class NotYet(Struct, frozen=True):
    """Why there is no token: `authorization_pending`, `slow_down`, `access_denied` or `expired_token`."""

    detail: str


class DeviceSchema(Struct, frozen=True, kw_only=True):
    """A paired device. `last_used_at` is null when it has no live token any more."""

    id: int
    client_device_identifier: str | None
    name: str
    client: str
    platform: str | None
    client_version: str | None
    created_at: datetime
    last_paired_at: datetime
    last_used_at: datetime | None


def older_request(form: DeviceInit) -> DeviceAuthorizationRequest:
    """What a device asks for in the older shape."""
    return DeviceAuthorizationRequest(
        client=form.client,
        scopes=tuple(dict.fromkeys(form.requested_scopes)),
        name=form.name,
        client_device_identifier=form.client_device_identifier,
        platform=form.platform or "",
        client_version=form.client_version or "",
    )


def standard_answer(begun: StartedAuthorization, base_url: str) -> DeviceAuthorizationAnswer:
    """The standard's answer; the code comes in two halves, as the device shall show it."""
    shown, address = short_codes.format_code(begun.user_code), f"{base_url}/pair"
    return DeviceAuthorizationAnswer(
        device_code=begun.device_code,
        user_code=shown,
        verification_uri=address,
        verification_uri_complete=f"{address}?user_code={shown}",
        expires_in=begun.expires_in,
        interval=begun.interval,
    )


def older_answer(begun: StartedAuthorization) -> DeviceInitAnswer:
    """The older answer: paths, which the device puts behind the address it knows."""
    return DeviceInitAnswer(
        device_code=begun.device_code,
        user_code=begun.user_code,
        verification_path="/pair/device",
        verification_path_complete=f"/pair/device?user_code={begun.user_code}",
        expires_in=begun.expires_in,
        interval=begun.interval,
    )


def pending(waiting: Waiting) -> PendingDevice:
    """A waiting device as it goes over the wire."""
    asked = waiting.authorization
    return PendingDevice(
        client_device_identifier=_identifier(asked.client_device_identifier),
        name=asked.name,
        client=asked.client,
        platform=asked.platform or None,
        client_version=asked.client_version or None,
        requested_scopes=asked.requested_scopes,
        allowed_scopes=waiting.allowed,
        expires_at=asked.expires_at,
    )


def token(given: IssuedClientToken) -> DeviceToken:
    """A device's token as it goes over the wire, this once."""
    credential = given.credential
    return DeviceToken(
        access_token=given.secret,
        device_id=str(credential.device_id),
        scopes=credential.scopes,
        expires_at=None if credential.expires_at == NEVER else credential.expires_at,
    )


def device_schema(device: Device) -> DeviceSchema:
    """A device as it goes over the wire."""
    return DeviceSchema(
        id=device.id,
        client_device_identifier=_identifier(device.client_device_identifier),
        name=device.name,
        client=device.client,
        platform=device.platform or None,
        client_version=device.client_version or None,
        created_at=device.created_at,
        last_paired_at=device.last_paired_at,
        last_used_at=device.last_used_at,
    )


def _identifier(stored: str) -> str | None:
    return None if stored.startswith(UNNAMED) else stored
