"""What a running server leaves out and gives back, seen from outside: docs/performance.md promises its memory."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from romm.cli.server import process

SECONDS = 120  # at most; a busy machine needs a while
IMPORTED = re.compile(r"^import time:.*\| +(?P<name>\S+)$", re.MULTILINE)
UNUSED = {
    "advanced_alchemy.filters",
    "advanced_alchemy.repository",
    "sqlalchemy.dialects.mssql",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.oracle",
}
MOST_SEARCHES = 100  # some 35 are outside of imports, in the three processes together
MAY_GROW_MIB = 20  # other code runs for the first time, too; two hashes are 38


@contextmanager
def served(folder: Path, **environ: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """A server that answers, and its address; what it says is in the file `said`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    own = {"ROMM_PORT": port, "ROMM_BASE_PATH": str(folder), **environ}
    with (folder / "said").open("wb") as said:
        server = subprocess.Popen([sys.executable, "-m", "romm", "serve"], env=os.environ | own, stderr=said)
    try:
        deadline = time.monotonic() + SECONDS
        while status(f"http://127.0.0.1:{port}/api/health/ready") != 200:
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield server, f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=SECONDS)


def status(url: str, form: bytes | None = None) -> int | None:
    try:
        with urllib.request.urlopen(url, form, timeout=SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


def test_neither_the_server_nor_a_worker_imports_what_is_unused(tmp_path: Path) -> None:
    """Guards 12 MiB of each worker's 105 MiB."""
    with served(tmp_path, PYTHONPROFILEIMPORTTIME="1"):
        pass
    every = IMPORTED.findall((tmp_path / "said").read_text(encoding="utf-8"))
    imported = set(every)
    assert every.count("jinja2.environment") == 1  # in the worker, and not also where Dynaconf reads the settings
    assert {"structlog", "httpx", "romm.composition.app"} <= imported
    # The try to import `rich` is in the list.
    assert {name for name in imported if name.startswith(("rich.", "uuid_utils"))} == set()
    assert {"advanced_alchemy.base", "sqlalchemy.dialects.sqlite"} <= imported
    assert imported & UNUSED == set()


def test_a_package_that_was_left_hollow_is_imported_when_it_is_used() -> None:
    with process.hollow("tabnanny"):
        import tabnanny  # not imported yet

        assert tabnanny.check is None
    assert callable(tabnanny.check)


def test_a_start_hardly_searches_what_it_imports_for_garbage(tmp_path: Path) -> None:
    """Guards a tenth of a start's time: there were 400 searches."""
    (tmp_path / "sitecustomize.py").write_text("import gc; gc.set_debug(gc.DEBUG_STATS)", encoding="utf-8")
    with served(tmp_path, PYTHONPATH=str(tmp_path)):
        pass
    assert 0 < (tmp_path / "said").read_text(encoding="utf-8").count("gc: collecting generation") < MOST_SEARCHES


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_an_idle_worker_gives_the_memory_of_its_hashes_back(tmp_path: Path) -> None:
    """Guards 40 MiB of each worker, which the 105 MiB leave out."""
    with served(tmp_path) as (server, origin):
        [worker] = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii").split()
        before = resident_mib(worker)
        with ThreadPoolExecutor() as people:
            answers = list(people.map(lambda _: status(f"{origin}/api/login", b"username=a&password=b"), range(4)))
        assert answers == [401] * 4
        deadline = time.monotonic() + SECONDS
        while resident_mib(worker) - before >= MAY_GROW_MIB:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def resident_mib(process: str) -> float:
    [line] = [line for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines() if "VmRSS" in line]
    return int(line.split()[1]) / 1024
