"""Room for connections, and what the log says when there is none."""

import os
import socket

import pytest

from romm.cli.server import connections
from romm.cli.server.connections import CALM_LOOKS, CONNECTIONS, OTHER_FILES, UNREAD_SECONDS, Gauge, Room
from tests.fakes import FakeLog

ROOM = Room(connections=100, wanted=356, allowed=356)


@pytest.mark.parametrize(
    ("workers", "allowed", "expected"),
    [
        (1, 1_048_576, CONNECTIONS),
        (1, -1, CONNECTIONS),
        (4, 1_048_576, CONNECTIONS // 4),
        (1, 4096, 4096 - OTHER_FILES),
        (1, 300, 150),
        (1, 1, 1),
    ],
    ids=["enough", "unlimited", "shared by four workers", "too few", "far too few", "none"],
)
def test_a_worker_has_as_much_room_as_its_open_files_allow(workers: int, allowed: int, expected: int) -> None:
    """R-57."""
    assert connections.room(workers, allowed).connections == expected


def test_too_few_open_files_are_in_the_log_with_the_fix() -> None:
    log = FakeLog()
    connections.report_few_files(connections.room(1, 1_048_576), log)
    assert log.lines == []
    connections.report_few_files(connections.room(1, 1024), log)
    [(level, event, facts)] = log.lines
    assert (level, event, facts["allowed"]) == ("warning", "server.few_open_files", 1024)
    assert f"LimitNOFILE of systemd, ulimits of Docker) to {CONNECTIONS + OTHER_FILES}" in facts["hint"]


def test_a_full_server_is_one_line_however_long_it_lasts_and_one_when_it_is_over() -> None:
    log = FakeLog()
    gauge = Gauge(ROOM, log)
    for files in [20, 99, *[120] * 50, *[20] * (CALM_LOOKS - 1), 120]:  # in waves
        gauge.look(files)
    assert log.events() == ["server.full"]
    for _ in range(CALM_LOOKS + 50):
        gauge.look(20)
    assert log.events() == ["server.full", "server.has_room"]
    gauge.look(120)
    assert log.events() == ["server.full", "server.has_room", "server.full"]


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has that option")
def test_every_connection_inherits_the_limit_for_what_is_not_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        before = os.listdir("/dev/fd")  # noqa: PTH208  (only names)
        assert connections.limit_unread()
        assert os.listdir("/dev/fd") == before, "no file is left open"  # noqa: PTH208
        with socket.create_connection(listener.getsockname()[:2]):
            accepted, _ = listener.accept()
            with accepted:
                limit = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert limit == UNREAD_SECONDS * 1000
