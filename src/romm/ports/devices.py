"""What the use cases around devices need from the outside; as in `romm.ports`, every method is one transaction."""

from collections.abc import Sequence
from typing import Protocol

from romm.domain.credentials.credential import Credential
from romm.domain.credentials.devices import Approve, Device, DeviceAuthorization
from romm.domain.model import Account


class DeviceAuthorizations(Protocol):
    """Requests of devices, until an hour or so after their end. Each state follows from the one before it to one caller."""

    async def put(self, authorization: DeviceAuthorization) -> None:
        """Remember a request. Raises `Conflict("user_code")` when another one has its user code."""

    async def polled_by(self, device_code_digest: str) -> tuple[DeviceAuthorization, Account | None] | None:
        """The request that a device code stands for and the account that approved it, as both are now."""

    async def typed(self, user_code_digest: str) -> DeviceAuthorization | None:
        """The request that a user code stands for, whatever became of it."""

    async def note_poll(self, device_code_digest: str, interval_seconds: int) -> None:
        """The device asked just now, and has to wait this long before it asks again."""

    async def approve(self, decision: Approve) -> int | None:
        """From pending to approved, with its device: that of the same owner and identifier, else a new one; gives its number.

        None, and nothing was changed, when the request is not pending any more. Devices without an identifier of their own
        that have no live credential are forgotten.
        """

    async def deny(self, user_code_digest: str) -> bool:
        """From pending to denied; was it?"""

    async def spend(self, device_code_digest: str) -> bool:
        """From approved to spent, if the approver's account is unchanged since; true to exactly one caller ever."""


class Devices(Protocol):
    """Paired devices and what they hold."""

    async def of(self, account_id: int) -> Sequence[Device]:
        """The devices of an account, the one paired last first."""

    async def end(self, device_id: int, account_id: int) -> Device | None:
        """Forget a device of this account with all credentials it holds; gives what it was."""

    async def give(self, token: Credential, owner: Account) -> None:
        """Store a client token for its device, in place of those it had. Raises `Conflict("version" | "device")`."""
