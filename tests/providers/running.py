"""Waiting for a server that was started, and the names of its clients."""

import subprocess
import time

import httpx

from tests.shapes.model import State


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
