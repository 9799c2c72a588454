"""Where a transaction on SQLite runs, and that it waits for nothing on the event loop.

The threads guard what docs/performance.md promises: 4 ms for a sign-in with its five transactions, which leaves no time
for the way to a thread and back, and 50 ms for the slowest heartbeat.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from romm.adapters.database.engines import engines
from romm.adapters.database.sqlite.writer import CHECKPOINT_EVERY, SLOW_SECONDS, Writer

ON_THE_LOOP, IN_A_THREAD = True, False
WAIT = 0.5  # seconds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "romm.db"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE lines (line TEXT)")
    database.close()
    return path


@pytest.fixture
async def writer(path: Path) -> AsyncIterator[Writer]:
    made = opened(path)
    await made.run(add("first"))
    yield made
    await made.close()


def opened(path: Path) -> Writer:
    engine = engines(f"sqlite+aiosqlite:///{path}").writes
    assert isinstance(engine, Engine)
    return Writer(engine, wait=WAIT)


def add(line: str) -> Callable[[Connection], bool]:
    """Adds a line; gives where that was."""

    def work(connection: Connection) -> bool:
        connection.execute(text("INSERT INTO lines VALUES (:line)"), {"line": line})
        return threading.current_thread() is threading.main_thread()

    return work


def lines(path: Path) -> list[str]:
    reader = sqlite3.connect(path)
    found = [line for (line,) in reader.execute("SELECT line FROM lines ORDER BY rowid")]
    reader.close()
    return found


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process is writing."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("COMMIT")
    other.close()


async def test_a_transaction_runs_on_the_event_loop(writer: Writer, path: Path):
    assert await writer.run(add("second")) is ON_THE_LOOP
    assert lines(path) == ["first", "second"]


async def test_the_database_is_opened_in_a_thread(path: Path):
    writer = opened(path)
    assert await writer.run(add("first")) is IN_A_THREAD
    await writer.close()


async def test_another_process_is_waited_for_in_a_thread(writer: Writer, path: Path):
    with locked(path):
        writing = [asyncio.create_task(writer.run(add(name))) for name in ("second", "third")]
        started = time.monotonic()
        await asyncio.sleep(0.1)
        blocked = time.monotonic() - started - 0.1
        assert not any(each.done() for each in writing)
    assert (await asyncio.gather(*writing))[0] is IN_A_THREAD
    assert blocked < 1, "on the loop it would have waited for the lock"
    assert lines(path) == ["first", "second", "third"]
    assert await writer.run(add("fourth")) is ON_THE_LOOP


async def test_another_process_is_not_waited_for_without_end(writer: Writer, path: Path):
    with locked(path), pytest.raises(sqlite3.OperationalError, match="locked"):
        await writer.run(add("second"))
    await writer.run(add("third"))
    assert lines(path) == ["first", "third"]


@pytest.mark.parametrize("where", [ON_THE_LOOP, IN_A_THREAD])
async def test_what_fails_leaves_nothing_behind(writer: Writer, path: Path, where: bool):
    def fail(connection: Connection) -> None:
        assert add("second")(connection) is where
        raise LookupError

    for _ in range(0 if where is ON_THE_LOOP else CHECKPOINT_EVERY):
        await writer.run(lambda connection: None)
    with pytest.raises(LookupError):
        await writer.run(fail)
    await writer.run(add("third"))
    assert lines(path) == ["first", "third"]


async def test_checkpoints_and_the_commits_after_them_are_made_in_a_thread(writer: Writer, path: Path):
    log = path.with_name("romm.db-wal")
    sizes, places = [], []
    for _ in range(3):
        places += [await writer.run(add("x" * 1000)) for _ in range(CHECKPOINT_EVERY + 1)]
        sizes.append(log.stat().st_size)

    assert places == ([ON_THE_LOOP] * CHECKPOINT_EVERY + [IN_A_THREAD]) * 3
    assert sizes[2] < 1.1 * sizes[0]  # the log begins anew after each checkpoint


async def test_those_who_waited_for_a_checkpoint_make_none_themselves(writer: Writer, path: Path):
    """Each would wait for the disk once more, and those behind it with it."""
    for _ in range(CHECKPOINT_EVERY):
        await writer.run(lambda connection: None)
    places = await asyncio.gather(*(writer.run(add(f"line {number}")) for number in range(5)))
    assert places == [IN_A_THREAD, *[ON_THE_LOOP] * 4]
    assert lines(path) == ["first", *(f"line {number}" for number in range(5))]


async def test_the_first_commit_after_a_checkpoint_is_in_a_thread_also_when_somebody_else_was_writing(
    writer: Writer, path: Path
):
    for _ in range(CHECKPOINT_EVERY):
        await writer.run(lambda connection: None)
    with locked(path), pytest.raises(sqlite3.OperationalError, match="locked"):
        await writer.run(add("second"))
    assert await writer.run(add("third")) is IN_A_THREAD
    assert await writer.run(add("fourth")) is ON_THE_LOOP


async def test_a_slow_disk_is_not_burdened_with_more_checkpoints(writer: Writer, path: Path):
    log = path.with_name("romm.db-wal")
    await writer.run(lambda connection: time.sleep(2 * SLOW_SECONDS))
    before = log.stat().st_size
    for number in range(5):
        assert await writer.run(add(f"line {number}")) is IN_A_THREAD
    assert log.stat().st_size > before  # after a checkpoint it would begin anew


async def test_no_commit_makes_a_checkpoint_by_itself(writer: Writer):
    assert await writer.run(lambda connection: connection.scalar(text("PRAGMA wal_autocheckpoint"))) == 0


async def test_a_slow_disk_keeps_transactions_off_the_loop(writer: Writer):
    await writer.run(lambda connection: time.sleep(2 * SLOW_SECONDS))
    assert await writer.run(add("second")) is IN_A_THREAD


async def test_a_database_that_cannot_have_a_log_is_written_to_in_a_thread(tmp_path: Path):
    engine = create_engine(f"sqlite+pysqlite:///{tmp_path}/other.db", connect_args={"check_same_thread": False})
    writer = Writer(engine, wait=WAIT)
    await writer.run(lambda connection: connection.execute(text("CREATE TABLE lines (line TEXT)")).rowcount)
    assert [await writer.run(add(name)) for name in ("first", "second")] == [IN_A_THREAD] * 2
    await writer.close()


async def test_a_cancelled_transaction_ends_before_the_next_begins(writer: Writer, path: Path):
    with locked(path):
        writing = asyncio.create_task(writer.run(add("second")))
        await asyncio.sleep(0.1)
        writing.cancel()
        following = asyncio.create_task(writer.run(add("third")))
        await asyncio.sleep(0.1)
    await following
    assert writing.cancelled()
    assert lines(path) == ["first", "second", "third"]


async def test_nothing_is_written_once_it_is_closing(path: Path):
    """The connection's memory is gone: SQLite would crash the process."""
    writer = opened(path)
    await writer.run(add("a line"))

    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await writer.run(add("another"))
    await closing

    assert lines(path) == ["a line"]


async def test_what_waits_for_its_turn_is_not_written_once_it_is_closing(path: Path):
    writer = opened(path)
    await writer.run(add("a line"))
    with locked(path):
        writing = asyncio.create_task(writer.run(add("another")))
        await asyncio.sleep(0.1)
        waiting = [asyncio.create_task(writer.run(add("too late"))) for _ in range(2)]
        await asyncio.sleep(0.1)
        closing = asyncio.create_task(writer.close())
        await asyncio.sleep(0.1)

    found = await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.gather(writing, closing)

    assert [str(each) for each in found] == ["the database is closed"] * 2
    assert lines(path) == ["a line", "another"]
