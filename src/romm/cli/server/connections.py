"""Open files for connections, an end to those that do not read, and a log line when there is no more room."""

import contextlib
import os
import resource
import socket
import stat
import time
from collections.abc import Iterator

from msgspec import Struct

from romm.ports.process import Log

CONNECTIONS = 16_384
"""Of all workers together. More wait in the kernel's queue."""

OTHER_FILES = 256
"""Of a worker: its database, its provider, its own code."""

IDLE_SECONDS = 30
"""For a connection without a whole request head: silent, in the middle of the head, or kept open."""

HEAD_BYTES = 65_536
"""For a request's head, twice as much if it comes in one go; granian's own 400 KiB would be 6 GiB for all connections."""

UNREAD_SECONDS = 30
"""For a connection whose other end takes nothing of an answer."""

START_SECONDS = 0.05
"""Between two looks for the socket that listens: connections accepted before have no limit for unread answers."""

LOOK_SECONDS = 5.0
CALM_LOOKS = 6
"""So many looks in a row with room end the time of being full: closed connections come in waves."""

_FULL_HINT = (
    "new connections wait until others end; put a reverse proxy that limits connections by address in front of RomM, "
    "such as nginx with limit_conn"
)
_FILES_HINT = "raise the limit of open files (LimitNOFILE of systemd, ulimits of Docker) to {wanted}"


class Room(Struct, frozen=True):
    """Of one worker; `wanted` and `allowed` are open files."""

    connections: int
    wanted: int
    allowed: int


def make_room(workers: int) -> Room:
    """Raise the limit of open files as far as possible; workers inherit it."""
    wanted = CONNECTIONS // workers + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted and soft != resource.RLIM_INFINITY:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return room(workers, soft)


def room(workers: int, allowed: int) -> Room:
    wanted = CONNECTIONS // workers + OTHER_FILES
    allowed = wanted if allowed == resource.RLIM_INFINITY else min(allowed, wanted)
    return Room(connections=max(1, allowed - OTHER_FILES, allowed // 2), wanted=wanted, allowed=allowed)


def report_few_files(found: Room, log: Log) -> None:
    if found.allowed < found.wanted:
        hint = _FILES_HINT.format(wanted=found.wanted)
        log.warning("server.few_open_files", allowed=found.allowed, connections=found.connections, hint=hint)


class Gauge:
    """One line when the room is full, one when it no longer is."""

    def __init__(self, room: Room, log: Log) -> None:
        self._room = room
        self._log = log
        self._calm = CALM_LOOKS

    def look(self, open_files: int) -> None:
        was_calm, is_full = self._calm >= CALM_LOOKS, open_files >= self._room.connections
        self._calm = 0 if is_full else min(self._calm + 1, CALM_LOOKS)
        if is_full and was_calm:
            self._log.warning("server.full", connections=self._room.connections, hint=_FULL_HINT)
        elif not was_calm and self._calm >= CALM_LOOKS:
            self._log.warning("server.has_room", connections=self._room.connections)


def watch(room: Room, log: Log) -> None:
    """Watches this worker; never returns."""
    while not limit_unread():
        time.sleep(START_SECONDS)
    gauge = Gauge(room, log)
    while True:
        time.sleep(LOOK_SECONDS)
        gauge.look(len(_open_files()))


def limit_unread() -> bool:
    """Connections inherit the limit from the listening socket. granian opens it itself and does not tell where. False
    while there is none.
    """
    option, found = getattr(socket, "TCP_USER_TIMEOUT", None), False  # Linux
    for listener in _listeners():
        found = True
        if option is not None:
            listener.setsockopt(socket.IPPROTO_TCP, option, UNREAD_SECONDS * 1000)
    return found


def _listeners() -> Iterator[socket.socket]:
    for number in map(int, _open_files()):
        with contextlib.suppress(OSError):  # closed meanwhile
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as found:
                if found.family != socket.AF_UNIX and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    yield found


def _open_files() -> list[str]:
    return os.listdir("/dev/fd")  # noqa: PTH208  (names are enough, for up to 16,384 of them)
