"""The workers, as processes: they start and stop with their parent."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from romm.cli.server.serve import KILL_SECONDS

SECONDS = 30  # at most; a busy machine needs a while


@contextmanager
def started(port: int, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A server whose workers begin to import."""
    own = {"ROMM_PORT": str(port), "ROMM_BASE_PATH": str(folder), "WEB_SERVER_CONCURRENCY": "2"}
    environ, command = os.environ | own, [sys.executable, "-m", "romm", "serve"]
    server = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert server.stderr
        while "server.starting" not in server.stderr.readline():
            pass
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.communicate()


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_workers_that_still_start_stop_at_once(tmp_path: Path, port: int) -> None:
    """They would otherwise take the signal for their parent's, and be killed after all of KILL_SECONDS."""
    with started(port, tmp_path) as server:
        assert server.stderr
        time.sleep(0.3)  # they are there, and import
        server.terminate()
        assert server.wait(timeout=KILL_SECONDS - 1) == 0
        assert server.stderr.read() == ""


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path, port: int) -> None:
    with started(port, tmp_path) as server:
        wait_until(lambda: answers(port))
        server.kill()
        server.wait()
        wait_until(lambda: is_empty(server.pid))


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health/ready", timeout=5).close()
    except OSError:
        return False
    return True


def is_empty(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
