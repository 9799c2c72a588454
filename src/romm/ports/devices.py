"""Stored device authorizations and devices."""

from collections.abc import Sequence
from typing import Protocol

from romm.domain.credentials.credential import Credential
from romm.domain.credentials.devices import Approve, Device, DeviceAuthorization
from romm.domain.model import Account


class DeviceAuthorizations(Protocol):
    """Kept until about an hour after they expire. Exactly one caller makes each state transition."""

    async def put(self, authorization: DeviceAuthorization) -> None:
        """Raises `Conflict("user_code")` if the user code is in use."""

    async def find_by_device_code(self, device_code_digest: str) -> tuple[DeviceAuthorization, Account | None] | None:
        """With the account that approved it."""

    async def find_by_user_code(self, user_code_digest: str) -> DeviceAuthorization | None:
        """In any state."""

    async def note_poll(self, device_code_digest: str, interval_seconds: int) -> None:
        """And the interval until the next one."""

    async def approve(self, decision: Approve) -> int | None:
        """Pending to approved. Returns the id of the owner's device with this identifier, else of a new one.

        None, without a change, if no longer pending. Deletes devices with neither an own identifier nor a live
        credential.
        """

    async def deny(self, user_code_digest: str) -> bool:
        """Pending to denied. False if it was no longer pending."""

    async def spend(self, device_code_digest: str) -> bool:
        """Approved to spent, if the approver's account is unchanged. True for exactly one caller."""


class Devices(Protocol):
    async def of(self, account_id: int) -> Sequence[Device]:
        """The last paired device first."""

    async def end(self, device_id: int, account_id: int) -> Device | None:
        """Also ends its credentials. None if there is no such device."""

    async def give(self, token: Credential, owner: Account) -> None:
        """Replaces the device's client tokens. Raises `Conflict("version" | "device")`."""
