"""The outside world as one process uses it: every port, once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from romm.device_ports import DeviceAuthorizations, Devices
from romm.instruments import Instruments
from romm.ports import (
    Accounts,
    Attempts,
    Clock,
    Credentials,
    Directory,
    Log,
    Logouts,
    Passwords,
    Provider,
    SignInLog,
    Throttles,
)


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The outside world, as one process uses it. `provider` is None when single sign-on is off."""

    provider: Provider | None
    instruments: Instruments
    accounts: Accounts
    directory: Directory
    attempts: Attempts
    credentials: Credentials
    device_authorizations: DeviceAuthorizations
    devices: Devices
    throttles: Throttles
    logouts: Logouts
    sign_in_log: SignInLog
    passwords: Passwords
    log: Log
    clock: Clock
    is_ready: Callable[[], Awaitable[bool]]
    close: Callable[[], Any]
