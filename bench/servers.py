"""The measured programs, without the caller's settings. Linux only."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

HERE = Path(__file__).parent
APPS = HERE / "apps"
PYTHON = os.environ.get("BENCH_PYTHON", sys.executable)
"""Use one without the tests' packages: Litestar imports some if installed."""
ROMM = (PYTHON, "-m", "romm")

HUGE_PAGES = "glibc.malloc.hugetlb=1"
"""For all programs alike: `romm serve` would start itself again to have them."""

CORES = os.sched_getaffinity(0) >= {0, 1}
SERVERS_CORE, CLIENTS_CORE = (0, 1) if CORES else (None, None)
"""Separate cores for servers and clients."""

START_SECONDS = 180
STOP_SECONDS = 10
POLL_SECONDS = 0.005
LOG_END = 2000  # characters shown of a failed server's log

_PAGE = os.sysconf("SC_PAGE_SIZE")  # in bytes
_PARENT, _RESIDENT = 1, 21  # places of what follows the name in /proc/<pid>/stat
_CLOCK_OF_PROCESS = 2  # CPUCLOCK_SCHED, of <linux/posix-timers.h>


class Server(Struct, frozen=True):
    """`start_seconds` is from the command to the first response."""

    origin: str
    pid: int
    start_seconds: float

    @property
    def cpu_seconds(self) -> float:
        """Of all its processes, in nanosecond steps: clock_getcpuclockid(3) of each."""
        return sum(time.clock_gettime((~pid << 3) | _CLOCK_OF_PROCESS) for pid in _tree(self.pid))

    @property
    def worker_mib(self) -> float:
        """Resident memory of its largest process."""
        return max(fields[_RESIDENT] for fields in _tree(self.pid).values()) * _PAGE / 2**20


@contextmanager
def app(folder: Path, name: str, settings: Mapping[str, str] | None = None, python: str = PYTHON) -> Iterator[Server]:
    """One of `apps/`."""
    port = int((settings or {}).get("PORT", 0)) or free_port()
    command = [python, str(APPS / "serve.py"), name, str(port)]
    with running(command, settings or {}, folder / f"{name}-{port}.log") as process:
        yield answering(process, port, "/")


@contextmanager
def romm(folder: Path, port: int, settings: Mapping[str, str]) -> Iterator[Server]:
    """`romm serve` with its data in an existing folder."""
    own = {"ROMM_PORT": str(port), "ROMM_BASE_PATH": str(folder), "LOG_FORMAT": "json"}
    with running([*ROMM, "serve"], {**own, **settings}, folder / "romm.log") as process:
        yield answering(process, port, "/api/heartbeat")


def upgrade(folder: Path, settings: Mapping[str, str]) -> None:
    """Creates the tables: `romm serve` does so on SQLite only."""
    environment = {"PATH": os.environ["PATH"], "ROMM_BASE_PATH": str(folder), **settings}
    subprocess.run([*ROMM, "db", "upgrade"], env=environment, check=True, capture_output=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], settings: Mapping[str, str], log: Path, core: int | None = SERVERS_CORE
) -> Iterator[subprocess.Popen[bytes]]:
    environment = {"PATH": os.environ["PATH"], "GLIBC_TUNABLES": HUGE_PAGES, **settings}
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0
        )
    with process:
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            yield process
        except Exception as error:
            error.add_note(log.read_text(errors="replace")[-LOG_END:])
            raise
        finally:
            _stop(process)


def answering(process: subprocess.Popen[bytes], port: int, target: str) -> Server:
    started = time.perf_counter()
    while not _answers(port, target):
        if process.poll() is not None or time.perf_counter() - started > START_SECONDS:
            raise RuntimeError(f"no answer from {process.args!r}")
        time.sleep(POLL_SECONDS)
    return Server(f"http://127.0.0.1:{port}", process.pid, time.perf_counter() - started)


def _answers(port: int, target: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    with closing(connection), suppress(ConnectionError):
        connection.request("GET", target)
        return connection.getresponse().status < 500
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        for pid in _tree(process.pid):
            os.kill(pid, signal.SIGKILL)


def _tree(pid: int) -> dict[int, list[int]]:
    """Itself and its descendants, with their fields of /proc/<pid>/stat."""
    every = dict(filter(None, map(_stat, Path("/proc").glob("[0-9]*/stat"))))
    found = {pid}
    while more := {each for each, fields in every.items() if fields[_PARENT] in found} - found:
        found |= more
    return {each: every[each] for each in found}


def _stat(path: Path) -> tuple[int, list[int]] | None:
    with suppress(OSError):  # already ended
        _, *fields = path.read_text().rpartition(")")[2].split()
        pid = int(path.parent.name)
        return pid, [pid, *map(int, fields)]
    return None
