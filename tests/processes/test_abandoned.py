"""Sign-ins that are begun and abandoned leave database and memory as they were.

`nox -s soak` begins 50,000; an ordinary run begins a few hundred.
"""

import http.client
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.fake_provider import FakeProvider
from tests.processes.conftest import create_first_admin, romm

ABANDONED = int(os.environ.get("ROMM_TEST_ABANDONED", "300"))
MOST_GROWTH = 4 * 2**20
"""Bytes of memory: less than a hundred bytes for each of 50,000, and more than an allocator's moods."""

PROC = Path("/proc")


def begin(address: str, times: int) -> None:
    """Press the button so many times, always in a new browser, with a long way back."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    for number in range(times):
        connection.request("GET", f"/api/login/openid?next=/{number:06}{'x' * 900}")
        response = connection.getresponse()
        response.read()
        assert response.status == 303
        assert "_attempt_" in response.headers["set-cookie"].partition("=")[0]
    connection.close()


def stored(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """The rows of each table, and the size of each of the database's files."""
    connection = sqlite3.connect(folder / "romm.db")
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}  # noqa: S608  our own
    connection.close()
    return rows, {file.name: file.stat().st_size for file in folder.glob("romm.db*") if not file.name.endswith("-shm")}


def family(pid: int) -> Iterator[int]:
    """A process and its children."""
    yield pid
    for child in (PROC / str(pid) / "task" / str(pid) / "children").read_text().split():
        yield from family(int(child))


def memory(pid: int) -> int:
    """What a process and its children have of their own, in bytes."""
    page = os.sysconf("SC_PAGE_SIZE")
    found = [(PROC / str(each) / "statm").read_text().split() for each in family(pid)]
    return sum(int(resident) - int(shared) for _, resident, shared, *_ in found) * page


@pytest.mark.skipif(not (PROC / "self" / "statm").exists(), reason="memory is read from /proc")
def test_abandoned_sign_ins_leave_database_and_memory_as_they_were(idp: FakeProvider, tmp_path: Path) -> None:
    """R-19."""
    with romm(idp, tmp_path, LOGLEVEL="WARNING", ROMM_DOCTOR_EVERY_SECONDS="0") as (address, pid):
        create_first_admin(address)
        begin(address, min(ABANDONED, 3000))  # until every buffer has its size
        before, used = stored(tmp_path), memory(pid)
        begin(address, ABANDONED)
        assert stored(tmp_path) == before
        assert before[0]["login_attempts"] == 0
        assert memory(pid) - used < MOST_GROWTH
