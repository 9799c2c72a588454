"""Waiting for a server that was started, and the names of its clients."""

import subprocess
import time
from datetime import UTC, datetime

import httpx

from tests.fakes import FakeClock
from tests.shapes.model import State


class RunningClock(FakeClock):
    """The machine's, which the servers have as well."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))

    def __call__(self) -> datetime:
        return datetime.now(UTC)


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float) -> None:
    """Until it answers 200. Raises `AssertionError` when it ends, or does not answer in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"{url} did not answer in {seconds} seconds")


def client_id(state: State) -> str:
    """Of RomM in that state; none is registered for `State.CLIENT_ID`."""
    return f"romm-{state.replace('_', '-')}"
