"""An account's devices, paired or registered by an app."""

from dataclasses import dataclass

from msgspec import Struct

from romm.credentials.principal import Principal, require_own
from romm.credentials.secrets import unique
from romm.domain.credentials import device_registry
from romm.domain.credentials.device_registry import MOST, REGISTERED, DeviceFacts, Keep, Register, Registration
from romm.domain.credentials.devices import Device
from romm.domain.credentials.permissions import Action
from romm.domain.errors import Code, Refuse, Refused, required
from romm.ports.conflicts import Conflict, refuse_if_changed
from romm.ports.devices import Devices
from romm.ports.process import Log


class Registered(Struct, frozen=True):
    device: Device
    is_new: bool


@dataclass(frozen=True)
class DeviceList:
    """Another account's device counts as unknown. All methods raise `Refused`."""

    devices: Devices
    log: Log

    async def of(self, who: Principal) -> list[Device]:
        """Last paired first."""
        require_own(who, Action.READ_DEVICES)
        return list(await self.devices.of(who.account.id))

    async def one(self, who: Principal, device_id: int) -> Device:
        found = next((device for device in await self.of(who) if device.id == device_id), None)
        return _known(found, device_id)

    async def register(self, who: Principal, asked: Registration) -> Registered:
        """Refuses with REQUEST_INVALID, DEVICE_EXISTS, DEVICES_FULL, ACCOUNT_CHANGED."""
        require_own(who, Action.REGISTER_DEVICES)
        required(device_registry.validate(asked.facts))
        match device_registry.decide(asked, await self.devices.of(who.account.id)):
            case Register() as new:
                return Registered(await self._register(who, new.facts), is_new=True)
            case Keep() as known:
                return Registered(known.device, is_new=False)
            case Refuse() as refusal:
                raise Refused.by(refusal)

    async def change(self, who: Principal, device_id: int, facts: DeviceFacts) -> Device:
        """Refuses with REQUEST_INVALID, DEVICE_UNKNOWN."""
        require_own(who, Action.REGISTER_DEVICES)
        required(device_registry.validate(facts))
        return _known(await self.devices.change(device_id, who.account.id, facts), device_id)

    async def end(self, who: Principal, device_id: int) -> None:
        """Ends its tokens, too."""
        require_own(who, Action.END_DEVICES)
        account_id = who.account.id
        ended = _known(await self.devices.end(device_id, account_id), device_id)
        self.log.info("device.ended", account=account_id, device=device_id, client=ended.client)

    async def _register(self, who: Principal, facts: DeviceFacts) -> Device:
        owner = who.account
        try:
            with refuse_if_changed(owner):
                device = await self.devices.register(owner, REGISTERED + unique(), facts, at_most=MOST)
        except Conflict as conflict:
            raise Refused(Code.DEVICES_FULL, account=owner.id, most=MOST) from conflict
        self.log.info("device.registered", account=owner.id, device=device.id, client=device.client)
        return device


def _known(found: Device | None, device_id: int) -> Device:
    if found is None:
        raise Refused(Code.DEVICE_UNKNOWN, device=device_id)
    return found
