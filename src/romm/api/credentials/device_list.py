"""The own devices: list, register, change, end."""

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency

from romm.api.credentials.device_list_schemas import (
    DEVICE_EXAMPLE,
    REGISTERED_EXAMPLE,
    REGISTRATION_EXAMPLE,
    DeviceChange,
    DeviceRegistration,
    DeviceSchema,
    RegisteredDevice,
    device_schema,
    registered,
)
from romm.api.http.requests import Request, body
from romm.api.openapi.fields import IdInPath
from romm.api.openapi.operations import JSON, UNAUTHORIZED, gives, needs, refuses, takes
from romm.credentials.device_list import DeviceList
from romm.credentials.principal import Principal
from romm.domain.errors import Code


@get(
    "/",
    **needs("devices.read"),
    summary="My devices",
    responses=gives(
        200, list[DeviceSchema], "The devices that you paired, or that your apps registered.", [DEVICE_EXAMPLE]
    )
    | refuses(*UNAUTHORIZED),
)
async def my_devices(
    principal: NamedDependency[Principal], device_list: NamedDependency[DeviceList]
) -> list[DeviceSchema]:
    """The most recently paired device comes first."""
    return [device_schema(device) for device in await device_list.of(principal)]


@get(
    "/{device_id:int}",
    **needs("devices.read"),
    summary="One of my devices",
    responses=gives(200, DeviceSchema, "The device.", DEVICE_EXAMPLE) | refuses(*UNAUTHORIZED, Code.DEVICE_UNKNOWN),
)
async def my_device(
    device_id: IdInPath, principal: NamedDependency[Principal], device_list: NamedDependency[DeviceList]
) -> DeviceSchema:
    """What its app said of it, and when its token was used."""
    return device_schema(await device_list.one(principal, device_id))


@post(
    "/",
    **needs("devices.write"),
    status_code=201,
    summary="Register a device",
    operation_class=takes(DeviceRegistration, REGISTRATION_EXAMPLE, [JSON]),
    responses=gives(201, RegisteredDevice, "Registered.", REGISTERED_EXAMPLE)
    | gives(200, RegisteredDevice, "It is registered already, and stays as it is.", REGISTERED_EXAMPLE)
    | refuses(*UNAUTHORIZED, Code.DEVICE_EXISTS, Code.DEVICES_FULL, Code.ACCOUNT_CHANGED),
)
async def register(
    request: Request, principal: NamedDependency[Principal], device_list: NamedDependency[DeviceList]
) -> Response[RegisteredDevice]:
    """For apps that came without device pairing. It opens nothing: the app keeps the token that it has."""
    form = await body(request, DeviceRegistration)
    current = principal.credential.device_id if principal.credential else None
    done = await device_list.register(principal, form.registration(current))
    return Response(registered(done.device), status_code=201 if done.is_new else 200)


@put(
    "/{device_id:int}",
    **needs("devices.write"),
    summary="Change what is kept of a device",
    operation_class=takes(DeviceChange, {"client_version": "5.2"}, [JSON]),
    responses=gives(200, DeviceSchema, "The device afterwards.", DEVICE_EXAMPLE)
    | refuses(*UNAUTHORIZED, Code.DEVICE_UNKNOWN),
)
async def change(
    request: Request,
    device_id: IdInPath,
    principal: NamedDependency[Principal],
    device_list: NamedDependency[DeviceList],
) -> DeviceSchema:
    """Apps call it after each of their updates."""
    form = await body(request, DeviceChange)
    return device_schema(await device_list.change(principal, device_id, form.facts))


@delete(
    "/{device_id:int}",
    **needs("devices.write"),
    summary="End a device",
    responses=gives(204, None, "Ended.") | refuses(*UNAUTHORIZED, Code.DEVICE_UNKNOWN),
)
async def end(
    device_id: IdInPath, principal: NamedDependency[Principal], device_list: NamedDependency[DeviceList]
) -> None:
    """The device is removed, and its tokens end at once."""
    await device_list.end(principal, device_id)


router = Router("/api/devices", route_handlers=[my_devices, my_device, register, change, end], tags=["Devices"])
