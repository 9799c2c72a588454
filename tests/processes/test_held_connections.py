"""Connections that are held open cost their holder more than everybody else.

`nox -s soak` holds 2,000 of each kind. It takes as long as the limits do, so an ordinary run leaves it out.
"""

import http.client
import json
import os
import resource
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from romm.api.http.request_limits import BODY_SECONDS
from romm.cli.server.connections import CALM_LOOKS, HEAD_BYTES, IDLE_SECONDS, LOOK_SECONDS, OTHER_FILES, UNREAD_SECONDS
from tests.fake_provider import FakeProvider
from tests.processes.conftest import romm

HELD = int(os.environ.get("ROMM_TEST_HELD", "0"))
pytestmark = pytest.mark.skipif(not HELD, reason="takes minutes: nox -s soak")

ANSWERED_IN = 1.0
"""Seconds for a heartbeat."""
AT_A_TIME = 10
SLACK = 20.0
"""Seconds more than a limit, for a busy machine."""
PROC = Path("/proc")

HEARTBEAT = b"GET /api/heartbeat HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HALF_A_HEAD = HEARTBEAT[:-2]
HALF_A_BODY = (
    b"POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
)
LARGE = b"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 20
"""Answers that fit into no kernel's buffers."""


@contextmanager
def held(address: str, count: int, sent: bytes, meanwhile: Callable[[], object]) -> Iterator[Sequence[socket.socket]]:
    """So many connections on which only that is sent. What comes back is not read.

    A few at a time: what is tried is to hold, not to press.
    """
    opened: list[socket.socket] = []
    try:
        for number in range(count):
            opened.append(opened_with(address, sent))
            if number % AT_A_TIME == 0:
                meanwhile()
        yield opened
    finally:
        for each in opened:
            each.close()


def opened_with(address: str, sent: bytes) -> socket.socket:
    parts = urlsplit(address)
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.settimeout(10)
    opened.connect((parts.hostname, parts.port))
    opened.sendall(sent)
    return opened


def heartbeat(address: str) -> float:
    """Seconds until it is answered."""
    started = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    connection.request("GET", "/api/heartbeat")
    assert connection.getresponse().status == 200
    connection.close()
    return time.monotonic() - started


def open_files(parent: int) -> int:
    """Of a process and its children together."""
    own = len(list((PROC / str(parent) / "fd").iterdir()))
    children = (PROC / str(parent) / "task" / str(parent) / "children").read_text().split()
    return own + sum(open_files(int(child)) for child in children)


def wait_until(holds: Callable[[], bool], seconds: float, meanwhile: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        meanwhile()
        time.sleep(0.25)


def lines(folder: Path, event: str) -> list[dict[str, object]]:
    [file] = folder.glob("romm-*.log")
    found = [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] == event]


@pytest.fixture(autouse=True)
def _many_files() -> Iterator[None]:
    """For this side of the connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000) if hard > 0 else 20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (b"", IDLE_SECONDS),
        (HALF_A_HEAD, IDLE_SECONDS),
        (HALF_A_BODY, BODY_SECONDS),
        (HEARTBEAT, IDLE_SECONDS),
        (LARGE, UNREAD_SECONDS),
    ],
    ids=["silent", "half a head", "half a body", "idle", "unread"],
)
def test_held_connections_end_and_meanwhile_a_heartbeat_is_answered(
    idp: FakeProvider, tmp_path: Path, sent: bytes, seconds: float
) -> None:
    """R-57."""
    count = HELD if sent != LARGE else HELD // 20  # each of these costs the server 4 MB of writing
    took: list[float] = []
    with romm(idp, tmp_path, LOGLEVEL="WARNING") as (address, pid):
        warm = opened_with(address, LARGE[: len(LARGE) // 20])  # the first description is made, later ones are kept
        warm.recv(1)
        warm.close()
        heartbeat(address)
        before = open_files(pid)

        def ask() -> None:
            took.append(heartbeat(address))

        with held(address, count, sent, ask):
            wait_until(lambda: open_files(pid) >= before + count * 0.9, SLACK, ask)
            wait_until(lambda: open_files(pid) <= before + OTHER_FILES // 10, seconds + SLACK, ask)
        assert max(took) < ANSWERED_IN
        assert lines(tmp_path, "server.full") == []


def test_a_full_server_says_so_once_and_again_when_it_is_over(idp: FakeProvider, tmp_path: Path) -> None:
    with romm(idp, tmp_path, LOGLEVEL="WARNING", open_files=400) as (address, _):
        [few] = lines(tmp_path, "server.few_open_files")
        room = int(str(few["connections"]))
        assert 100 < room < 400
        with held(address, 2 * room, b"", lambda: None):
            wait_until(lambda: bool(lines(tmp_path, "server.full")), 3 * LOOK_SECONDS + SLACK, lambda: None)
            time.sleep(2 * LOOK_SECONDS)
        is_over = IDLE_SECONDS + (CALM_LOOKS + 2) * LOOK_SECONDS + SLACK
        wait_until(lambda: bool(lines(tmp_path, "server.has_room")), is_over, lambda: None)
        assert len(lines(tmp_path, "server.full")) == 1
        heartbeat(address)


def test_a_head_has_an_end(idp: FakeProvider, tmp_path: Path) -> None:
    """Of all connections together: 2 GiB at most, as one that comes in one go may have twice as much."""
    with romm(idp, tmp_path, LOGLEVEL="WARNING") as (address, _):
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        connection.request("GET", "/api/heartbeat", headers={"x-long": "x" * (HEAD_BYTES // 2)})
        assert connection.getresponse().status == 200
        connection.close()
        connection.request("GET", "/api/heartbeat", headers={"x-long": "x" * 3 * HEAD_BYTES})
        assert connection.getresponse().status == 431
        connection.close()
