"""Devices that apps register themselves. They open nothing, and keep facts for RomM's apps."""

import enum
from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from romm.domain.credentials.devices import Device, is_readable
from romm.domain.errors import Code, Refuse

MOST = 100  # devices of an account, those that were paired included
MOST_CONFIG = 4096  # characters of JSON

REGISTERED = "registered:"
"""Prefix of generated identifiers; no pairing meets such a device again."""


class SyncMode(enum.StrEnum):
    API = "api"
    FILE_TRANSFER = "file_transfer"
    PUSH_PULL = "push_pull"


class DeviceFacts(Struct, frozen=True, kw_only=True):
    """Unset ones stay. An empty text is none. `sync_config` is JSON."""

    name: str | UnsetType = UNSET
    platform: str | UnsetType = UNSET
    client: str | UnsetType = UNSET
    client_version: str | UnsetType = UNSET
    ip_address: str | UnsetType = UNSET
    mac_address: str | UnsetType = UNSET
    hostname: str | UnsetType = UNSET
    sync_mode: SyncMode | UnsetType = UNSET
    sync_enabled: bool | UnsetType = UNSET
    sync_config: str | UnsetType = UNSET

    @property
    def given(self) -> dict[str, str | bool]:
        return {name: value for name, value in asdict(self).items() if value is not UNSET}


class Registration(Struct, frozen=True, kw_only=True):
    """`current`: the device whose token asks. `allow_duplicate` registers another one without looking."""

    facts: DeviceFacts
    allow_existing: bool = True
    allow_duplicate: bool = False
    current: int | None = None


class Register(Struct, frozen=True, tag=True):
    facts: DeviceFacts


class Keep(Struct, frozen=True, tag=True):
    """Registered already; stays as it is."""

    device: Device


def validate(facts: DeviceFacts) -> DeviceFacts | Refuse:
    texts = [value for name, value in facts.given.items() if isinstance(value, str) and name != "sync_config"]
    if not all(map(is_readable, texts)):
        return Refuse(Code.REQUEST_INVALID, {"problem": "a text is too long, or has characters that cannot be shown"})
    if isinstance(facts.sync_config, str) and len(facts.sync_config) > MOST_CONFIG:
        return Refuse(Code.REQUEST_INVALID, {"problem": f"sync_config has more than {MOST_CONFIG} characters as JSON"})
    return facts


def decide(asked: Registration, owned: Sequence[Device]) -> Register | Keep | Refuse:
    """By its MAC address, else by host name and platform."""
    same = next((each for each in owned if _is_same(each, asked.facts)), None)
    own = next((each for each in owned if each.id == asked.current), None)
    match same:
        case _ if asked.allow_duplicate:
            return Register(asked.facts)
        case Device() if not asked.allow_existing:
            return Refuse(Code.DEVICE_EXISTS, {"device": same.id})
        case Device():
            return Keep(same)
        case None if own is not None and asked.allow_existing:
            return Keep(own)
        case None:
            return Register(asked.facts)


def _is_same(device: Device, facts: DeviceFacts) -> bool:
    if facts.mac_address and device.mac_address:
        return device.mac_address.lower() == str(facts.mac_address).lower()
    named = (facts.hostname, facts.platform)
    return all(named) and named == (device.hostname, device.platform)
