"""Devices over HTTP, in RomM's names and types."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from romm.api.credentials.device_schemas import Long, Short, identifier
from romm.domain.credentials.device_registry import DeviceFacts, Registration, SyncMode
from romm.domain.credentials.devices import Device

Address = Annotated[str, Meta(max_length=45)]
"""The longest IPv6 address; a MAC address fits."""


class DeviceFields(Struct, frozen=True, kw_only=True):
    """Omitted fields stay; null empties one."""

    name: Long | UnsetType | None = UNSET
    platform: Short | UnsetType | None = UNSET
    client: Short | UnsetType | None = UNSET
    client_version: Short | UnsetType | None = UNSET
    ip_address: Address | UnsetType | None = UNSET
    mac_address: Address | UnsetType | None = UNSET
    hostname: Long | UnsetType | None = UNSET
    sync_mode: SyncMode | UnsetType | None = UNSET
    sync_config: dict[str, Any] | UnsetType | None = UNSET


class DeviceChange(DeviceFields, frozen=True, kw_only=True):
    """Omitted fields stay; null empties one."""

    sync_enabled: bool | UnsetType | None = UNSET

    @property
    def facts(self) -> DeviceFacts:
        return device_facts(self, sync_enabled=UNSET if self.sync_enabled is None else self.sync_enabled)


class DeviceRegistration(DeviceFields, frozen=True, kw_only=True):
    """A device with the same `mac_address`, or the same `hostname` and `platform`, exists already. `reset_syncs` is ignored."""

    allow_existing: bool = True
    allow_duplicate: bool = False
    reset_syncs: bool = False

    def registration(self, current: int | None) -> Registration:
        return Registration(
            facts=device_facts(self),
            allow_existing=self.allow_existing,
            allow_duplicate=self.allow_duplicate,
            current=current,
        )


class RegisteredDevice(Struct, frozen=True, kw_only=True):
    device_id: str
    name: str | None
    created_at: datetime


class DeviceSchema(Struct, frozen=True, kw_only=True):
    """`last_used_at`, for RomM's apps `last_seen`, is null without a valid token."""

    id: str
    user_id: int
    client_device_identifier: str | None
    name: str | None
    client: str | None
    platform: str | None
    client_version: str | None
    ip_address: str | None
    mac_address: str | None
    hostname: str | None
    sync_mode: SyncMode
    sync_enabled: bool
    sync_config: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    last_paired_at: datetime
    last_used_at: datetime | None
    last_seen: datetime | None


def device_facts(fields: DeviceFields, sync_enabled: bool | UnsetType = UNSET) -> DeviceFacts:
    config = fields.sync_config
    return DeviceFacts(
        **{name: _text(getattr(fields, name)) for name in _TEXTS},
        sync_mode=SyncMode.API if fields.sync_mode is None else fields.sync_mode,
        sync_config=config if isinstance(config, UnsetType) else msgspec.json.encode(config).decode() if config else "",
        sync_enabled=sync_enabled,
    )


_TEXTS = ("name", "platform", "client", "client_version", "ip_address", "mac_address", "hostname")


def _text(sent: str | UnsetType | None) -> str | UnsetType:
    return "" if sent is None else sent


def registered(device: Device) -> RegisteredDevice:
    return RegisteredDevice(device_id=str(device.id), name=device.name or None, created_at=device.created_at)


def device_schema(device: Device) -> DeviceSchema:
    return DeviceSchema(
        id=str(device.id),
        user_id=device.account_id,
        client_device_identifier=identifier(device.client_device_identifier),
        **{name: getattr(device, name) or None for name in _TEXTS},
        sync_mode=SyncMode(device.sync_mode),
        sync_enabled=device.sync_enabled,
        sync_config=msgspec.json.decode(device.sync_config) if device.sync_config else None,
        created_at=device.created_at,
        updated_at=device.updated_at,
        last_paired_at=device.last_paired_at,
        last_used_at=device.last_used_at,
        last_seen=device.last_used_at,
    )


_NAMED = {"name": "Handheld in the kitchen", "platform": "muos", "client": "grout", "client_version": "5.1"}
REGISTRATION_EXAMPLE: dict[str, Any] = _NAMED | {"hostname": "kitchen", "allow_existing": True}
REGISTERED_EXAMPLE: dict[str, Any] = {
    "device_id": "7",
    "name": _NAMED["name"],
    "created_at": "2026-01-02T03:04:05Z",
}
DEVICE_EXAMPLE: dict[str, Any] = _NAMED | {
    "id": "7",
    "user_id": 1,
    "client_device_identifier": None,
    "ip_address": None,
    "mac_address": None,
    "hostname": "kitchen",
    "sync_mode": "api",
    "sync_enabled": True,
    "sync_config": None,
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z",
    "last_paired_at": "2026-01-02T03:04:05Z",
    "last_used_at": None,
    "last_seen": None,
}
