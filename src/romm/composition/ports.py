"""Every port of one process."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from romm.ports.accounts import AccountLists, Accounts, AccountStore, Passwords
from romm.ports.credentials import CredentialLists, Credentials, HolderSeal, Throttles
from romm.ports.devices import DeviceAuthorizations, Devices
from romm.ports.diagnosis import CheckupStore, Instruments
from romm.ports.process import NO_METER, Clock, Log, Meter
from romm.ports.provider import Provider
from romm.ports.sign_in import Attempts, Logouts, PendingSignIns, Seal, SignInLog, SignInRecords
from romm.settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class Ports:
    """`providers` are those that are on, in the declared order; `instruments` are for all. Both by id.

    `instruments_for` is for the first provider of other settings. `sample` is None without a meter.
    """

    providers: Mapping[str, Provider]
    instruments: Mapping[str, Instruments]
    instruments_for: Callable[[Settings], Instruments]
    accounts: Accounts
    account_store: AccountStore
    account_lists: AccountLists
    attempts: Attempts
    seal: Seal
    pending_sign_ins: PendingSignIns
    credentials: Credentials
    credential_lists: CredentialLists
    holder_seal: HolderSeal
    device_authorizations: DeviceAuthorizations
    devices: Devices
    throttles: Throttles
    logouts: Logouts
    sign_in_log: SignInLog
    sign_in_records: SignInRecords
    checkups: CheckupStore
    passwords: Passwords
    log: Log
    clock: Clock
    is_ready: Callable[[], Awaitable[bool]]
    close: Callable[[], Any]
    meter: Meter = NO_METER
    sample: Callable[[], None] | None = None
