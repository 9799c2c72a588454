"""RomM as processes of its own, as an operator runs it, and a scripted provider on a socket."""

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, free_port, served

SECONDS = 120  # at most, until a process answers; a busy machine needs a while
KEEPER = {"username": "keeper", "password": "a lantern in the attic", "email": ""}


@pytest.fixture
def idp() -> Iterator[FakeProvider]:
    provider = FakeProvider()
    with served(provider) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider


@contextmanager
def romm(
    idp: FakeProvider, folder: Path, base_url: str = "", *, open_files: int | None = None, **more: str
) -> Iterator[tuple[str, int]]:
    """Run `romm serve`; gives its address and the id of its process. `base_url` is its own address unless named.

    `open_files` is the most that the operating system lets each process have.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = started(idp, folder, port, open_files=open_files, ROMM_BASE_URL=base_url or address, **more)
    try:
        wait_for(f"{address}/api/health/ready", server)
        yield address, server.pid
    finally:
        stopped(server)


def started(
    idp: FakeProvider, folder: Path, port: int, open_files: int | None = None, **more: str
) -> "subprocess.Popen[bytes]":
    """Its log is in the folder, after that of an earlier one."""
    command = [sys.executable, "-m", "romm", "serve"]
    if open_files is not None:
        command = ["sh", "-c", f'ulimit -n {open_files} && exec "$@"', "sh", *command]
    own = environment(idp, folder) | {"ROMM_PORT": str(port)} | more
    with (folder / f"romm-{port}.log").open("ab") as log:
        return subprocess.Popen(command, env=own, stdout=log, stderr=log)


def stopped(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    server.wait(timeout=30)


def environment(idp: FakeProvider, folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OIDC_", "ROMM_"))}
    return inherited | {
        "ROMM_BASE_PATH": str(folder),
        "OIDC_ENABLED": "true",
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_SERVER_APPLICATION_URL": idp.issuer,
    }


def create_first_admin(address: str) -> None:
    body = json.dumps(KEEPER).encode()
    request = urllib.request.Request(f"{address}/api/users", body, {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


def wait_for(url: str, server: "subprocess.Popen[bytes]", trust: ssl.SSLContext | None = None) -> None:
    deadline = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5, context=trust).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)
