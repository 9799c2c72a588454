"""Stored device authorizations and devices."""

from collections.abc import Sequence
from typing import Protocol

from romm.domain.credentials.credential import Credential
from romm.domain.credentials.device_registry import DeviceFacts
from romm.domain.credentials.devices import Approve, Device, DeviceAuthorization
from romm.domain.model import Account


class DeviceAuthorizations(Protocol):
    """Kept for an hour after they expire."""

    async def put(self, authorization: DeviceAuthorization) -> None:
        """Raises `Conflict("user_code")`."""

    async def find_by_device_code(self, device_code_digest: str) -> tuple[DeviceAuthorization, Account | None] | None:
        """With the account that approved it."""

    async def find_by_user_code(self, user_code_digest: str) -> DeviceAuthorization | None: ...

    async def note_poll(self, device_code_digest: str, interval_seconds: int) -> None: ...

    async def approve(self, decision: Approve) -> int | None:
        """The device's id: the owner's with this identifier, else a new one. None if no longer pending.

        Deletes devices with neither an own identifier nor a live credential.
        """

    async def deny(self, user_code_digest: str) -> bool:
        """False if no longer pending."""

    async def spend(self, device_code_digest: str) -> bool:
        """True for one caller, if the approver's account is unchanged."""


class Devices(Protocol):
    async def of(self, account_id: int) -> Sequence[Device]:
        """Last paired first."""

    async def register(self, owner: Account, identifier: str, facts: DeviceFacts, at_most: int) -> Device:
        """Raises `Conflict("version" | "full")`."""

    async def change(self, device_id: int, account_id: int, facts: DeviceFacts) -> Device | None:
        """None for another account's."""

    async def end(self, device_id: int, account_id: int) -> Device | None:
        """Also ends its credentials."""

    async def give(self, token: Credential, owner: Account) -> None:
        """Replaces the device's client tokens. Raises `Conflict("version" | "device")`."""
