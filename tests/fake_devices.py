"""The ports of devices in memory. They pass the same contract tests as the adapters."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from msgspec.structs import replace

from romm.domain.credentials.credential import Credential, Kind
from romm.domain.credentials.device_registry import DeviceFacts
from romm.domain.credentials.devices import UNNAMED, Approve, Device, DeviceAuthorization, State
from romm.domain.model import Account
from romm.ports.conflicts import Conflict
from romm.ports.process import Clock
from tests.fakes import FakeAccounts

REMEMBERED = timedelta(hours=1)


class FakeDevices:
    """`ports.Devices`. `by_id` is open to tests; the tokens are kept with the accounts."""

    def __init__(self, accounts: FakeAccounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._ids = count(1)
        self.by_id: dict[int, Device] = {}
        self.authorizations = accounts.authorizations

    async def of(self, account_id: int) -> list[Device]:
        owned = [self._with_use(each) for each in self.by_id.values() if each.account_id == account_id]
        return sorted(owned, key=lambda each: (each.last_paired_at, each.id), reverse=True)

    async def register(self, owner: Account, identifier: str, facts: DeviceFacts, at_most: int) -> Device:
        now = self._clock()
        self._accounts.judge(owner)
        if len(await self.of(owner.id)) >= at_most:
            raise Conflict("full")
        times = {"created_at": now, "last_paired_at": now, "updated_at": now}
        nothing: dict[str, Any] = dict.fromkeys(("name", "client", "platform", "client_version"), "")
        device = Device(
            id=next(self._ids),
            account_id=owner.id,
            client_device_identifier=identifier,
            **nothing | facts.given | times,
        )
        self.by_id[device.id] = device
        return device

    async def change(self, device_id: int, account_id: int, facts: DeviceFacts) -> Device | None:
        device = self.by_id.get(device_id)
        if device is None or device.account_id != account_id:
            return None
        self.by_id[device_id] = replace(device, **facts.given, updated_at=self._clock())
        return self._with_use(self.by_id[device_id])

    async def end(self, device_id: int, account_id: int) -> Device | None:
        device = self.by_id.get(device_id)
        if device is None or device.account_id != account_id:
            return None
        stored = self._accounts.credentials
        for key in [key for key, each in stored.items() if each.device_id == device_id]:
            del stored[key]
        for code in [code for code, each in self.authorizations.items() if each.device_id == device_id]:
            del self.authorizations[code]
        return self.by_id.pop(device_id)

    async def give(self, token: Credential, owner: Account) -> None:
        stored = self._accounts.credentials
        self._accounts.judge(owner)
        if token.device_id not in self.by_id:
            raise Conflict("device")
        for key, each in list(stored.items()):
            if (each.device_id, each.kind) == (token.device_id, Kind.CLIENT_TOKEN):
                del stored[key]
        stored[token.kind, token.digest] = replace(
            token, id=max((each.id or 0 for each in stored.values()), default=0) + 1
        )

    def pair(self, decision: Approve) -> int:
        """The device of this owner and identifier, made or met again."""
        asked, now, owner = decision.authorization, self._clock(), decision.account.id
        self._forget_deserted(owner, now)
        identifier = asked.client_device_identifier
        same = (each for each in self.by_id.values() if each.account_id == owner)
        known = next((each for each in same if each.client_device_identifier == identifier), None)
        device = Device(
            id=known.id if known else next(self._ids),
            account_id=owner,
            client_device_identifier=identifier,
            name=decision.device_name,
            client=asked.client,
            platform=asked.platform,
            client_version=asked.client_version,
            created_at=known.created_at if known else now,
            last_paired_at=now,
            updated_at=now,
        )
        self.by_id[device.id] = device
        return device.id

    def _forget_deserted(self, owner: int, now: datetime) -> None:
        for each in [self._with_use(each) for each in self.by_id.values() if each.account_id == owner]:
            old = each.client_device_identifier.startswith(UNNAMED) and each.last_paired_at < now - REMEMBERED
            if old and each.last_used_at is None:
                del self.by_id[each.id]

    def _with_use(self, device: Device) -> Device:
        held = (each for each in self._accounts.credentials.values() if each.device_id == device.id)
        used = [each.last_used_at for each in held if each.expires_at > self._clock()]
        return replace(device, last_used_at=max(used, default=None))


class FakeDeviceAuthorizations:
    """`ports.DeviceAuthorizations`, of the devices in `devices`."""

    def __init__(self, accounts: FakeAccounts, devices: FakeDevices, clock: Clock) -> None:
        self._accounts = accounts
        self._devices = devices
        self._clock = clock

    @property
    def stored(self) -> dict[str, DeviceAuthorization]:
        return self._devices.authorizations

    async def put(self, authorization: DeviceAuthorization) -> None:
        for code in [code for code, each in self.stored.items() if each.expires_at < self._clock() - REMEMBERED]:
            del self.stored[code]
        if await self.find_by_user_code(authorization.user_code_digest):
            raise Conflict("user_code")
        self.stored[authorization.device_code_digest] = authorization

    async def find_by_device_code(self, device_code_digest: str) -> tuple[DeviceAuthorization, Account | None] | None:
        asked = self.stored.get(device_code_digest)
        return None if asked is None else (asked, self._accounts.by_id.get(asked.account_id or 0))

    async def find_by_user_code(self, user_code_digest: str) -> DeviceAuthorization | None:
        return next((each for each in self.stored.values() if each.user_code_digest == user_code_digest), None)

    async def note_poll(self, device_code_digest: str, interval_seconds: int) -> None:
        asked = self.stored[device_code_digest]
        self._store(replace(asked, interval_seconds=interval_seconds, last_polled_at=self._clock()))

    async def approve(self, decision: Approve) -> int | None:
        asked = await self._pending(decision.authorization.user_code_digest)
        if asked is None:
            return None
        device_id = self._devices.pair(decision)
        self._store(
            replace(
                asked,
                state=State.APPROVED,
                name=decision.device_name,
                approved_scopes=decision.scopes,
                account_id=decision.account.id,
                account_version=decision.account.version,
                token_expires_at=decision.token_expires_at,
                device_id=device_id,
            )
        )
        return device_id

    async def deny(self, user_code_digest: str) -> bool:
        asked = await self._pending(user_code_digest)
        if asked is not None:
            self._store(replace(asked, state=State.DENIED))
        return asked is not None

    async def spend(self, device_code_digest: str) -> bool:
        asked, owner = await self.find_by_device_code(device_code_digest) or (None, None)
        if asked is None or asked.state is not State.APPROVED or asked.expires_at <= self._clock():
            return False
        if owner is None or owner.version != asked.account_version:
            return False
        self._store(replace(asked, state=State.SPENT))
        return True

    async def _pending(self, user_code_digest: str) -> DeviceAuthorization | None:
        asked = await self.find_by_user_code(user_code_digest)
        waits = asked is not None and asked.state is State.PENDING and asked.expires_at > self._clock()
        return asked if waits else None

    def _store(self, authorization: DeviceAuthorization) -> None:
        self.stored[authorization.device_code_digest] = authorization
