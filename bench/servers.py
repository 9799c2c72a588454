"""The measured servers, watched through /proc, without the caller's settings."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = os.environ.get("BENCH_PYTHON", sys.executable)
"""Use one without the tests' packages: Litestar imports some if installed."""

START_SECONDS = 60
STOP_SECONDS = 10
POLL_SECONDS = 0.005
LOG_END = 2000  # characters printed of a failed server's log

_TICKS = os.sysconf("SC_CLK_TCK")  # per second
_PAGE = os.sysconf("SC_PAGE_SIZE")  # in bytes
_PID, _PARENT, _USER, _SYSTEM, _RESIDENT = 0, 1, 11, 12, 21  # places in what `_tree` gives


@dataclass(frozen=True)
class Server:
    """`start_seconds` is from the command to the first response."""

    origin: str
    pid: int
    start_seconds: float

    @property
    def cpu_seconds(self) -> float:
        """Of all its processes, in the kernel's steps of 10 ms."""
        return sum(each[_USER] + each[_SYSTEM] for each in _tree(self.pid)) / _TICKS

    @property
    def worker_mib(self) -> float:
        """Resident memory of its largest process."""
        return max(each[_RESIDENT] for each in _tree(self.pid)) * _PAGE / 2**20


@contextmanager
def hello(folder: Path, core: int | None) -> Iterator[Server]:
    port = free_port()
    command = [PYTHON, str(HERE / "hello.py"), str(port)]
    with _running(command, {}, folder / "hello.log", core) as process:
        yield _answering(process, port, "/")


@contextmanager
def romm(folder: Path, port: int, settings: Mapping[str, str], core: int | None) -> Iterator[Server]:
    """`romm serve` with its data in an existing folder."""
    own = {"ROMM_PORT": str(port), "ROMM_BASE_PATH": str(folder), "LOG_FORMAT": "json"}
    command = [PYTHON, "-m", "romm", "serve"]
    with _running(command, {**own, **settings}, folder / "romm.log", core) as process:
        yield _answering(process, port, "/api/heartbeat")


@contextmanager
def providers(folder: Path, redirect_uris: Sequence[str], core: int | None) -> Iterator[list[dict[str, str]]]:
    """The settings for a provider over http, and for one over https."""
    command = [sys.executable, str(HERE / "provider.py"), str(folder), *redirect_uris]
    with _running(command, {"PYTHONPATH": str(HERE.parent)}, folder / "provider.log", core) as process:
        assert process.stdout is not None  # noqa: S101  for mypy: it is a pipe
        yield json.loads(process.stdout.readline())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def _running(
    command: Sequence[str], settings: Mapping[str, str], log: Path, core: int | None
) -> Iterator[subprocess.Popen[bytes]]:
    environment = {"PATH": os.environ["PATH"], **settings}
    with log.open("wb") as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors)
    with process:
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            yield process
        except Exception:
            sys.stderr.write(log.read_text()[-LOG_END:])
            raise
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        for each in _tree(process.pid):
            os.kill(each[_PID], signal.SIGKILL)


def _answering(process: subprocess.Popen[bytes], port: int, target: str) -> Server:
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
        return connection.getresponse().status == 200
    return False


def _tree(pid: int) -> list[list[int]]:
    """Itself and its descendants: the id, then what follows the state in /proc/<pid>/stat."""
    every = dict(filter(None, map(_stat, Path("/proc").glob("[0-9]*/stat"))))
    found = {pid}
    while more := {each for each, fields in every.items() if fields[_PARENT] in found} - found:
        found |= more
    return [every[each] for each in found]


def _stat(path: Path) -> tuple[int, list[int]] | None:
    with suppress(OSError):  # already ended
        _, *fields = path.read_text().rpartition(")")[2].split()
        pid = int(path.parent.name)
        return pid, [pid, *map(int, fields)]
    return None
